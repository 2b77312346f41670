// The entry guest-memory/rewind: a machine's way back, mark by mark, within a budget of memory.

import { checkObject } from "./core/options.ts";
import { check, describe } from "./core/u64.ts";
import { GuestMemory, spaceOf } from "./guest-memory.ts";
import { History } from "./state/history.ts";

/**
 * Options of {@link Rewind}.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 * import { Rewind, type RewindOptions } from "guest-memory/rewind";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const options: RewindOptions = { budget: 1 << 20 };
 * console.assert(new Rewind(memory, options).length === 1);
 * ```
 */
export interface RewindOptions {
  /** The most bytes of memory that all marks together take, the first one's copy of the written pages included. */
  budget: number;
  /** The state of devices at the first mark; see {@link Rewind.mark}. */
  sections?: Readonly<Record<string, Uint8Array>>;
}

/**
 * A machine's way back. `mark` keeps the state as it is, after each frame or each second; `back` brings it back. Each mark
 * costs the pages that were written since the one before, and where the budget is used up, the oldest marks fall off.
 *
 * The state is a snapshot's: RAM, ROM, external memory, the map, and sections for devices. If the memory gets other regions
 * (by `map`, `unmap`), the next mark is the first of a new row: a state with other regions cannot come back.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 * import { Rewind } from "guest-memory/rewind";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x10_0000]]);
 * const rewind = new Rewind(memory, { budget: 16 << 20 });
 * for (let frame = 1; frame <= 5; frame++) {
 *   memory.writeUint32(0x1000, frame);
 *   rewind.mark({ cpu: Uint8Array.of(frame) });
 * }
 * const { cpu } = rewind.back(2);
 * console.assert(memory.readUint32(0x1000) === 3 && cpu![0] === 3);
 * ```
 */
export class Rewind {
  readonly #history: History;

  /**
   * Makes the first mark.
   *
   * @throws GuestMemoryError `BUDGET_EXCEEDED` if the budget does not hold one copy of the written pages, and as
   * {@link GuestMemory.snapshot}; TypeError for another type, RangeError for a budget that is not an integer from 0 on.
   */
  constructor(memory: GuestMemory<bigint> | GuestMemory, options: RewindOptions) {
    if (!(memory instanceof GuestMemory)) throw new TypeError(`memory must be a GuestMemory, not ${describe(memory)}`);
    checkObject(options, "options");
    const { budget, sections = {} } = options;
    check(budget, "budget");
    this.#history = new History(spaceOf(memory), Number(budget));
    this.#history.mark(sections);
  }

  /**
   * How many marks there are. `back` goes back at most one less.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   * import { Rewind } from "guest-memory/rewind";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * const rewind = new Rewind(memory, { budget: 1 << 20 });
   * rewind.mark();
   * console.assert(rewind.length === 2);
   * ```
   */
  get length(): number {
    return this.#history.length;
  }

  /**
   * How many bytes of memory the marks take; never more than the budget.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   * import { Rewind } from "guest-memory/rewind";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * console.assert(new Rewind(memory, { budget: 1 << 20 }).byteLength <= 1 << 20);
   * ```
   */
  get byteLength(): number {
    return this.#history.byteLength;
  }

  /**
   * Keeps the state as it is now.
   *
   * @param sections - the state of devices, of a CPU: bytes by name, of any size. They are kept by pages, as RAM is.
   * @throws GuestMemoryError `BUDGET_EXCEEDED` if one copy of the written pages is larger than the budget; then the marks stay as
   * they are; and as {@link GuestMemory.snapshot}.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   * import { Rewind } from "guest-memory/rewind";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * const rewind = new Rewind(memory, { budget: 1 << 20 });
   * memory.writeUint8(0x10, 1);
   * rewind.mark({ cpu: new Uint8Array(64) });
   * ```
   */
  mark(sections: Readonly<Record<string, Uint8Array>> = {}): void {
    this.#history.mark(sections);
  }

  /**
   * Brings back the state of an older mark, as {@link GuestMemory.restore} does, and forgets the marks behind it: it is the
   * newest one from now on.
   *
   * @param count - how many marks to go back from the newest. 0 brings back the newest itself. Default 1.
   * @returns the sections of that mark.
   * @throws RangeError if there are not so many marks; GuestMemoryError as {@link GuestMemory.restore}. Then all is as it was.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   * import { Rewind } from "guest-memory/rewind";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * const rewind = new Rewind(memory, { budget: 1 << 20 });
   * memory.writeUint8(0x10, 1);
   * rewind.back(0);
   * console.assert(memory.readUint8(0x10) === 0);
   * ```
   */
  back(count = 1): Record<string, Uint8Array<ArrayBuffer>> {
    check(count, "count");
    if (count < this.length) return this.#history.back(Number(count));
    throw new RangeError(`back: there are ${this.length} marks, and ${count} before the newest are asked for`);
  }
}
