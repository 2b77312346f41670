// Watchers: the watches of one memory. Finds the watches and traps that an access touches, and calls their callbacks.

import { ACCESS_READ, ACCESS_WRITE, WATCH_ID, WATCHERS_COUNT } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Initiator } from "../device/device.ts";
import type { Access } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import type { WatchEvent } from "./watch.ts";

/** The value that an access reads or is about to write, and the value that a write replaces. */
type Values = Pick<WatchEvent, "value" | "oldValue">;

/** A watch. */
interface Entry {
  readonly address: bigint;
  readonly length: bigint;
  readonly onAccess: (event: WatchEvent<U64Like>) => void;
}

/** An access to report to watches and traps. */
interface SeenAccess {
  readonly address: U64Like;
  readonly size: number;
  readonly access: Access;
  readonly who: Initiator;
}

/** The watches of one memory; its traps are the space's. */
export class Watchers {
  readonly #space: Space;
  readonly #entries = new Map<number, Entry>();

  constructor(space: Space) {
    this.#space = space;
  }

  /** Whether the memory has a watch, or any memory a trap, which a write through a sibling springs too. */
  get any(): boolean {
    return this.#entries.size > 0 || this.#space.traps.any;
  }

  /** Sets a watch and returns its number. */
  add(address: U64Like, length: U64Like, access: number, onAccess: Entry["onAccess"]): number {
    u64.check(address, "address");
    u64.check(length, "length");
    const space = this.#space;
    space.enter();
    const { linear, handle } = space;
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_watch(handle, low, high, u64.low(length), u64.high(length), access);
    linear.replace(); // thousands of watches make linear memory grow
    const id = linear.reported(WATCH_ID);
    linear.expect(status, "watch", { address, length });
    this.#entries.set(id, { address: BigInt(address), length: BigInt(length), onAccess });
    linear.refresh();
    return id;
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#space.disposed) return;
    this.#entries.delete(id);
    const { linear, handle } = this.#space;
    const [low, high] = [u64.low(entry.address), u64.high(entry.address)];
    linear.raw.gm_unwatch(handle, id, low, high, u64.low(entry.length), u64.high(entry.length));
    linear.refresh();
  }

  /** Whether a watch or a trap covers an access of this kind to any byte of a range. */
  isWatched(address: U64Like, length: U64Like, access: number): boolean {
    if ((access & ACCESS_WRITE) !== 0 && this.#space.traps.touches(address, length)) return true;
    return this.#entries.size > 0 && this.#ids(address, length, access).length > 0;
  }

  /** Calls the callbacks for an access to one value. An error that a callback throws passes through. */
  notify(address: U64Like, size: number, access: Access, who: Initiator, values: () => Values): void {
    this.#notify({ address, size, access, who }, () => {
      const shared = values();
      return () => shared;
    });
  }

  /**
   * Calls the callbacks for an access to a range. `values` returns the bytes that a watch covers: `count` bytes, from
   * byte `from` of the access on.
   */
  notifyRange(
    address: U64Like,
    size: number,
    access: Access,
    who: Initiator,
    values: (from: number, count: number) => Values,
  ): void {
    const start = BigInt(address);
    this.#notify({ address, size, access, who }, () => (entry) => {
      const from = entry.address > start ? Number(entry.address - start) : 0;
      const end = entry.address + entry.length - start;
      return values(from, (end < BigInt(size) ? Number(end) : size) - from);
    });
  }

  /** `prepare` runs if a watch or a trap covers the access. It returns what makes the values for a watch. */
  #notify(access: SeenAccess, prepare: () => (entry: Entry) => Values): void {
    const { traps } = this.#space;
    const isWrite = access.access === ACCESS_WRITE;
    const ids = this.#entries.size > 0 ? this.#ids(access.address, access.size, access.access) : [];
    if (ids.length === 0 && !(isWrite && traps.touches(access.address, access.size))) return;
    const { who, size } = access;
    // A write that external memory cannot take fails before a callback runs, and before a trap is sprung.
    if (isWrite) {
      this.#space.mover.expectExternal(ACCESS_WRITE, {
        who,
        address: access.address,
        length: size,
        holes: true,
        done: 0,
      });
    }
    const valuesFor = prepare();
    const kind = access.access === ACCESS_READ ? "read" : isWrite ? "write" : "execute";
    const address = this.#space.toAddress(access.address);
    // All values are read before the first callback runs, because a callback may change them.
    const events = ids.map((id) => {
      const entry = this.#entries.get(id);
      return entry && Object.freeze({ kind, address, size, who, ...valuesFor(entry) } as const);
    });
    for (const [index, id] of ids.entries()) {
      const event = events[index];
      if (event) this.#entries.get(id)?.onAccess(event); // an earlier callback may have ended the watch
    }
    if (isWrite) traps.spring(access.address, access.size);
  }

  /** The numbers of the watches that cover an access. */
  #ids(address: U64Like, length: U64Like, access: number): number[] {
    u64.check(address, "address");
    const { linear, handle, disposed } = this.#space;
    const ids: number[] = [];
    if (disposed) return ids; // a handler has disposed the memory in the middle of an access
    const [low, high] = [u64.low(address), u64.high(address)];
    for (let all = 1; ids.length < all; ) {
      linear.raw.gm_watchers(handle, low, high, u64.low(length), u64.high(length), access, ids.length);
      linear.replace();
      all = linear.reported(WATCHERS_COUNT);
      const count = Math.min(all - ids.length, linear.transfer.length / 4);
      ids.push(...new Uint32Array(linear.buffer, linear.transfer.byteOffset, count));
    }
    return ids;
  }
}
