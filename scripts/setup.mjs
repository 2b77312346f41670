// Brings what the tests need: says each step, skips what is there, and for what cannot be had says how to get it.
// Usage: node scripts/setup.mjs [--quick]      (--quick: only what `npm run test:quick` needs)
import { fileURLToPath } from "node:url";
import { fullSteps, quickSteps } from "./steps.mjs";

/** @typedef {import("./steps.mjs").Step} Step */

/**
 * One step: true when the thing is there afterwards.
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
 * Takes every step, then throws if something is missing that the tests cannot do without.
 * @param {{ quick?: boolean }} [options]
 * @returns {string[]} what the platform does not have
 */
export function setup({ quick = false } = {}) {
  console.log("Setting up");
  /** @type {Step[]} */
  const missing = [];
  for (const step of quick ? quickSteps() : [...quickSteps(), ...fullSteps()]) {
    if (take(step)) continue;
    missing.push(step);
    if (step.get === undefined) break; // Node.js or Rust itself: nothing after it could be had
  }
  const fatal = missing.filter((step) => !step.optional || process.env.CI === "true");
  if (fatal.length > 0)
    throw new Error(`Missing: ${fatal.map((step) => step.name).join("; ")}. See above how to get it.`);
  return missing.map((step) => step.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setup({ quick: process.argv.includes("--quick") });
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
