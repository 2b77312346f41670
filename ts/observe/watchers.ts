// Watchers: the watches and traps of one memory. Finds those that cover an access, and calls their callbacks.

import { ACCESS_READ, ACCESS_WRITE, UNWATCH_FOUND, WATCH_ID, WATCHERS_COUNT } from "../core/abi.ts";
import type { ErrorDetails } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Initiator } from "../device/device.ts";
import type { Access } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import type { WatchEvent } from "./watch.ts";

/** The longest length of a range. */
const LONGEST = (1n << 64n) - 1n;

/** The value that an access reads or is about to write, and the value that a write replaces. */
type Values = Pick<WatchEvent, "value" | "oldValue">;

/** A watch or a trap: one of the two callbacks is set. */
interface Entry {
  readonly address: bigint;
  readonly length: bigint;
  /** The callback of a watch. */
  readonly onAccess?: (event: WatchEvent<U64Like>) => void;
  /** The callback of a trap, for a page on which the trap has just ended. */
  readonly onPage?: (page: U64Like) => void;
  /** On how many pages a trap is still active. */
  pages: number;
}

/** An access to report to watches and traps. */
interface SeenAccess {
  readonly address: U64Like;
  readonly size: number;
  readonly access: Access;
  readonly who: Initiator;
}

/** The watches and traps of one memory. */
export class Watchers {
  readonly #space: Space;
  readonly #entries = new Map<number, Entry>();

  constructor(space: Space) {
    this.#space = space;
  }

  /** Whether the memory has a watch or a trap. */
  get any(): boolean {
    return this.#entries.size > 0;
  }

  /** Sets a watch and returns its number. */
  add(address: U64Like, length: U64Like, access: number, onAccess: Entry["onAccess"]): number {
    u64.check(address, "address");
    u64.check(length, "length");
    const entry = { address: BigInt(address), length: BigInt(length), onAccess, pages: 0 };
    return this.#add(entry, access, "watch", { address, length });
  }

  /** Sets a trap for writes on all pages that a range touches, and returns its number. */
  addTrap(address: U64Like, length: U64Like, onPage: Entry["onPage"]): number {
    u64.check(address, "address");
    u64.check(length, "length");
    const range = pagesOf(BigInt(address), BigInt(length));
    const pages = Number((range.length + 0xfffn) >> 12n);
    return this.#add({ ...range, onPage, pages }, ACCESS_WRITE, "trapWrites", { address, length });
  }

  #add(entry: Entry, access: number, what: string, details: ErrorDetails): number {
    const space = this.#space;
    space.enter();
    const { linear, handle } = space;
    const { address, length } = entry;
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_watch(handle, low, high, u64.low(length), u64.high(length), access);
    linear.replace(); // thousands of watches make linear memory grow
    const id = linear.reported(WATCH_ID);
    linear.expect(status, what, details);
    this.#entries.set(id, entry);
    linear.refresh();
    space.notifyMapChanged();
    return id;
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#space.disposed) return;
    this.#entries.delete(id);
    // A trap is in several parts after some of its pages were written.
    while (this.#end(id, entry.address, entry.length));
    this.#space.linear.refresh();
    this.#space.notifyMapChanged();
  }

  /** Ends the first part of a watch that lies in a range. Returns whether there was one. */
  #end(id: number, address: bigint, length: bigint): boolean {
    const { linear, handle } = this.#space;
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_unwatch(handle, id, low, high, u64.low(length), u64.high(length));
    linear.replace();
    return status === 0 && linear.reported(UNWATCH_FOUND) !== 0;
  }

  /** Whether a watch or a trap covers an access of this kind to any byte of a range. */
  isWatched(address: U64Like, length: U64Like, access: number): boolean {
    return this.any && this.#ids(address, length, access).length > 0;
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
    const ids = this.#ids(access.address, access.size, access.access);
    if (ids.length === 0) return;
    const { who, size } = access;
    // A write that external memory cannot take fails before a callback runs, and before a trap is sprung.
    if (access.access === ACCESS_WRITE) {
      this.#space.mover.expectExternal(ACCESS_WRITE, {
        who,
        address: access.address,
        length: size,
        holes: true,
        done: 0,
      });
    }
    const valuesFor = prepare();
    const kind = access.access === ACCESS_READ ? "read" : access.access === ACCESS_WRITE ? "write" : "execute";
    const address = this.#space.toAddress(access.address);
    // All values are read before the first callback runs, because a callback may change them.
    const events = ids.map((id) => {
      const entry = this.#entries.get(id);
      return entry?.onAccess && Object.freeze({ kind, address, size, who, ...valuesFor(entry) } as const);
    });
    for (const [index, id] of ids.entries()) {
      const entry = this.#entries.get(id); // an earlier callback may have ended it
      const event = events[index];
      if (event) entry?.onAccess?.(event);
      else if (entry) this.#endTrap(id, entry, access);
    }
  }

  /** Ends a trap on the pages that an access touches, and calls its callback for each. */
  #endTrap(id: number, entry: Entry, { address, size }: SeenAccess): void {
    const first = BigInt(address) >> 12n;
    const end = BigInt(address) + BigInt(size);
    const last = (end > LONGEST ? LONGEST : end - 1n) >> 12n; // a handler for holes may serve an access past 2^64
    for (let page = first; page <= last; page++) {
      if (this.#space.disposed) return;
      if (entry.pages === 0 || !this.#end(id, page << 12n, 4096n)) continue;
      if (--entry.pages === 0) this.#entries.delete(id);
      entry.onPage?.(this.#space.toAddress(page << 12n));
    }
  }

  /** The numbers of the watches and traps that cover an access. */
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

/**
 * The pages that a range touches. A range past 2^64 stays one, and is refused by the core. All 2^64 bytes would be one
 * more than the longest length.
 */
function pagesOf(address: bigint, length: bigint): { address: bigint; length: bigint } {
  const first = address & ~0xfffn;
  const whole = length === 0n ? 0n : ((address + length + 0xfffn) & ~0xfffn) - first;
  return { address: first, length: whole > LONGEST ? LONGEST : whole };
}
