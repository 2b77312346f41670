// Sets up the tools of some groups of rows.mjs, runs their rows in order, and prints a table of the results.
// Usage: node scripts/test.mjs [quick] [test] [rest] [--only=word]     (--only: the rows whose name has the word)
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** A table of outcomes, and a last line that says how many passed and failed. @param {Outcome[]} outcomes @returns {string[]} */
export function summary(outcomes) {
  /** @param {string} result @param {number} seconds @param {string} what */
  const line = (result, seconds, what) => `  ${result.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${what}`;
  /** @param {Outcome["result"]} result */
  const count = (result) => outcomes.filter((outcome) => outcome.result === result).length;
  const total = outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  const skipped = count("NOT RUN") === 0 ? "" : `, ${count("NOT RUN")} skipped`;
  return [
    ...outcomes.map(({ name, result, seconds, why }) => line(result, seconds, why === "" ? name : `${name}  (${why})`)),
    line("", total, "in all"),
    "",
    `${count("passed")} passed, ${count("FAILED")} failed${skipped}`,
  ];
}

/** @param {string[]} args @returns {Outcome[]} */
function main(args) {
  const groups = groupsIn(args);
  const only = args.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";
  const chosen = groups.flatMap((group) => Object.entries(rows[group])).filter(([name]) => name.includes(only));
  /** @type {string[]} */
  let missing = [];
  const ready = outcome("set-up", () => {
    if (chosen.length === 0) throw new Error(`No row of ${groups.join(" and ")} has "${only}" in its name.`);
    missing = setup(groups);
  });
  return ready.result === "passed" ? [ready, ...chosen.map(([name, row]) => runRow(name, row, missing))] : [ready];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcomes = main(process.argv.slice(2));
  console.log(["\n=== summary", ...summary(outcomes)].join("\n"));
  if (outcomes.some(({ result }) => result === "FAILED")) process.exitCode = 1;
}
