// Watch: what ends a watch or a trap, and what a watch sees.

import type { Initiator } from "../device/device.ts";
import type { Watchers } from "./watchers.ts";

/**
 * Which accesses a watch is for.
 *
 * @example
 * ```ts
 * import { GuestMemory, type WatchKinds } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const kinds: WatchKinds = { read: true, write: true };
 * using watch = memory.watch(0x10, 4, kinds, () => {});
 * ```
 */
export interface WatchKinds {
  /** Whether it sees reads. */
  read?: boolean;
  /** Whether it sees writes. */
  write?: boolean;
  /** Whether it sees instruction fetches. */
  execute?: boolean;
}

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
  /** What the access does. */
  readonly kind: "read" | "write" | "execute";
  /** Its first guest-physical address, which may lie before the watched range. */
  readonly address: A;
  /** How many bytes it touches. */
  readonly size: number;
  /** The value read, or about to be written: little-endian and unsigned, bytes where it is a range. */
  readonly value: number | bigint | Uint8Array | undefined;
  /** What a write is about to replace; undefined for other accesses, and where a device is. */
  readonly oldValue: number | bigint | Uint8Array | undefined;
  /** Who makes the access. */
  readonly who: Initiator;
}

/**
 * A watch, or a trap, that was set. It goes on when this object is forgotten.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Watch } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * let count = 0;
 * const watch: Watch = memory.watch(0x10, 1, { read: true }, () => count++);
 * memory.readUint8(0x10);
 * watch.dispose();
 * memory.readUint8(0x10);
 * console.assert(count === 1);
 * ```
 */
export class Watch {
  readonly #watchers: Watchers;
  readonly #id: number;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) Watch.prototype[Symbol.dispose] = Watch.prototype.dispose;
  }

  /**
   * Ends it; what `using` calls.
   * @example
   * ```ts
   * let count = 0;
   * {
   *   using watch = memory.watch(0x10, 1, { read: true }, () => count++);
   * }
   * memory.readUint8(0x10);
   * console.assert(count === 0);
   * ```
   */
  declare [Symbol.dispose]: () => void;

  /** Made by this library. */
  constructor(watchers: object, id: number) {
    this.#watchers = watchers as Watchers;
    this.#id = id;
  }

  /**
   * Ends it. Twice is no error, nor is it after the memory's disposal.
   * @example
   * ```ts
   * let count = 0;
   * const watch = memory.watch(0x10, 1, { read: true }, () => count++);
   * watch.dispose();
   * memory.readUint8(0x10);
   * console.assert(count === 0);
   * ```
   */
  dispose(): void {
    this.#watchers.remove(this.#id);
  }
}
