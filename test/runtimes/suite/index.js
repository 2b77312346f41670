// One small suite over the public API, for any engine: plain ES modules that need no test framework and no file system.

import { checks as access } from "./access.js";
import { checks as map } from "./map.js";
import { checks as memory } from "./memory.js";
import { checks as states } from "./states.js";
import { checks as streams } from "./streams.js";

/** @typedef {{ name: string, error?: string }} Result */

/** In this order: the first one wants a library that nobody has used yet. */
const checks = { ...memory, ...access, ...map, ...streams, ...states };

/** The names of the checks. */
export const names = Object.keys(checks);

/**
 * Runs every check.
 * @param {import("./expect.js").Library} library that nobody has used yet
 * @returns {Promise<Result[]>} in the order of `names`; a check that failed has an `error`
 */
export async function suite(library) {
  /** @type {Result[]} */
  const results = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(library);
      results.push({ name });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    }
  }
  return results;
}
