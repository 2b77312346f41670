// Watch: the object that ends a watch or a trap, and the event that a watch's callback gets.

import type { Initiator } from "../device/device.ts";

/**
 * The kinds of access that a watch sees; at least one.
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
  /** Whether the watch sees reads. Default false. */
  read?: boolean;
  /** Whether the watch sees writes. Default false. */
  write?: boolean;
  /** Whether the watch sees instruction fetches. Default false. */
  execute?: boolean;
}

/**
 * One access, as a watch's callback gets it.
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
  /** The kind of the access; `"execute"` is an instruction fetch. */
  readonly kind: "read" | "write" | "execute";
  /** The first guest-physical address of the access, which may lie before the watched range. */
  readonly address: A;
  /** The size of the access in bytes. */
  readonly size: number;
  /**
   * The value read, or about to be written. A scalar is little-endian and unsigned. For a range it is the bytes that
   * the watch covers.
   */
  readonly value: number | bigint | Uint8Array | undefined;
  /** The value that a write is about to replace, as `value`; undefined for other accesses, and for devices. */
  readonly oldValue: number | bigint | Uint8Array | undefined;
  /** The initiator of the access. */
  readonly who: Initiator;
}

/** The list that a watch or a trap is in. */
interface WatchOwner {
  remove(id: number): void;
}

/**
 * A watch or a trap. It stays active until `dispose` is called, even if this object is collected.
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
  readonly #owner: WatchOwner;
  readonly #id: number;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) Watch.prototype[Symbol.dispose] = Watch.prototype.dispose;
  }

  /**
   * Ends the watch or trap; `using` calls it.
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

  /** For this library: users call `memory.watch` or `memory.trapWrites`. */
  constructor(owner: object, id: number) {
    this.#owner = owner as WatchOwner;
    this.#id = id;
  }

  /**
   * Ends the watch or trap. Has no effect if it has ended already, or if the memory was disposed.
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
    this.#owner.remove(this.#id);
  }
}
