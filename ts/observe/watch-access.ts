// WatchAccess: GuestMemory's methods for watches, which debuggers use, and traps, which JITs use.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE } from "../core/abi.ts";
import { checkObject, flag } from "../core/options.ts";
import { describe, type U64Like } from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
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
   * Calls `callback` once for each access of these kinds that touches the range of addresses, whatever they show: scalar, bulk, atomic or DMA. For a
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
   * Calls `callback` before the next write to the range, once for each 4 KiB page that the range touches; then the trap
   * on that page has ended. A JIT uses it to find out when its translated code is stale. The trap is for all bytes of the
   * pages, or with `exact` for the bytes of the range alone.
   *
   * A trap belongs to the bytes that the range shows now, wherever they are shown: a write through an alias, through
   * another address space of the machine, by DMA or by a Rust device springs it too, and so do `poke`, `discard` and
   * `markDirty`. A write to another bank that is shown at these addresses later does not. The address and the length that
   * the callback gets are the range's part in the page, in the addresses at which the trap was set. A store by Rust code
   * has happened already, and the callback comes at the next call that leaves the fast path. A trap does not see writes
   * through views without `markDirty`, and writes by the owner of external memory.
   *
   * A callback that throws stops the write, if it has not happened, and the trap stays set.
   *
   * @param length - bytes, at least 1.
   * @param options - `exact`: whether the trap is for the bytes of the range alone. Default false.
   * @throws GuestMemoryError `EMPTY_REGION` for an empty range, `NOT_MEMORY` where it has a hole or a device,
   * `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; TypeError if `callback` is not a function.
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
  trapWrites(
    address: U64Like,
    length: U64Like,
    callback: (address: A, length: number) => void,
    options?: TrapOptions,
  ): Watch;
}

/**
 * Options of {@link WatchAccess.trapWrites}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type TrapOptions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const options: TrapOptions = { exact: true };
 * let stale = 0;
 * memory.trapWrites(0x100, 4, () => stale++, options);
 * memory.writeUint32(0x104, 1); // data beside code
 * console.assert(stale === 0);
 * ```
 */
export interface TrapOptions {
  /** Whether the trap is for the bytes of the range alone, and not for all bytes of its pages. Default false. */
  exact?: boolean;
}

/** The part of GuestMemory that is {@link WatchAccess}. */
export function watchAccess(of: PartOf<{ space: Space; watchers: Watchers }>): WatchAccess<U64Like> {
  return {
    watch(address, length, kinds, callback) {
      checkObject(kinds, "kinds");
      const has = (kind: keyof WatchKinds) => flag(kinds[kind], `kinds.${kind}`, false);
      const access =
        (has("read") ? ACCESS_READ : 0) | (has("write") ? ACCESS_WRITE : 0) | (has("execute") ? ACCESS_EXECUTE : 0);
      if (access === 0) throw new TypeError("kinds must set read, write or execute to true");
      expectFunction(callback);
      const { watchers } = of(this);
      return new Watch(watchers, watchers.add(address, length, access, callback));
    },
    trapWrites(address, length, callback, options = {}) {
      expectFunction(callback);
      if (typeof options !== "object" || options === null) {
        throw new TypeError(`options must be an object, not ${describe(options)}`);
      }
      const { exact = false } = options;
      if (typeof exact !== "boolean") throw new TypeError(`exact must be a boolean, not ${describe(exact)}`);
      const { traps } = of(this).space;
      return new Watch(traps, traps.add(address, length, exact, callback));
    },
  };
}

function expectFunction(callback: unknown): void {
  if (typeof callback !== "function") throw new TypeError(`callback must be a function, not ${describe(callback)}`);
}
