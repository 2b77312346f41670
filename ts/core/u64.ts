// Addresses and lengths on their way to the core: checked, then split into two halves of 32 bits.

import { hex } from "./errors.ts";

/**
 * A guest-physical address or a length in bytes: from 0 to 2^64 - 1 as a bigint, to 2^53 - 1 as a number.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Wide } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const places: Wide[] = [0x10, 0x10n];
 * for (const place of places) console.assert(memory.addressInRange(place));
 * ```
 */
export type Wide = number | bigint;

const LIMIT = 1n << 64n;
const HIGH = 0x1_0000_0000;

/** The low half of the last value that `split` took. */
export let low = 0;
/** The high half of the last value that `split` took. */
export let high = 0;

/**
 * Checks an address or a length and leaves its halves in `low` and `high`. Two module variables and no object: a slow
 * path should not feed the garbage collector. Read them before the next call.
 */
export function split(value: Wide, what: string): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) throw notWide(value, what);
    low = value >>> 0;
    high = Math.floor(value / HIGH);
  } else if (typeof value === "bigint") {
    if (value < 0n || value >= LIMIT) throw notWide(value, what);
    low = Number(value & 0xffff_ffffn);
    high = Number(value >> 32n);
  } else {
    throw new TypeError(`${what} must be a number or a bigint, not ${describe(value)}`);
  }
}

/** Checks an address or a length without using it. */
export function check(value: Wide, what: string): void {
  split(value, what);
}

/** Two halves as a number; exact up to 2^53. */
export function join(lowHalf: number, highHalf: number): number {
  return highHalf * HIGH + lowHalf;
}

/** Two halves as a bigint. */
export function joinBig(lowHalf: number, highHalf: number): bigint {
  return (BigInt(highHalf) << 32n) | BigInt(lowHalf);
}

function notWide(value: Wide, what: string): RangeError {
  const allowed =
    typeof value === "bigint" ? "from 0n to 2^64 - 1" : "an integer from 0 to 2^53 - 1 (beyond, bigints are exact)";
  const shown = typeof value === "bigint" && value >= 0n ? hex(value) : String(value);
  return new RangeError(`${what} must be ${allowed}, not ${shown}`);
}

/** What a value of a wrong type is, for a message. */
export function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The error for a 64-bit value that is no bigint. */
export function notBigint(value: unknown): TypeError {
  return new TypeError(`a 64-bit value must be a bigint, not ${describe(value)}`);
}
