// Watch: what ends a watch or a trap.

import type { Space } from "../space/space.ts";

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
  readonly #space: Space;
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
  constructor(space: object, id: number) {
    this.#space = space as Space;
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
    this.#space.watchers.remove(this.#id);
  }
}
