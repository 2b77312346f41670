// AtomicAccess: the atomic accesses of GuestMemory, declared and documented. atomics.ts makes the functions.

import type { U64Like } from "../core/u64.ts";

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
export interface AtomicAccess {
  /**
   * Reads 8 bits atomically. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * console.assert(memory.load8(0x10) === 0);
   * ```
   */
  load8: (address: U64Like) => number;
  /**
   * Writes 8 bits atomically; gives `value` as an integer. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.load8(0x10) === 5);
   * ```
   */
  store8: (address: U64Like, value: number) => number;
  /**
   * Adds `value`, wrapping, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.add8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  add8: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.sub8(0x10, 2) === 5 && memory.load8(0x10) === 3);
   * ```
   */
  sub8: (address: U64Like, value: number) => number;
  /**
   * Ands with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.and8(0x10, 2) === 5 && memory.load8(0x10) === 0);
   * ```
   */
  and8: (address: U64Like, value: number) => number;
  /**
   * Ors with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.or8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  or8: (address: U64Like, value: number) => number;
  /**
   * Xors with `value`, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.xor8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  xor8: (address: U64Like, value: number) => number;
  /**
   * Puts `value` there, 8 bits atomically; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.exchange8(0x10, 2) === 5 && memory.load8(0x10) === 2);
   * ```
   */
  exchange8: (address: U64Like, value: number) => number;
  /**
   * Puts `replacement` there if the 8 bits equal `expected`, atomically; gives the old value either way. Errors: see
   * {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.compareExchange8(0x10, 5, 9) === 5 && memory.load8(0x10) === 9);
   * ```
   */
  compareExchange8: (address: U64Like, expected: number, replacement: number) => number;
  /**
   * Reads 16 bits atomically, at a multiple of 2. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * console.assert(memory.load16(0x10) === 0);
   * ```
   */
  load16: (address: U64Like) => number;
  /**
   * Writes 16 bits atomically, at a multiple of 2. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.load16(0x10) === 5);
   * ```
   */
  store16: (address: U64Like, value: number) => number;
  /**
   * Adds `value`, wrapping, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.add16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  add16: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.sub16(0x10, 2) === 5 && memory.load16(0x10) === 3);
   * ```
   */
  sub16: (address: U64Like, value: number) => number;
  /**
   * Ands with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.and16(0x10, 2) === 5 && memory.load16(0x10) === 0);
   * ```
   */
  and16: (address: U64Like, value: number) => number;
  /**
   * Ors with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.or16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  or16: (address: U64Like, value: number) => number;
  /**
   * Xors with `value`, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.xor16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  xor16: (address: U64Like, value: number) => number;
  /**
   * Puts `value` there, 16 bits atomically, at a multiple of 2; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.exchange16(0x10, 2) === 5 && memory.load16(0x10) === 2);
   * ```
   */
  exchange16: (address: U64Like, value: number) => number;
  /**
   * Puts `replacement` there if the 16 bits equal `expected`, atomically, at a multiple of 2; gives the old value either way. Errors: see
   * {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.compareExchange16(0x10, 5, 9) === 5 && memory.load16(0x10) === 9);
   * ```
   */
  compareExchange16: (address: U64Like, expected: number, replacement: number) => number;
  /**
   * Reads 32 bits atomically, at a multiple of 4. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * console.assert(memory.load32(0x10) === 0);
   * ```
   */
  load32: (address: U64Like) => number;
  /**
   * Writes 32 bits atomically, at a multiple of 4. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.load32(0x10) === 5);
   * ```
   */
  store32: (address: U64Like, value: number) => number;
  /**
   * Adds `value`, wrapping, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.add32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  add32: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value`, wrapping, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.sub32(0x10, 2) === 5 && memory.load32(0x10) === 3);
   * ```
   */
  sub32: (address: U64Like, value: number) => number;
  /**
   * Ands with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.and32(0x10, 2) === 5 && memory.load32(0x10) === 0);
   * ```
   */
  and32: (address: U64Like, value: number) => number;
  /**
   * Ors with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.or32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  or32: (address: U64Like, value: number) => number;
  /**
   * Xors with `value`, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.xor32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  xor32: (address: U64Like, value: number) => number;
  /**
   * Puts `value` there, 32 bits atomically, at a multiple of 4; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.exchange32(0x10, 2) === 5 && memory.load32(0x10) === 2);
   * ```
   */
  exchange32: (address: U64Like, value: number) => number;
  /**
   * Puts `replacement` there if the 32 bits equal `expected`, atomically, at a multiple of 4; gives the old value either way. Errors: see
   * {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.compareExchange32(0x10, 5, 9) === 5 && memory.load32(0x10) === 9);
   * ```
   */
  compareExchange32: (address: U64Like, expected: number, replacement: number) => number;
  /**
   * Reads 64 bits atomically, at a multiple of 8. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * console.assert(memory.load64(0x10) === 0n);
   * ```
   */
  load64: (address: U64Like) => bigint;
  /**
   * Writes 64 bits atomically, at a multiple of 8. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.load64(0x10) === 5n);
   * ```
   */
  store64: (address: U64Like, value: bigint) => bigint;
  /**
   * Adds `value`, wrapping, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.add64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  add64: (address: U64Like, value: bigint) => bigint;
  /**
   * Subtracts `value`, wrapping, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.sub64(0x10, 2n) === 5n && memory.load64(0x10) === 3n);
   * ```
   */
  sub64: (address: U64Like, value: bigint) => bigint;
  /**
   * Ands with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.and64(0x10, 2n) === 5n && memory.load64(0x10) === 0n);
   * ```
   */
  and64: (address: U64Like, value: bigint) => bigint;
  /**
   * Ors with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.or64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  or64: (address: U64Like, value: bigint) => bigint;
  /**
   * Xors with `value`, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.xor64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  xor64: (address: U64Like, value: bigint) => bigint;
  /**
   * Puts `value` there, 64 bits atomically, at a multiple of 8; gives the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.exchange64(0x10, 2n) === 5n && memory.load64(0x10) === 2n);
   * ```
   */
  exchange64: (address: U64Like, value: bigint) => bigint;
  /**
   * Puts `replacement` there if the 64 bits equal `expected`, atomically, at a multiple of 8; gives the old value either way. Errors: see
   * {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.compareExchange64(0x10, 5n, 9n) === 5n && memory.load64(0x10) === 9n);
   * ```
   */
  compareExchange64: (address: U64Like, expected: bigint, replacement: bigint) => bigint;
}
