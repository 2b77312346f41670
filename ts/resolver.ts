// Resolver: guest ranges to host offsets, for whatever is not the scalar hot path.

import { GuestMemoryError, hex } from "./errors.ts";
import type { GuestRegion } from "./region.ts";
import { hostOf } from "./region.ts";
import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

const READABLE = 1;

/** Finds where guest bytes lie. Offsets are good until the next call that may change the map. */
export class Resolver {
  readonly #space: Space;
  // The region of the last bulk access, in plain numbers; -1 fits no generation.
  #start = 0;
  #end = 0;
  #host = 0;
  #generation = -1;

  constructor(space: Space) {
    this.#space = space;
  }

  /** The host offset of `length` bytes in one region, by the region of the last time; -1 where that does not help. */
  within(address: Wide, length: number): number {
    if (
      typeof address === "number" &&
      address >= this.#start &&
      length <= this.#end - address && // a sum past 2^53 would be rounded
      this.#space.control[0] === this.#generation &&
      Number.isSafeInteger(address)
    ) {
      return this.#host + (address - this.#start);
    }
    return -1;
  }

  /** Remembers the region at an address that was checked, for `within`. */
  remember(address: Wide): void {
    const region: GuestRegion<Wide> | undefined = this.#space.regionAt(address);
    if (region === undefined || typeof region.lastAddress === "bigint") return; // bigints are slow anyway
    this.#start = region.start as number;
    this.#end = this.#start + region.size;
    this.#host = hostOf(region);
    this.#generation = this.#space.control[0] as number;
  }

  /** The host offset of a range in one region, or an error. */
  single(address: Wide, length: Wide, what: string): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const status = linear.raw.gm_host_run(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
    if (status !== 0) throw linear.failure(status, what, { address, length });
    return linear.report[0] as number;
  }

  /** The same without an error: undefined on a miss or a crossing. */
  probe(address: Wide, length: Wide): number | undefined {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const status = linear.raw.gm_host_run(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
    return status === 0 ? linear.report[0] : undefined;
  }

  /** The status of a range: 0 where it is backed as a whole. */
  status(address: Wide, length: Wide): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const space = this.#space;
    space.enter();
    return space.linear.raw.gm_check(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
  }

  /** Throws unless the whole range is backed. */
  expect(address: Wide, length: Wide, what: string): void {
    this.#space.linear.expect(this.status(address, length), what, { address, length });
  }

  /** The host offset of an atomic's element: backed, then aligned, then in one region. */
  element(address: Wide, size: number): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = this.#space.words[this.#space.tableIndex + (guest >>> 12)] as number;
      if ((entry & READABLE) !== 0 && guest === address && (guest & (size - 1)) === 0) {
        return (((entry & ~15) << 8) | (guest & 0xfff)) >>> 0;
      }
    }
    this.expect(address, size, "atomic access");
    wide.split(address, "address");
    if ((wide.low & (size - 1)) !== 0) {
      throw new GuestMemoryError("MISALIGNED", `atomic access at ${hex(address)}: not at a multiple of ${size} bytes`, {
        address,
        length: size,
      });
    }
    return this.single(address, size, "atomic access");
  }
}
