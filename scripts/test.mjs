// Sets up the tools of some groups of rows.mjs, runs their rows in order, and prints a table of the results.
// Usage: node scripts/test.mjs [quick] [test] [rest] [--only=word]     (--only: the rows whose name has the word)
import { join } from "node:path";
import { run, withPath } from "./process.mjs";
import { rows } from "./rows.mjs";
import { groupsIn, setup } from "./setup.mjs";
import { root } from "./toolchain.mjs";

/** @typedef {{ name: string, result: "passed" | "FAILED" | "NOT RUN", seconds: number, why: string }} Outcome */

/**
 * The result of an action, and how long it took.
 * @param {string} name
 * @param {() => void} act
 * @returns {Outcome}
 */
function outcome(name, act) {
  const start = Date.now();
  const ended = () => (Date.now() - start) / 1000;
  try {
    act();
    return { name, result: "passed", seconds: ended(), why: "" };
  } catch (error) {
    return { name, result: "FAILED", seconds: ended(), why: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {string} name @param {import("./rows.mjs").Row} row @param {string[]} missing @returns {Outcome} */
function runRow(name, row, missing) {
  const { run: line, needs, env = {} } = typeof row === "string" ? { run: row, needs: [] } : row;
  const absent = needs.filter((need) => missing.includes(need));
  if (absent.length > 0) return { name, result: "NOT RUN", seconds: 0, why: `missing: ${absent.join("; ")}` };
  console.log(`\n=== ${name}\n    ${line}\n`);
  const options = { cwd: root, env: { ...withPath(join(root, "node_modules", ".bin")), ...env }, shell: true };
  return outcome(name, () => run(line, [], options));
}

/** @param {Outcome[]} outcomes */
function report(outcomes) {
  /** @param {string} result @param {number} seconds @param {string} what */
  const line = (result, seconds, what) => `  ${result.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${what}`;
  console.log("\n=== summary");
  for (const { name, result, seconds, why } of outcomes)
    console.log(line(result, seconds, why === "" ? name : `${name}  (${why})`));
  console.log(
    line(
      "",
      outcomes.reduce((sum, { seconds }) => sum + seconds, 0),
      "in all",
    ),
  );
  /** @param {Outcome["result"]} result */
  const count = (result) => outcomes.filter((outcome) => outcome.result === result).length;
  const skipped = count("NOT RUN");
  console.log(`\n${count("passed")} passed, ${count("FAILED")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
  if (count("FAILED") > 0 || count("passed") === 0) process.exitCode = 1;
}

const groups = groupsIn(process.argv.slice(2));
const only = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";
/** @type {string[] | undefined} */
let missing;
const ready = outcome("set-up", () => {
  missing = setup(groups);
});
const chosen = groups.flatMap((group) => Object.entries(rows[group])).filter(([name]) => name.includes(only));
report([ready, ...chosen.flatMap(([name, row]) => (missing === undefined ? [] : runRow(name, row, missing)))]);
