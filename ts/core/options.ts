// Options: checks of a caller's options that are neither numbers nor arrays.

import { describe } from "./u64.ts";

/** Throws a TypeError unless `value` is an object. */
export function checkObject(value: unknown, what: string): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${what} must be an object, not ${describe(value)}`);
  }
}

/** Throws a TypeError unless `value` is one of these words. */
export function oneOf(value: unknown, what: string, words: readonly string[]): void {
  if (!words.includes(value as string)) throw new TypeError(mustBe(what, words, value));
}

/** The refusal of an option, with the values that it may have. */
export function mustBe(what: string, words: readonly unknown[], value: unknown): string {
  const allowed = words.filter((word) => word !== undefined).map((word) => `"${word}"`);
  const last = allowed.pop();
  const isObject = typeof value === "object" || typeof value === "function";
  const given = isObject ? describe(value) : typeof value === "string" ? `"${value}"` : String(value);
  return `${what} must be ${allowed.join(", ")} or ${last}, not ${given}`;
}

/** A flag of the caller; `missing` if it is undefined. Throws a TypeError for a value that is not a boolean. */
export function flag(value: unknown, what: string, missing: boolean): boolean {
  if (value === undefined) return missing;
  if (typeof value === "boolean") return value;
  throw new TypeError(`${what} must be a boolean, not ${describe(value)}`);
}
