// Ranges: whole-range operations that the core does, and questions about the map.

import type { GuestRegion } from "./region.ts";
import type { Resolver } from "./resolver.ts";
import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

const LIMIT = 1n << 64n;
/** Bytes copied at once between the linear memories of two modules. */
const CHUNK = 1 << 20;

/** Checks arguments, calls the core, throws what it says. */
export class Ranges {
  readonly #space: Space;
  readonly #resolver: Resolver;

  constructor(space: Space, resolver: Resolver) {
    this.#space = space;
    this.#resolver = resolver;
  }

  fill(address: Wide, byte: number, length: Wide): void {
    if (typeof byte !== "number") throw new TypeError(`byte must be a number, not ${wide.describe(byte)}`);
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    linear.expect(linear.raw.gm_fill(handle, low, high, byte & 255, lengthLow, lengthHigh), "fill", {
      address,
      length,
    });
  }

  copy(to: Wide, source: Space, from: Wide, length: Wide): void {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(from, "from");
    const { low: fromLow, high: fromHigh } = wide;
    wide.split(to, "to");
    const { low: toLow, high: toHigh } = wide;
    const target = this.#space;
    target.enter();
    source.enter();
    const { linear, handle } = target;
    if (source.linear !== linear) {
      this.#copyAcross(to, source, from, length);
      return;
    }
    const status = linear.raw.gm_copy(handle, toLow, toHigh, source.handle, fromLow, fromHigh, lengthLow, lengthHigh);
    if (status === 0) return;
    // The core checks the source first; which side failed decides the address that the error names.
    const sourceStatus = linear.raw.gm_check(source.handle, fromLow, fromHigh, lengthLow, lengthHigh);
    if (sourceStatus !== 0) throw linear.failure(sourceStatus, "copy from", { address: from, length });
    linear.raw.gm_check(handle, toLow, toHigh, lengthLow, lengthHigh);
    throw linear.failure(status, "copy to", { address: to, length });
  }

  /** Two modules: through a buffer, once both ranges are known to be whole. */
  #copyAcross(to: Wide, source: Space, from: Wide, length: Wide): void {
    const check = (space: Space, address: Wide, what: string): void => {
      wide.split(length, "length");
      const { low: lengthLow, high: lengthHigh } = wide;
      wide.split(address, what);
      const { raw } = space.linear;
      const status = raw.gm_check(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
      space.linear.expect(status, `copy ${what}`, { address, length });
    };
    check(source, from, "from");
    check(this.#space, to, "to");
    let [sourceAt, targetAt, left] = [BigInt(from), BigInt(to), Number(length)];
    while (left > 0) {
      const wanted = Math.min(left, CHUNK);
      wide.split(sourceAt, "from");
      source.linear.raw.gm_forward_run(source.handle, wide.low, wide.high, wanted);
      const [sourceHost = 0, available = 0] = source.linear.report;
      wide.split(targetAt, "to");
      const { linear, handle } = this.#space;
      linear.raw.gm_forward_run(handle, wide.low, wide.high, available);
      const [targetHost = 0, bytes = 0] = linear.report;
      linear.u8.set(source.linear.u8.subarray(sourceHost, sourceHost + bytes), targetHost);
      linear.raw.gm_mark_dirty(handle, wide.low, wide.high, bytes, 0);
      sourceAt += BigInt(bytes);
      targetAt += BigInt(bytes);
      left -= bytes;
    }
  }

  compare(a: Wide, b: Wide, length: Wide): -1 | 0 | 1 {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(a, "a");
    const { low: aLow, high: aHigh } = wide;
    wide.split(b, "b");
    this.#space.enter();
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_compare(handle, aLow, aHigh, handle, wide.low, wide.high, lengthLow, lengthHigh);
    if (status !== 0) {
      this.#resolver.expect(a, length, "compare");
      this.#resolver.expect(b, length, "compare");
    }
    const order = linear.report[0];
    return order === 0 ? 0 : order === 1 ? 1 : -1;
  }

  markDirty(address: Wide, length: Wide): void {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_mark_dirty(handle, low, high, lengthLow, lengthHigh);
    linear.expect(status, "markDirty", { address, length });
  }

  reserve(bytes: Wide): void {
    wide.split(bytes, "bytes");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_reserve(handle, low, high);
    const failure = status === 0 ? undefined : linear.failure(status, "reserve", { length: bytes });
    linear.refresh();
    if (failure) throw failure;
  }

  find(address: Wide): GuestRegion<Wide> | undefined {
    wide.check(address, "address");
    this.#space.enter();
    return this.#space.regionAt(address);
  }

  offset(address: Wide, offset: Wide): Wide | undefined {
    wide.check(address, "address");
    wide.check(offset, "offset");
    this.#space.enter();
    const sum = BigInt(address) + BigInt(offset);
    if (sum >= LIMIT || this.#space.regionAt(sum) === undefined) return undefined;
    return this.#space.bigint ? sum : Number(sum);
  }
}
