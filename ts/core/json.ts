// Numbers in JSON, which has no bigints.

/**
 * A number up to 2^53 - 1, or a decimal string for a larger value, which a JSON number could not hold exactly.
 *
 * @example
 * ```ts
 * import { GuestMemory, type JsonNumber } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", start: 2n ** 60n, size: 4096 }], { addresses: "bigint" });
 * const start: JsonNumber = memory.toJSON().regions[0]!.start;
 * console.assert(BigInt(start) === 2n ** 60n);
 * ```
 */
export type JsonNumber = number | string;

/** A number, or a bigint's value. */
export function json(value: number | bigint): JsonNumber {
  return value > Number.MAX_SAFE_INTEGER ? String(value) : Number(value);
}
