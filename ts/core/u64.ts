// 64-bit addresses and lengths: checked, then passed to the core as two halves of 32 bits.

import { hex } from "./errors.ts";

/**
 * A guest-physical address, or a length in bytes: a bigint from 0n to 2^64 - 1, or a number from 0 to 2^53 - 1.
 *
 * @example
 * ```ts
 * import { GuestMemory, type U64Like } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const places: U64Like[] = [0x10, 0x10n];
 * for (const place of places) console.assert(memory.addressInRange(place));
 * ```
 */
export type U64Like = number | bigint;

/**
 * A size, or an offset in a region, in bytes. In a memory whose addresses are numbers it is a number; in one of bigints it
 * may be either, and is a bigint from 2^53 on.
 *
 * @example
 * ```ts
 * import { GuestMemory, type SizeOf } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "reserved", start: 0n, size: 2n ** 60n }], { addresses: "bigint" });
 * const size: SizeOf<bigint> | undefined = memory.mapped[0]?.size;
 * console.assert(size === 2n ** 60n);
 * ```
 */
export type SizeOf<A extends number | bigint = number> = A extends bigint ? number | bigint : number;

const LIMIT = 1n << 64n;
const HIGH = 0x1_0000_0000;

/** Throws a TypeError for a value that is neither a number nor a bigint, and a RangeError for one out of range. */
export function check(value: unknown, what: string): asserts value is U64Like {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(value, what);
  } else if (typeof value === "bigint") {
    if (value < 0n || value >= LIMIT) throw outOfRange(value, what);
  } else {
    throw new TypeError(`${what} must be a number or a bigint, not ${describe(value)}`);
  }
}

/** The low 32 bits of a checked value. */
export function low(value: U64Like): number {
  return typeof value === "number" ? value >>> 0 : Number(value & 0xffff_ffffn);
}

/** The high 32 bits of a checked value. */
export function high(value: U64Like): number {
  return typeof value === "number" ? Math.floor(value / HIGH) : Number(value >> 32n);
}

/** Joins two halves to a number, which is exact up to 2^53. */
export function join(lowHalf: number, highHalf: number): number {
  return highHalf * HIGH + lowHalf;
}

/** Joins two halves to a bigint. */
export function joinBig(lowHalf: number, highHalf: number): bigint {
  return (BigInt(highHalf) << 32n) | BigInt(lowHalf);
}

function outOfRange(value: U64Like, what: string): RangeError {
  const allowed =
    typeof value === "bigint" ? "from 0n to 2^64 - 1" : "an integer from 0 to 2^53 - 1 (beyond, bigints are exact)";
  const shown = typeof value === "bigint" && value >= 0n ? hex(value) : String(value);
  return new RangeError(`${what} must be ${allowed}, not ${shown}`);
}

/** Names the type of a wrong value, for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The error for a 64-bit value that is not a bigint. */
export function notBigint(value: unknown): TypeError {
  return new TypeError(`a 64-bit value must be a bigint, not ${describe(value)}`);
}

/** A value as a number if that is exact, else as a bigint. */
export function shortest(value: bigint): U64Like {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
}

/** The sum of a value and a number of bytes: a number if the value is one and the sum is exact, else a bigint. */
export function add(value: U64Like, bytes: number): U64Like {
  const sum = typeof value === "number" ? value + bytes : BigInt(value) + BigInt(bytes);
  return typeof sum === "number" && sum > Number.MAX_SAFE_INTEGER ? BigInt(value) + BigInt(bytes) : sum;
}
