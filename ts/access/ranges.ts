// Ranges: whole-range operations that the core does, and questions about the map.

import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { Transfer } from "../device/transfer.ts";
import type { GuestRegion } from "../map/guest-region.ts";
import { READ, WRITE } from "../observe/watchers.ts";
import { BYTES, LINEAR } from "../space/mover.ts";
import type { Space } from "../space/space.ts";

const LIMIT = 1n << 64n;
/** Bytes copied at once between the linear memories of two modules. */
const CHUNK = 1 << 20;
/** Bytes compared at once, where the core cannot. */
const PART = 1 << 16;
/** The core's number for a device, or external memory, in a range. */
const NOT_MEMORY = 15;

/** Checks arguments, calls the core, throws what it says. */
export class Ranges {
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  fill(address: Wide, byte: number, length: Wide): void {
    if (typeof byte !== "number") throw new TypeError(`byte must be a number, not ${wide.describe(byte)}`);
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle, mover, watchers } = this.#space;
    if (watchers.any && watchers.see(address, lengthLow, WRITE)) {
      mover.expect(address, length, WRITE, "fill");
      const value = new Uint8Array(Number(length)).fill(byte);
      const oldValue = () => mover.current(address, value.length);
      watchers.tell(address, value.length, WRITE, "cpu", () => ({ value, oldValue: oldValue() }));
    }
    const status = linear.raw.gm_fill(handle, low, high, byte & 255, lengthLow, lengthHigh);
    linear.replace(); // what was discarded takes pages, by which linear memory may grow
    if (status === NOT_MEMORY) {
      mover.expect(address, length, WRITE, "fill");
      const transfer: Transfer = { who: "cpu", address, length: Number(length), done: 0 };
      mover.fill(byte & 255, WRITE, transfer);
      if (transfer.done < transfer.length) throw mover.gone(WRITE, transfer, "fill");
    } else {
      linear.expect(status, "fill", { address, length });
    }
    linear.notify();
    this.#space.tellMap();
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
    const watched =
      (source.watchers.any && source.watchers.see(from, lengthLow, READ)) ||
      (target.watchers.any && target.watchers.see(to, lengthLow, WRITE));
    const status = watched
      ? NOT_MEMORY
      : source.linear !== linear
        ? this.#copyAcross(to, source, from, length)
        : linear.raw.gm_copy(handle, toLow, toHigh, source.handle, fromLow, fromHigh, lengthLow, lengthHigh);
    linear.replace(); // where aliases overlap, the core may have needed a buffer; what was discarded takes pages
    if (status === 0) {
      linear.notify();
      target.tellMap();
      return;
    }
    // The core checks the source first; which side failed decides the address that the error names.
    source.mover.expect(from, length, READ, "copy from");
    target.mover.expect(to, length, WRITE, "copy to");
    if (status !== NOT_MEMORY) throw linear.failure(status, "copy", { address: to, length });
    if (this.#copyPiece(to, source, from, Number(length))) return;
    // Devices take part, or somebody watches: all of the source is read before the first byte is written.
    const value = new Uint8Array(Number(length));
    source.mover.readAll(value, { who: "cpu", address: from, length: value.length, done: 0 }, "copy from");
    source.watchers.tell(from, value.length, READ, "cpu", () => ({ value: value.slice(), oldValue: undefined }));
    const oldValue = () => target.mover.current(to, value.length);
    target.watchers.tell(to, value.length, WRITE, "cpu", () => ({ value: value.slice(), oldValue: oldValue() }));
    target.mover.writeAll(value, { who: "cpu", address: to, length: value.length, done: 0 }, "copy to");
  }

  /** Copies at once what is one piece of memory on both sides, which nobody watches; says whether it is. */
  #copyPiece(to: Wide, source: Space, from: Wide, length: number): boolean {
    const [here, there] = [this.#space.mover.piece(to, length, WRITE), source.mover.piece(from, length, READ)];
    if (!here || !there) return false;
    here.memory.set(there.memory.subarray(there.at, there.at + length), here.at);
    this.#space.mover.mark(here.memory, here.at, length);
    return true;
  }

  /** Two modules: run by run, once both ranges are known to be memory as a whole; gives the status. */
  #copyAcross(to: Wide, source: Space, from: Wide, length: Wide): number {
    const status =
      source.mover.status(from, length, READ, LINEAR) || this.#space.mover.status(to, length, WRITE, LINEAR);
    if (status !== 0) return status;
    this.#space.mover.populate(to, length, "copy to");
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
    return 0;
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
      this.#space.mover.expect(a, length, READ, "compare", BYTES);
      this.#space.mover.expect(b, length, READ, "compare", BYTES);
      return this.#compareParts(a, b, Number(length));
    }
    const order = linear.report[0];
    return order === 0 ? 0 : order === 1 ? 1 : -1;
  }

  /** Compares ranges of memory that the core cannot reach, part by part. */
  #compareParts(a: Wide, b: Wide, length: number): -1 | 0 | 1 {
    const { mover } = this.#space;
    for (const address of [a, b]) mover.expectThere(READ, { who: "cpu", address, length, done: 0 });
    const [left, right] = [new Uint8Array(Math.min(length, PART)), new Uint8Array(Math.min(length, PART))];
    for (let done = 0; done < length; done += PART) {
      const count = Math.min(length - done, PART);
      for (const [at, into] of [
        [a, left],
        [b, right],
      ] as const) {
        mover.readPart(at, done, into.subarray(0, count), "compare");
      }
      for (let index = 0; index < count; index++) {
        const [one, other] = [left[index] as number, right[index] as number];
        if (one !== other) return one < other ? -1 : 1;
      }
    }
    return 0;
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
    if (length > 0) this.#space.onHostWrite?.(this.#space.own(address), Number(length));
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

  discard(address: Wide, length: Wide): void {
    const space = this.#space;
    space.change("discard", { address, length }, () => {
      wide.split(length, "length");
      const { low: lengthLow, high: lengthHigh } = wide;
      wide.split(address, "address");
      return space.linear.raw.gm_discard(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
    });
    if (length > 0) space.onHostWrite?.(space.own(address), Number(length));
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
