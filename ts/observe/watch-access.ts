// WatchAccess: watches for debuggers, and traps for translated code.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE } from "../core/abi.ts";
import { describe, type U64Like } from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import { Watch, type WatchEvent, type WatchKinds } from "./watch.ts";
import type { Watchers } from "./watchers.ts";

/**
 * Watches and traps; {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * let writes = 0;
 * using watch = memory.watch(0x10, 4, { write: true }, () => writes++);
 * memory.writeUint8(0x13, 1);
 * console.assert(writes === 1);
 * ```
 */
export interface WatchAccess<A extends number | bigint = number> {
  /**
   * Calls `callback` for each access of these kinds to any byte of a range: scalars, bulk, atomics, DMA, once an access. A
   * read is told of when its value is known, a write before it happens; a callback that throws stops the access. An
   * access that fails, with no handler to take it, is none; an atomic operation is a write of its result. What goes through
   * views, a JIT's own code, Rust, `compare`, `indexOf`, `poke` and `peek` is not seen, nor what the owner of external
   * memory does. Accesses to pages without a watch cost nothing more. Thousands of watches may make linear memory grow: views die.
   *
   * @returns what ends it: `dispose()`, or `using`.
   * @throws GuestMemoryError `EMPTY_REGION` for no bytes, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; a TypeError
   * for no kind or no function.
   *
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ address, value }) => void seen.push(address, value));
   * memory.writeUint32(0x0e, 0x0102_0304);
   * console.assert(seen.join() === "14,16909060");
   * ```
   */
  watch(address: U64Like, length: U64Like, kinds: WatchKinds, callback: (event: WatchEvent<A>) => void): Watch;

  /**
   * Calls `callback` once for each page that a range touches, before the first write to it, with the page's address: for
   * who keeps code made of guest memory. The trap on that page is over then; `watch` has the rules.
   *
   * @throws as {@link GuestMemory.watch}.
   *
   * @example
   * ```ts
   * const stale: number[] = [];
   * memory.trapWrites(0x100, 0x10, (page) => void stale.push(page));
   * memory.writeUint8(0xfff, 1); // the same page
   * memory.writeUint8(0x100, 1);
   * console.assert(stale.join() === "0");
   * ```
   */
  trapWrites(address: U64Like, length: U64Like, callback: (page: A) => void): Watch;
}

/** The part of GuestMemory that is {@link WatchAccess}. */
export function watchAccess(of: PartOf<{ watchers: Watchers }>): WatchAccess<U64Like> {
  return {
    watch(address, length, kinds, callback) {
      if (typeof kinds !== "object" || kinds === null) {
        throw new TypeError(`kinds must be an object, not ${describe(kinds)}`);
      }
      const access =
        (kinds.read ? ACCESS_READ : 0) | (kinds.write ? ACCESS_WRITE : 0) | (kinds.execute ? ACCESS_EXECUTE : 0);
      if (access === 0) throw new TypeError("kinds must have read, write or execute");
      expectFunction(callback);
      const { watchers } = of(this);
      return new Watch(watchers, watchers.add(address, length, access, callback));
    },
    trapWrites(address, length, callback) {
      expectFunction(callback);
      const { watchers } = of(this);
      return new Watch(watchers, watchers.addTrap(address, length, callback));
    },
  };
}

function expectFunction(callback: unknown): void {
  if (typeof callback !== "function") throw new TypeError(`callback must be a function, not ${describe(callback)}`);
}
