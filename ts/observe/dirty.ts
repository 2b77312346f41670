// The dirty log: who wants to know which guest pages were written.

import * as abi from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { describe, high, join, joinBig, low, type U64Like } from "../core/u64.ts";
import type { Space } from "../space/space.ts";

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; bit: number }>((client) => {
  client.linear.raw.gm_dirty_close(client.handle, client.bit);
});

/**
 * {@link GuestMemory.dirty}: opens dirty clients, up to seven at a time.
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

  /** Made by this library. */
  constructor(space: object) {
    this.#space = space as Space;
  }

  /**
   * Opens a client: it starts clean, and is independent of every other.
   *
   * @param name - For people; two clients may share one.
   * @throws GuestMemoryError `TOO_MANY_CLIENTS` where seven are open, `DISPOSED`; TypeError for a name that is no string.
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
 * One who asks which pages were written since it last asked: a display, a JIT, a live migration. What aliases show too is
 * said once, at the lowest address. Closed by `dispose`, by `using`, or when it is collected.
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
  /** The name it was opened with. */
  readonly name: string;
  readonly #space: Space;
  readonly #bit: number;
  #open = true;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) DirtyClient.prototype[Symbol.dispose] = DirtyClient.prototype.dispose;
  }

  /**
   * Closes the client; what `using` calls.
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

  /** Made by this library. */
  constructor(name: string, space: object, bit: number) {
    this.name = name;
    this.#space = space as Space;
    this.#bit = bit;
    const { linear, handle } = this.#space;
    abandoned.register(this, { linear, handle, bit }, this);
  }

  /**
   * Gives the ranges written since the last call, and forgets them: `[address, length in bytes]`, whole 4 KiB pages
   * clipped to regions, adjacent ones merged, ascending. Scalars, atomics, bulk writes, fills and copies count; what is
   * written through a view or by a JIT counts when its writer calls `markDirty` or marks the table.
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
        // Two ranges that meet where the core's list was full are one.
        if (last && start === BigInt(last[0]) + BigInt(last[1])) last[1] += length;
        else ranges.push([space.toAddress(start), length]);
      }
    } while (linear.reported(abi.COLLECT_MORE) !== 0);
    return ranges as [A, number][];
  }

  /**
   * Closes the client. Twice is no error.
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
