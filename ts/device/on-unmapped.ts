// OnUnmapped: handlers for accesses to holes.

import { describe } from "../core/u64.ts";

/**
 * Handlers for accesses to a hole, also if only some of the bytes are in it: {@link GuestMemory.onUnmapped}. Values are
 * little-endian and unsigned (raw bits for floats): numbers for 1, 2 and 4 bytes, bigints for 8 and 16. If the handler
 * is missing, or `read` returns undefined, the access throws its error. A handler may use the memory in any way, and
 * even dispose it. If `write` maps the bytes, or `read` maps them and returns undefined, the access is made on what is
 * mapped then.
 *
 * - A scalar of the CPU makes one call.
 * - A call for a whole range (`readSlice`, `readBytes`, `writeSlice`, `fill`, `copyWithin`, `copyFrom`) and all of DMA
 *   make a call for each aligned part of the holes, of at most 8 bytes, in ascending order. Memory and devices between
 *   them are accessed as ever. If a handler throws in the middle, the error is `HANDLER_FAILED`, with `completed`.
 * - `read` and `write` stop at a hole; atomics and calls that need memory (`view`, `compare`, `poke`, ...) are refused.
 * - A range with more than 16 MiB in holes is refused, and so is an access past 2^53 if the memory's addresses are
 *   numbers, because its address would be rounded.
 *
 * @example
 * ```ts
 * import { GuestMemory, type OnUnmapped } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const openBus: OnUnmapped = { read: () => 0xffff_ffff, write: () => {} };
 * memory.onUnmapped = openBus;
 * console.assert(memory.readUint16(0x4000_0000) === 0xffff);
 * ```
 */
export interface OnUnmapped<A extends number | bigint = number> {
  /**
   * Returns the value of `size` bytes (1, 2, 4, 8 or 16) at `address`, or undefined to let the access throw.
   * @example
   * ```ts
   * memory.onUnmapped = { read: (address) => (address === 0x4000 ? 0x1234 : undefined) };
   * console.assert(memory.readUint32(0x4000) === 0x1234);
   * ```
   */
  read?(address: A, size: number): number | bigint | undefined;
  /**
   * Receives the value of `size` bytes (1, 2, 4, 8 or 16) that was written to `address`.
   * @example
   * ```ts
   * const sent: (number | bigint)[] = [];
   * memory.onUnmapped = { write: (_address, _size, value) => void sent.push(value) };
   * memory.writeUint8(0x4000, 0x41);
   * console.assert(sent[0] === 0x41);
   * ```
   */
  write?(address: A, size: number, value: number | bigint): void;
}

/**
 * Checks the answer of a handler for holes or forbidden accesses: a bigint, or a number, which from 8 bytes on is an
 * integer. Undefined lets the access throw its error. `name` names the handler.
 */
export function checkAnswer(value: unknown, size: number, name: string): number | bigint | undefined {
  if (value === undefined || typeof value === "bigint") return value;
  if (typeof value !== "number") {
    throw new TypeError(`${name} must give a number, a bigint or undefined, not ${describe(value)}`);
  }
  if (size < 8 || Number.isInteger(value)) return value;
  throw new TypeError(`${name} must give a bigint or an integer for ${size} bytes, not ${value}`);
}
