// WatchAccess: GuestMemory's methods for watches, which debuggers use, and traps, which JITs use.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE } from "../core/abi.ts";
import { checkObject, flag } from "../core/options.ts";
import { describe, type U64Like } from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import { Watch, type WatchEvent, type WatchKinds } from "./watch.ts";
import type { Watchers } from "./watchers.ts";

/**
 * Watches and traps. {@link GuestMemory} has all of these methods.
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
   * Calls `callback` once for each access of these kinds that touches the range: scalar, bulk, atomic or DMA. For a
   * read, the call comes when the value is known; for a write, before the bytes change. An atomic operation is a write
   * of its result. A callback that throws stops the access. An access that fails, and that no handler serves, makes no
   * call.
   *
   * A watch does not see `compare`, `indexOf`, `poke`, `peek`, and accesses through views, by a JIT's own code, by Rust
   * code, or by the owner of external memory. Accesses to pages without a watch keep their speed. Thousands of watches
   * may make linear memory grow, which detaches views.
   *
   * @param length - bytes, at least 1.
   * @returns the watch; `dispose()` or `using` ends it.
   * @throws GuestMemoryError `EMPTY_REGION` for an empty range, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`;
   * TypeError if `kinds` has no kind, or one that is not a boolean, or `callback` is not a function.
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
   * Calls `callback` once for each 4 KiB page that the range touches, before the first write to that page, with the
   * page's address; then the trap on that page has ended. A JIT uses it to find out when its translated code is stale.
   * Writes count as for `watch`.
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
      checkObject(kinds, "kinds");
      const has = (kind: keyof WatchKinds) => flag(kinds[kind], `kinds.${kind}`, false);
      const access =
        (has("read") ? ACCESS_READ : 0) | (has("write") ? ACCESS_WRITE : 0) | (has("execute") ? ACCESS_EXECUTE : 0);
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
