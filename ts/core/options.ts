// Options: checks of a caller's options that are neither numbers nor arrays.

import { describe } from "./u64.ts";

/** Throws a TypeError unless `value` is an object. */
export function checkObject(value: unknown, what: string): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${what} must be an object, not ${describe(value)}`);
  }
}

/** A flag of the caller; `missing` if it is undefined. Throws a TypeError for a value that is not a boolean. */
export function flag(value: unknown, what: string, missing: boolean): boolean {
  if (value === undefined) return missing;
  if (typeof value === "boolean") return value;
  throw new TypeError(`${what} must be a boolean, not ${describe(value)}`);
}
