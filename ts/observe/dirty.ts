// The dirty log: clients that ask which guest pages were written.

import * as abi from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { describe, high, join, joinBig, low, type U64Like } from "../core/u64.ts";
import type { Space } from "../space/space.ts";

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; bit: number }>((client) => {
  client.linear.raw.gm_dirty_close(client.handle, client.bit);
});

/**
 * The dirty log of a memory, {@link GuestMemory.dirty}: opens dirty clients, of which a machine has at most seven at a
 * time.
 *
 * @example
 * ```ts
 * import { type DirtyLog, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x4000]]);
 * const log: DirtyLog = memory.dirty;
 * const display = log.client("display");
 * memory.writeUint8(0x1234, 1);
 * console.assert(JSON.stringify(display.collect()) === "[[4096,4096]]");
 * ```
 */
export class DirtyLog<A extends number | bigint = number> {
  readonly #space: Space;

  /** For this library: users take `memory.dirty`. */
  constructor(space: object) {
    this.#space = space as Space;
  }

  /**
   * Opens a client. At first no page is dirty for it, and what it collects does not affect other clients.
   *
   * @param name - for messages; two clients may have the same name.
   * @throws GuestMemoryError `TOO_MANY_CLIENTS` if seven are open, `DISPOSED`; TypeError for a name that is not a
   * string.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * console.assert(client.collect().length === 0);
   * ```
   */
  client(name: string): DirtyClient<A> {
    if (typeof name !== "string") throw new TypeError(`name must be a string, not ${describe(name)}`);
    this.#space.enter();
    const { linear, handle } = this.#space;
    linear.expect(linear.raw.gm_dirty_open(handle), `dirty.client("${name}")`);
    return new DirtyClient<A>(name, this.#space, linear.reported(abi.DIRTY_CLIENT));
  }
}

/**
 * A client of the dirty log, such as a display, a JIT or a live migration: it collects the pages that were written
 * since it last collected. A page that aliases show at several addresses is reported once, at the lowest. `dispose`
 * closes the client; so does `using`, or garbage collection.
 *
 * @example
 * ```ts
 * import { type DirtyClient, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x800, 0x4000]]);
 * using client: DirtyClient = memory.dirty.client("migration");
 * memory.fill(0x1fff, 0xaa, 2); // the last byte of one page, the first of the next
 * const written = client.collect();
 * console.assert(written[0]![0] === 0x1000 && written[0]![1] === 0x2000);
 * ```
 */
export class DirtyClient<A extends number | bigint = number> {
  /** The name that it was opened with. */
  readonly name: string;
  readonly #space: Space;
  readonly #bit: number;
  #open = true;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) DirtyClient.prototype[Symbol.dispose] = DirtyClient.prototype.dispose;
  }

  /**
   * Closes the client; `using` calls it.
   * @example
   * ```ts
   * {
   *   using client = memory.dirty.client("display");
   *   memory.writeUint8(0x10, 1);
   *   console.assert(client.collect().length === 1);
   * } // closed
   * ```
   */
  declare [Symbol.dispose]: () => void;

  /** For this library: users call `memory.dirty.client`. */
  constructor(name: string, space: object, bit: number) {
    this.name = name;
    this.#space = space as Space;
    this.#bit = bit;
    const { linear, handle } = this.#space;
    abandoned.register(this, { linear, handle, bit }, this);
  }

  /**
   * Returns the ranges written since the last call, and marks them clean for this client. A range is
   * `[address, length in bytes]`: whole 4 KiB pages, clipped to regions. Ranges ascend, and adjacent ones are merged.
   * Scalars, atomics, bulk writes, fills and copies count by themselves. Writes through a view or by a JIT count if the
   * writer calls `markDirty`, or marks the dirty map itself.
   *
   * @throws GuestMemoryError `DISPOSED` after the client or its memory was disposed.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * console.assert(client.collect().length === 1 && client.collect().length === 0);
   * ```
   */
  collect(): [address: A, length: number][] {
    if (!this.#open) throw new GuestMemoryError("DISPOSED", `the dirty client "${this.name}" was disposed`);
    const space = this.#space;
    space.enter();
    const { linear, handle } = space;
    const ranges: [U64Like, number][] = [];
    let from = 0n;
    do {
      linear.expect(linear.raw.gm_dirty_collect(handle, this.#bit, low(from), high(from)), "collect");
      from = linear.reported64(abi.COLLECT_NEXT_LOW);
      const count = linear.reported(abi.COLLECT_COUNT);
      const words = new Uint32Array(linear.buffer, linear.transfer.byteOffset, count * abi.RANGE_WORDS);
      for (let index = 0; index < words.length; index += abi.RANGE_WORDS) {
        const word = (slot: number) => words[index + slot] as number;
        const start = joinBig(word(abi.RANGE_START_LOW), word(abi.RANGE_START_HIGH));
        const length = join(word(abi.RANGE_LENGTH_LOW), word(abi.RANGE_LENGTH_HIGH));
        const last = ranges.at(-1);
        // The core splits a range where its list is full.
        if (last && start === BigInt(last[0]) + BigInt(last[1])) last[1] += length;
        else ranges.push([space.toAddress(start), length]);
      }
    } while (linear.reported(abi.COLLECT_MORE) !== 0);
    return ranges as [A, number][];
  }

  /**
   * Closes the client. Closing it again has no effect.
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * client.dispose();
   * client.dispose();
   * ```
   */
  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    abandoned.unregister(this);
    const { linear, handle } = this.#space;
    linear.raw.gm_dirty_close(handle, this.#bit);
  }
}
