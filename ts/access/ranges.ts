// Ranges: operations on whole ranges: fill, copy, compare, markDirty. The core does them where it can.

import {
  ACCESS_LOAD,
  ACCESS_READ,
  ACCESS_WRITE,
  BACKING_BYTES,
  BACKING_LINEAR,
  COMPARE_ORDER,
  ORDER_EQUAL,
  ORDER_GREATER,
  STATUS_INVALID_GUEST_ADDRESS,
  STATUS_NOT_MEMORY,
  STATUS_PARTIAL_BUFFER,
} from "../core/abi.ts";
import { isAttached } from "../core/byte-array.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Watchers } from "../observe/watchers.ts";
import { hostWritten } from "../space/host-writes.ts";
import { Pieces } from "../space/pieces.ts";
import type { Space } from "../space/space.ts";

/** The most bytes that are copied at once between two modules. */
const CHUNK = 1 << 20;
/** The most bytes that are compared at once outside the core. */
const PART = 1 << 16;

/** The operations of one memory. Devices, watches and external memory need the mover instead of the core. */
export class Ranges {
  readonly space: Space;
  readonly #watchers: Watchers;

  constructor(space: Space, watchers: Watchers) {
    this.space = space;
    this.#watchers = watchers;
  }

  fill(address: U64Like, byte: number, length: U64Like): void {
    if (typeof byte !== "number") throw new TypeError(`byte must be a number, not ${u64.describe(byte)}`);
    u64.check(length, "length");
    u64.check(address, "address");
    const { space } = this;
    space.enter();
    const { linear, handle, mover } = space;
    const watchers = this.#watchers;
    if (watchers.any && watchers.isWatched(address, length, ACCESS_WRITE)) {
      mover.expectServed(address, length, ACCESS_WRITE, "fill");
      watchers.notifyRange(address, Number(length), ACCESS_WRITE, "cpu", (from, count) => ({
        value: new Uint8Array(count).fill(byte),
        oldValue: mover.current(u64.add(address, from), count),
      }));
    }
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_fill(handle, low, high, byte & 255, u64.low(length), u64.high(length));
    linear.replace(); // a fill of discarded memory takes pages, and linear memory may grow
    if (status === STATUS_NOT_MEMORY || isUnmapped(status)) {
      mover.expectServed(address, length, ACCESS_WRITE, "fill");
      const transfer: Transfer = { who: "cpu", address, length: Number(length), holes: true, done: 0 };
      mover.fill(byte & 255, ACCESS_WRITE, transfer);
      if (transfer.done < transfer.length) throw mover.mapChangedError(ACCESS_WRITE, transfer, "fill");
    } else {
      linear.expect(status, "fill", { address, length });
    }
    linear.notify();
    space.notifyMapChanged();
  }

  copy(to: U64Like, from: Ranges, fromAddress: U64Like, length: U64Like): void {
    u64.check(length, "length");
    u64.check(fromAddress, "from");
    u64.check(to, "to");
    const [target, source] = [this.space, from.space];
    target.enter();
    source.enter();
    const { linear } = target;
    const watched =
      (from.#watchers.any && from.#watchers.isWatched(fromAddress, length, ACCESS_READ)) ||
      (this.#watchers.any && this.#watchers.isWatched(to, length, ACCESS_WRITE));
    let status = STATUS_NOT_MEMORY;
    if (!watched && source.linear === linear) status = this.#copyInCore(to, source, fromAddress, length);
    else if (!watched) status = this.#copyAcross(to, source, fromAddress, length);
    linear.replace(); // linear memory may grow: for a buffer if aliases overlap, and for pages of discarded memory
    if (status === 0) {
      linear.notify();
      target.notifyMapChanged();
      return;
    }
    // Checks both sides again, the source first as the core does, so that the error names the address of the failed
    // side.
    source.mover.expectServed(fromAddress, length, ACCESS_READ, "copy source");
    target.mover.expectServed(to, length, ACCESS_WRITE, "copy target");
    if (status !== STATUS_NOT_MEMORY && !isUnmapped(status))
      throw linear.failure(status, "copy target", { address: to, length });
    if (this.#copyPiece(to, source, fromAddress, Number(length))) return;
    // With devices or watches, all of the source is read before the first byte is written.
    const bytes = new Uint8Array(Number(length));
    const part = { who: "cpu", length: bytes.length, holes: true, done: 0 } as const;
    source.mover.readAll(bytes, { ...part, address: fromAddress }, "copy source");
    from.#watchers.notifyRange(fromAddress, bytes.length, ACCESS_READ, "cpu", (at, count) => ({
      value: bytes.slice(at, at + count),
      oldValue: undefined,
    }));
    this.#watchers.notifyRange(to, bytes.length, ACCESS_WRITE, "cpu", (at, count) => ({
      value: bytes.slice(at, at + count),
      oldValue: target.mover.current(u64.add(to, at), count),
    }));
    target.mover.writeAll(bytes, { ...part, address: to }, "copy target");
  }

  #copyInCore(to: U64Like, source: Space, from: U64Like, length: U64Like): number {
    const { linear, handle } = this.space;
    return linear.raw.gm_copy(
      handle,
      u64.low(to),
      u64.high(to),
      source.handle,
      u64.low(from),
      u64.high(from),
      u64.low(length),
      u64.high(length),
    );
  }

  /** Copies at once if both ranges are one piece of memory that is not watched; returns false if they are not. */
  #copyPiece(to: U64Like, source: Space, from: U64Like, length: number): boolean {
    const { mover } = this.space;
    const [ours, theirs] = [this.space.generation, source.generation];
    const [here, there] = [mover.piece(to, length, ACCESS_WRITE), source.mover.piece(from, length, ACCESS_READ)];
    if (!here || !there) return false;
    // The function of an external memory may have changed a map, or detached the other side's array.
    if (this.space.generation !== ours || source.generation !== theirs) return false;
    if (!isAttached(here.memory) || !isAttached(there.memory)) return false;
    here.memory.set(there.memory.subarray(there.at, there.at + length), here.at);
    mover.mark(here.memory, here.at, length);
    return true;
  }

  /** Copies between two modules, piece by piece, if both ranges are linear memory. Returns the status. */
  #copyAcross(to: U64Like, source: Space, from: U64Like, length: U64Like): number {
    const target = this.space;
    const status =
      source.mover.status(from, length, ACCESS_READ, BACKING_LINEAR) ||
      target.mover.status(to, length, ACCESS_WRITE, BACKING_LINEAR);
    if (status !== 0) return status;
    target.mover.populate(to, length, "copy target");
    const [there, here] = [new Pieces(source, from, Number(length)), new Pieces(target, to, Number(length))];
    for (let done = 0; there.next(done, ACCESS_READ) && here.next(done, ACCESS_WRITE); ) {
      const bytes = Math.min(there.bytes, here.bytes, CHUNK);
      target.linear.u8.set(source.linear.u8.subarray(there.offset, there.offset + bytes), here.offset);
      target.linear.markDirty(here.offset, bytes);
      done += bytes;
    }
    return 0;
  }

  compare(a: U64Like, b: U64Like, length: U64Like): -1 | 0 | 1 {
    u64.check(length, "length");
    u64.check(a, "a");
    u64.check(b, "b");
    this.space.enter();
    const { linear, handle, mover } = this.space;
    const [lengthLow, lengthHigh] = [u64.low(length), u64.high(length)];
    const [aLow, aHigh, bLow, bHigh] = [u64.low(a), u64.high(a), u64.low(b), u64.high(b)];
    const status = linear.raw.gm_compare(handle, aLow, aHigh, handle, bLow, bHigh, lengthLow, lengthHigh);
    if (status !== 0) {
      mover.expect(a, length, ACCESS_READ, "compare", BACKING_BYTES);
      mover.expect(b, length, ACCESS_READ, "compare", BACKING_BYTES);
      return this.#compareParts(a, b, Number(length));
    }
    const order = linear.reported(COMPARE_ORDER);
    return order === ORDER_EQUAL ? 0 : order === ORDER_GREATER ? 1 : -1;
  }

  /** Compares ranges part by part, with external memory in them, which the core cannot access. */
  #compareParts(a: U64Like, b: U64Like, length: number): -1 | 0 | 1 {
    const { mover } = this.space;
    for (const address of [a, b]) mover.expectExternal(ACCESS_READ, { who: "cpu", address, length, done: 0 });
    const [left, right] = [new Uint8Array(Math.min(length, PART)), new Uint8Array(Math.min(length, PART))];
    for (let done = 0; done < length; done += PART) {
      const count = Math.min(length - done, PART);
      mover.readPart(a, done, left.subarray(0, count), "compare");
      mover.readPart(b, done, right.subarray(0, count), "compare");
      for (let index = 0; index < count; index++) {
        const [one, other] = [left[index] as number, right[index] as number];
        if (one !== other) return one < other ? -1 : 1;
      }
    }
    return 0;
  }

  markDirty(address: U64Like, length: U64Like): void {
    u64.check(length, "length");
    u64.check(address, "address");
    const { space } = this;
    space.enter();
    const { linear, handle } = space;
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_mark_dirty(handle, low, high, u64.low(length), u64.high(length));
    linear.expect(status, "markDirty", { address, length });
    try {
      space.traps.spring(address, length, ACCESS_LOAD, true);
    } finally {
      hostWritten(space, address, length);
    }
  }
}

/** Whether a status says that a byte is not mapped: then `onUnmapped` may serve it. */
function isUnmapped(status: number): boolean {
  return status === STATUS_INVALID_GUEST_ADDRESS || status === STATUS_PARTIAL_BUFFER;
}
