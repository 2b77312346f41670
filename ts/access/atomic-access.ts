// AtomicFields: the atomic accesses of GuestMemory, declared and documented. atomics.ts makes the functions.

import type { Wide } from "../core/u64.ts";
import { ScalarFields } from "./scalar-access.ts";

/**
 * Atomic access to guest memory: sequentially consistent, in the guest's (little-endian) byte order, 1, 2, 4 or 8 bytes,
 * naturally aligned. Values and results are those of `Atomics` on an unsigned typed array: numbers that wrap, bigints for
 * 64 bits. Each throws a GuestMemoryError: what is not backed first (`INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
 * `GUEST_ADDRESS_OVERFLOW`; `onUnmapped` serves no atomics), then `MISALIGNED`, then `CROSSES_REGIONS`. As for scalars,
 * what writes to discarded memory may be `OUT_OF_MEMORY`.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.store32(0x10, 5);
 * console.assert(memory.add32(0x10, 2) === 5 && memory.load32(0x10) === 7);
 * console.assert(memory.compareExchange32(0x10, 7, 1) === 7 && memory.load32(0x10) === 1);
 * ```
 */
export abstract class AtomicFields extends ScalarFields {
  /**
   * Reads 8 bits atomically. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * console.assert(memory.load8(0x10) === 0);
   * ```
   */
  declare load8: (address: Wide) => number;
  /**
   * Writes 8 bits atomically; gives `value` as an integer. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.load8(0x10) === 5);
   * ```
   */
  declare store8: (address: Wide, value: number) => number;
  /**
   * Adds `value`, wrapping, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.add8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  declare add8: (address: Wide, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.sub8(0x10, 2) === 5 && memory.load8(0x10) === 3);
   * ```
   */
  declare sub8: (address: Wide, value: number) => number;
  /**
   * Ands with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.and8(0x10, 2) === 5 && memory.load8(0x10) === 0);
   * ```
   */
  declare and8: (address: Wide, value: number) => number;
  /**
   * Ors with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.or8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  declare or8: (address: Wide, value: number) => number;
  /**
   * Xors with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.xor8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  declare xor8: (address: Wide, value: number) => number;
  /**
   * Puts `value` there, 8 bits atomically; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.exchange8(0x10, 2) === 5 && memory.load8(0x10) === 2);
   * ```
   */
  declare exchange8: (address: Wide, value: number) => number;
  /**
   * Puts `replacement` there if the 8 bits equal `expected`, atomically; gives the old value either way. Errors: see
   * {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.compareExchange8(0x10, 5, 9) === 5 && memory.load8(0x10) === 9);
   * ```
   */
  declare compareExchange8: (address: Wide, expected: number, replacement: number) => number;
  /**
   * Reads 16 bits atomically, at a multiple of 2. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * console.assert(memory.load16(0x10) === 0);
   * ```
   */
  declare load16: (address: Wide) => number;
  /**
   * Writes 16 bits atomically, at a multiple of 2. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.load16(0x10) === 5);
   * ```
   */
  declare store16: (address: Wide, value: number) => number;
  /**
   * Adds `value`, wrapping, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.add16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  declare add16: (address: Wide, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.sub16(0x10, 2) === 5 && memory.load16(0x10) === 3);
   * ```
   */
  declare sub16: (address: Wide, value: number) => number;
  /**
   * Ands with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.and16(0x10, 2) === 5 && memory.load16(0x10) === 0);
   * ```
   */
  declare and16: (address: Wide, value: number) => number;
  /**
   * Ors with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.or16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  declare or16: (address: Wide, value: number) => number;
  /**
   * Xors with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.xor16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  declare xor16: (address: Wide, value: number) => number;
  /**
   * Puts `value` there, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.exchange16(0x10, 2) === 5 && memory.load16(0x10) === 2);
   * ```
   */
  declare exchange16: (address: Wide, value: number) => number;
  /**
   * Puts `replacement` there if the 16 bits equal `expected`, atomically, at a multiple of 2; gives the old value either way. Errors: see
   * {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.compareExchange16(0x10, 5, 9) === 5 && memory.load16(0x10) === 9);
   * ```
   */
  declare compareExchange16: (address: Wide, expected: number, replacement: number) => number;
  /**
   * Reads 32 bits atomically, at a multiple of 4. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * console.assert(memory.load32(0x10) === 0);
   * ```
   */
  declare load32: (address: Wide) => number;
  /**
   * Writes 32 bits atomically, at a multiple of 4. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.load32(0x10) === 5);
   * ```
   */
  declare store32: (address: Wide, value: number) => number;
  /**
   * Adds `value`, wrapping, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.add32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  declare add32: (address: Wide, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.sub32(0x10, 2) === 5 && memory.load32(0x10) === 3);
   * ```
   */
  declare sub32: (address: Wide, value: number) => number;
  /**
   * Ands with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.and32(0x10, 2) === 5 && memory.load32(0x10) === 0);
   * ```
   */
  declare and32: (address: Wide, value: number) => number;
  /**
   * Ors with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.or32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  declare or32: (address: Wide, value: number) => number;
  /**
   * Xors with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.xor32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  declare xor32: (address: Wide, value: number) => number;
  /**
   * Puts `value` there, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.exchange32(0x10, 2) === 5 && memory.load32(0x10) === 2);
   * ```
   */
  declare exchange32: (address: Wide, value: number) => number;
  /**
   * Puts `replacement` there if the 32 bits equal `expected`, atomically, at a multiple of 4; gives the old value either way. Errors: see
   * {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.compareExchange32(0x10, 5, 9) === 5 && memory.load32(0x10) === 9);
   * ```
   */
  declare compareExchange32: (address: Wide, expected: number, replacement: number) => number;
  /**
   * Reads 64 bits atomically, at a multiple of 8. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * console.assert(memory.load64(0x10) === 0n);
   * ```
   */
  declare load64: (address: Wide) => bigint;
  /**
   * Writes 64 bits atomically, at a multiple of 8. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.load64(0x10) === 5n);
   * ```
   */
  declare store64: (address: Wide, value: bigint) => bigint;
  /**
   * Adds `value`, wrapping, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.add64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  declare add64: (address: Wide, value: bigint) => bigint;
  /**
   * Subtracts `value`, wrapping, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.sub64(0x10, 2n) === 5n && memory.load64(0x10) === 3n);
   * ```
   */
  declare sub64: (address: Wide, value: bigint) => bigint;
  /**
   * Ands with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.and64(0x10, 2n) === 5n && memory.load64(0x10) === 0n);
   * ```
   */
  declare and64: (address: Wide, value: bigint) => bigint;
  /**
   * Ors with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.or64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  declare or64: (address: Wide, value: bigint) => bigint;
  /**
   * Xors with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.xor64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  declare xor64: (address: Wide, value: bigint) => bigint;
  /**
   * Puts `value` there, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.exchange64(0x10, 2n) === 5n && memory.load64(0x10) === 2n);
   * ```
   */
  declare exchange64: (address: Wide, value: bigint) => bigint;
  /**
   * Puts `replacement` there if the 64 bits equal `expected`, atomically, at a multiple of 8; gives the old value either way. Errors: see
   * {@link AtomicFields}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.compareExchange64(0x10, 5n, 9n) === 5n && memory.load64(0x10) === 9n);
   * ```
   */
  declare compareExchange64: (address: Wide, expected: bigint, replacement: bigint) => bigint;
}
