// Watch: who wants to see accesses to a range, and how they are told.

import type { Initiator } from "./device.ts";
import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

/** What an access does, as the core's bits. */
export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;
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
  /** Of a trap: it tells of a page and ends there. */
  readonly byPage: boolean;
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

  add(address: Wide, length: Wide, access: number, entry: Entry): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    const status = linear.raw.gm_watch(handle, low, high, lengthLow, lengthHigh, access);
    linear.expect(status, "watch", { address, length });
    const id = linear.report[0] as number;
    this.#entries.set(id, entry);
    this.#space.tellMap();
    return id;
  }

  remove(id: number): void {
    if (!this.#entries.delete(id) || this.#space.disposed) return;
    const { linear, handle } = this.#space;
    linear.raw.gm_unwatch(handle, id, 0, 0, 0xffff_ffff, 0xffff_ffff);
    this.#space.tellMap();
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
      if (entry?.byPage) this.#spring(id, entry, event);
      else entry?.tell(event);
    }
  }

  /** Ends a trap on the pages that an access touches, and tells of each. */
  #spring(id: number, entry: Entry, event: WatchEvent<Wide>): void {
    const first = BigInt(event.address) >> 12n;
    const last = (BigInt(event.address) + BigInt(event.size - 1)) >> 12n;
    for (let page = first; page <= last; page++) {
      const { linear, handle, disposed } = this.#space;
      if (disposed) return;
      wide.split(page << 12n, "address");
      const { low, high } = wide;
      if (linear.raw.gm_unwatch(handle, id, low, high, 4096, 0) !== 0 || linear.report[0] === 0) continue;
      entry.tell({ ...event, address: this.#space.address(low, high), size: 4096 });
    }
  }

  #ids(address: Wide, length: number, access: number): number[] {
    wide.split(address, "address");
    const { linear, handle, disposed } = this.#space;
    if (disposed) return []; // by a handler, in the middle of an access
    linear.raw.gm_watchers(handle, wide.low, wide.high, length, access);
    linear.replace();
    const count = Math.min(linear.report[0] as number, linear.transfer.length / 4);
    const words = new Uint32Array(linear.buffer, linear.transfer.byteOffset, count);
    return [...words];
  }
}
