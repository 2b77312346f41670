// Installs everything that the tests need. It prints each step, skips tools that are there, and tells how to get a tool
// that it cannot install.
// Usage: node scripts/setup.mjs [quick] [test] [rest]      (without a group: everything that `npm test` needs)
import { fileURLToPath } from "node:url";
import { steps } from "./steps.mjs";

/**
 * @typedef {import("./steps.mjs").Step} Step
 * @typedef {import("./steps.mjs").Group} Group
 */

/** @param {string[]} words the arguments of a command @returns {Group[]} the groups that they name */
export function groupsIn(words) {
  const named = words.filter((word) => word in steps);
  return /** @type {Group[]} */ (named.length > 0 ? named : ["quick", "test"]);
}

/**
 * Takes one step. Returns whether the tool is there afterwards.
 * @param {Step} step
 */
function take({ name, there, get, how, takes }) {
  if (there()) {
    console.log(`  there      ${name}`);
    return true;
  }
  let reason = "";
  if (get !== undefined) {
    console.log(`  getting    ${name} ... ${takes ?? ""}`);
    const start = Date.now();
    try {
      get();
      if (there()) {
        console.log(`  got it     ${name} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
        return true;
      }
    } catch (error) {
      reason = `${error instanceof Error ? error.message : error}\n             `;
    }
  }
  console.log(`  MISSING    ${name}: ${reason}${how}`);
  return false;
}

/**
 * Takes every step of some groups, then throws if a tool is missing that the tests cannot do without.
 * @param {Group[]} groups
 * @returns {string[]} the optional tools that the platform does not have
 */
export function setup(groups) {
  console.log("Setting up");
  /** @type {Step[]} */
  const missing = [];
  for (const step of groups.flatMap((group) => steps[group])) {
    if (take(step)) continue;
    missing.push(step);
    if (!step.optional) break; // without Node.js or Rust, say, most of the later steps would fail too
  }
  const fatal = missing.filter((step) => !step.optional || process.env.CI === "true");
  if (fatal.length > 0)
    throw new Error(`Missing: ${fatal.map((step) => step.name).join("; ")}. See above how to get it.`);
  return missing.map((step) => step.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setup(groupsIn(process.argv.slice(2)));
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
