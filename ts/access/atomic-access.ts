// AtomicAccess: the declarations and docs of GuestMemory's atomic accesses. atomics.ts makes the functions.

import type { U64Like } from "../core/u64.ts";

/**
 * Atomic access to guest memory: sequentially consistent, little-endian, of 1, 2, 4 or 8 bytes, at multiples of the
 * size. Values and results are as for `Atomics` on an unsigned typed array: numbers that wrap, and bigints for 64 bits.
 *
 * Each access throws a GuestMemoryError `DISPOSED`, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER` or
 * `GUEST_ADDRESS_OVERFLOW` if a byte is not backed (`onUnmapped` serves no atomic access), `PERMISSION_DENIED` or
 * `READ_ONLY` if the access is forbidden, `NOT_MEMORY` for a device, `MISALIGNED`, `CROSSES_REGIONS`,
 * `INVALID_EXTERNAL`, and `OUT_OF_MEMORY` if a write to discarded memory finds no page. If several apply, the first in
 * this order is thrown, as for every access (docs/errors.md).
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
   * Writes 8 bits atomically; returns `value` as an integer. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.load8(0x10) === 5);
   * ```
   */
  store8: (address: U64Like, value: number) => number;
  /**
   * Adds `value` to 8 bits atomically, wrapping; returns the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.add8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  add8: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value` from 8 bits atomically, wrapping; returns the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.sub8(0x10, 2) === 5 && memory.load8(0x10) === 3);
   * ```
   */
  sub8: (address: U64Like, value: number) => number;
  /**
   * Replaces 8 bits atomically by their bitwise AND with `value`; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.and8(0x10, 2) === 5 && memory.load8(0x10) === 0);
   * ```
   */
  and8: (address: U64Like, value: number) => number;
  /**
   * Replaces 8 bits atomically by their bitwise OR with `value`; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.or8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  or8: (address: U64Like, value: number) => number;
  /**
   * Replaces 8 bits atomically by their bitwise XOR with `value`; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.xor8(0x10, 2) === 5 && memory.load8(0x10) === 7);
   * ```
   */
  xor8: (address: U64Like, value: number) => number;
  /**
   * Replaces 8 bits atomically by `value`; returns the old value. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store8(0x10, 5);
   * console.assert(memory.exchange8(0x10, 2) === 5 && memory.load8(0x10) === 2);
   * ```
   */
  exchange8: (address: U64Like, value: number) => number;
  /**
   * Replaces 8 bits atomically by `replacement`, if they equal `expected`; returns the old value in either case.
   * Errors: see {@link AtomicAccess}.
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
   * Adds `value` to 16 bits atomically, wrapping, at a multiple of 2; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.add16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  add16: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value` from 16 bits atomically, wrapping, at a multiple of 2; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.sub16(0x10, 2) === 5 && memory.load16(0x10) === 3);
   * ```
   */
  sub16: (address: U64Like, value: number) => number;
  /**
   * Replaces 16 bits atomically by their bitwise AND with `value`, at a multiple of 2; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.and16(0x10, 2) === 5 && memory.load16(0x10) === 0);
   * ```
   */
  and16: (address: U64Like, value: number) => number;
  /**
   * Replaces 16 bits atomically by their bitwise OR with `value`, at a multiple of 2; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.or16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  or16: (address: U64Like, value: number) => number;
  /**
   * Replaces 16 bits atomically by their bitwise XOR with `value`, at a multiple of 2; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.xor16(0x10, 2) === 5 && memory.load16(0x10) === 7);
   * ```
   */
  xor16: (address: U64Like, value: number) => number;
  /**
   * Replaces 16 bits atomically by `value`, at a multiple of 2; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store16(0x10, 5);
   * console.assert(memory.exchange16(0x10, 2) === 5 && memory.load16(0x10) === 2);
   * ```
   */
  exchange16: (address: U64Like, value: number) => number;
  /**
   * Replaces 16 bits atomically by `replacement`, if they equal `expected`, at a multiple of 2; returns the old value
   * in either case. Errors: see {@link AtomicAccess}.
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
   * Adds `value` to 32 bits atomically, wrapping, at a multiple of 4; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.add32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  add32: (address: U64Like, value: number) => number;
  /**
   * Subtracts `value` from 32 bits atomically, wrapping, at a multiple of 4; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.sub32(0x10, 2) === 5 && memory.load32(0x10) === 3);
   * ```
   */
  sub32: (address: U64Like, value: number) => number;
  /**
   * Replaces 32 bits atomically by their bitwise AND with `value`, at a multiple of 4; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.and32(0x10, 2) === 5 && memory.load32(0x10) === 0);
   * ```
   */
  and32: (address: U64Like, value: number) => number;
  /**
   * Replaces 32 bits atomically by their bitwise OR with `value`, at a multiple of 4; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.or32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  or32: (address: U64Like, value: number) => number;
  /**
   * Replaces 32 bits atomically by their bitwise XOR with `value`, at a multiple of 4; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.xor32(0x10, 2) === 5 && memory.load32(0x10) === 7);
   * ```
   */
  xor32: (address: U64Like, value: number) => number;
  /**
   * Replaces 32 bits atomically by `value`, at a multiple of 4; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store32(0x10, 5);
   * console.assert(memory.exchange32(0x10, 2) === 5 && memory.load32(0x10) === 2);
   * ```
   */
  exchange32: (address: U64Like, value: number) => number;
  /**
   * Replaces 32 bits atomically by `replacement`, if they equal `expected`, at a multiple of 4; returns the old value
   * in either case. Errors: see {@link AtomicAccess}.
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
   * Adds `value` to 64 bits atomically, wrapping, at a multiple of 8; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.add64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  add64: (address: U64Like, value: bigint) => bigint;
  /**
   * Subtracts `value` from 64 bits atomically, wrapping, at a multiple of 8; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.sub64(0x10, 2n) === 5n && memory.load64(0x10) === 3n);
   * ```
   */
  sub64: (address: U64Like, value: bigint) => bigint;
  /**
   * Replaces 64 bits atomically by their bitwise AND with `value`, at a multiple of 8; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.and64(0x10, 2n) === 5n && memory.load64(0x10) === 0n);
   * ```
   */
  and64: (address: U64Like, value: bigint) => bigint;
  /**
   * Replaces 64 bits atomically by their bitwise OR with `value`, at a multiple of 8; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.or64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  or64: (address: U64Like, value: bigint) => bigint;
  /**
   * Replaces 64 bits atomically by their bitwise XOR with `value`, at a multiple of 8; returns the old value. Errors:
   * see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.xor64(0x10, 2n) === 5n && memory.load64(0x10) === 7n);
   * ```
   */
  xor64: (address: U64Like, value: bigint) => bigint;
  /**
   * Replaces 64 bits atomically by `value`, at a multiple of 8; returns the old value. Errors: see {@link
   * AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.exchange64(0x10, 2n) === 5n && memory.load64(0x10) === 2n);
   * ```
   */
  exchange64: (address: U64Like, value: bigint) => bigint;
  /**
   * Replaces 64 bits atomically by `replacement`, if they equal `expected`, at a multiple of 8; returns the old value
   * in either case. Errors: see {@link AtomicAccess}.
   * @example
   * ```ts
   * memory.store64(0x10, 5n);
   * console.assert(memory.compareExchange64(0x10, 5n, 9n) === 5n && memory.load64(0x10) === 9n);
   * ```
   */
  compareExchange64: (address: U64Like, expected: bigint, replacement: bigint) => bigint;
}
