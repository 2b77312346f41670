// Watch: who wants to see accesses to a range, and how they are told.

import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { Initiator } from "../device/device.ts";
import type { Space } from "../space/space.ts";

/** What an access does, as the core's bits. */
export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;
/** The longest range there is. */
const LONGEST = (1n << 64n) - 1n;
export type Access = typeof READ | typeof WRITE | typeof EXECUTE;

/**
 * What a watch sees of one access.
 *
 * @example
 * ```ts
 * import { GuestMemory, type WatchEvent } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const events: WatchEvent[] = [];
 * using watch = memory.watch(0x10, 4, { write: true }, (event) => void events.push(event));
 * memory.writeUint16(0x12, 0x1234);
 * console.assert(events[0]!.address === 0x12 && events[0]!.value === 0x1234 && events[0]!.oldValue === 0);
 * ```
 */
export interface WatchEvent<A extends number | bigint = number> {
  /**
   * What the access does.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { read: true, write: true }, ({ kind }) => void seen.push(kind));
   * memory.readUint8(0x10);
   * console.assert(seen[0] === "read");
   * ```
   */
  readonly kind: "read" | "write" | "execute";
  /**
   * Its first guest-physical address, which may lie before the watched range.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ address }) => void seen.push(address));
   * memory.writeUint32(0x0e, 1);
   * console.assert(seen[0] === 0x0e);
   * ```
   */
  readonly address: A;
  /**
   * How many bytes it touches.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ size }) => void seen.push(size));
   * memory.writeUint16(0x12, 0x1234);
   * console.assert(seen[0] === 2);
   * ```
   */
  readonly size: number;
  /**
   * The value read, or about to be written: little-endian and unsigned, bytes where it is a range.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ value }) => void seen.push(value));
   * memory.writeUint16(0x12, 0x1234);
   * console.assert(seen[0] === 0x1234);
   * ```
   */
  readonly value: number | bigint | Uint8Array | undefined;
  /**
   * What a write is about to replace; undefined for other accesses, and where a device is.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ oldValue }) => void seen.push(oldValue));
   * memory.writeUint16(0x12, 0x1234);
   * console.assert(seen[0] === 0);
   * ```
   */
  readonly oldValue: number | bigint | Uint8Array | undefined;
  /**
   * Who makes the access.
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ who }) => void seen.push(who));
   * memory.dma(0x10, 4, "write").write(0, Uint8Array.of(1));
   * console.assert(seen[0] === "dma");
   * ```
   */
  readonly who: Initiator;
}

/** A watch in the core, and whom it tells. */
interface Entry {
  readonly address: Wide;
  readonly length: Wide;
  /** The pages on which a trap still waits: it tells of a page and ends there. Undefined of a watch. */
  pages: number | undefined;
  readonly tell: (event: WatchEvent<Wide>) => void;
}

/** The watches of one memory. */
export class Watchers {
  readonly #space: Space;
  readonly #entries = new Map<number, Entry>();

  constructor(space: Space) {
    this.#space = space;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#entries.size > 0;
  }

  /** Sets a watch, or, of all pages that a range touches, a trap. */
  add(address: Wide, length: Wide, access: number, byPage: boolean, tell: Entry["tell"]): number {
    wide.check(address, "address");
    wide.check(length, "length");
    const range = byPage ? pagesOf(BigInt(address), BigInt(length)) : { address, length };
    wide.split(range.length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(range.address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_watch(handle, low, high, lengthLow, lengthHigh, access);
    linear.replace(); // thousands of watches make linear memory grow
    const id = linear.report[0] as number;
    linear.expect(status, byPage ? "trapWrites" : "watch", { address, length });
    const pages = byPage ? Number((BigInt(range.length) + 0xfffn) >> 12n) : undefined;
    this.#entries.set(id, { ...range, pages, tell });
    linear.refresh();
    this.#space.tellMap();
    return id;
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#space.disposed) return;
    this.#entries.delete(id);
    // Of a trap, several parts may be left.
    while (this.#end(id, entry.address, entry.length));
    this.#space.linear.refresh();
    this.#space.tellMap();
  }

  /** Ends a watch where it first lies in a range; says whether it does. */
  #end(id: number, address: Wide, length: Wide): boolean {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_unwatch(handle, id, wide.low, wide.high, lengthLow, lengthHigh);
    linear.replace();
    return status === 0 && linear.report[0] !== 0;
  }

  /** Whether anybody watches an access of this kind to a range of up to 4 GiB. */
  see(address: Wide, length: number, access: number): boolean {
    return this.any && this.#ids(address, length, access).length > 0;
  }

  /**
   * Tells everybody who watches an access. `values` is asked once, if there is somebody: the value, and what it replaces.
   * What a callback throws passes through.
   */
  tell(
    address: Wide,
    size: number,
    access: Access,
    who: Initiator,
    values: () => Pick<WatchEvent, "value" | "oldValue">,
  ): void {
    const ids = this.#ids(address, size, access);
    if (ids.length === 0) return;
    wide.split(address, "address");
    const kind = access === READ ? "read" : access === WRITE ? "write" : "execute";
    const own = this.#space.address(wide.low, wide.high);
    const event: WatchEvent<Wide> = Object.freeze({ kind, address: own, size, who, ...values() });
    for (const id of ids) {
      const entry = this.#entries.get(id); // an earlier callback may have ended it
      if (entry?.pages) this.#spring(id, entry, event);
      else entry?.tell(event);
    }
  }

  /** Ends a trap on the pages that an access touches, and tells of each. */
  #spring(id: number, entry: Entry, event: WatchEvent<Wide>): void {
    const first = BigInt(event.address) >> 12n;
    const end = BigInt(event.address) + BigInt(event.size);
    const last = (end > LONGEST ? LONGEST : end - 1n) >> 12n; // a handler for holes may serve what passes 2^64
    for (let page = first; page <= last; page++) {
      if (this.#space.disposed) return;
      if (!entry.pages || !this.#end(id, page << 12n, 4096)) continue;
      if (--entry.pages === 0) this.#entries.delete(id);
      entry.tell({ ...event, address: this.#space.own(page << 12n), size: 4096 });
    }
  }

  #ids(address: Wide, length: number, access: number): number[] {
    wide.split(address, "address");
    const { low, high } = wide;
    const { linear, handle, disposed } = this.#space;
    const ids: number[] = [];
    if (disposed) return ids; // by a handler, in the middle of an access
    for (let all = 1; ids.length < all; ) {
      linear.raw.gm_watchers(handle, low, high, length, access, ids.length);
      linear.replace();
      all = linear.report[0] as number;
      const count = Math.min(all - ids.length, linear.transfer.length / 4);
      ids.push(...new Uint32Array(linear.buffer, linear.transfer.byteOffset, count));
    }
    return ids;
  }
}

/** The pages that a range touches. What goes past 2^64 still does; all 2^64 bytes are one more than a length can say. */
function pagesOf(address: bigint, length: bigint): { address: bigint; length: bigint } {
  const first = address & ~0xfffn;
  const whole = length === 0n ? 0n : ((address + length + 0xfffn) & ~0xfffn) - first;
  return { address: first, length: whole > LONGEST ? LONGEST : whole };
}
