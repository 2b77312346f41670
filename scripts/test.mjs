// Sets up the tools of some groups of rows.mjs, runs their rows in order, and prints a table of the results.
// Usage: node scripts/test.mjs [quick] [test] [rest] [--only=word]     (--only: the rows whose name has the word)
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runShell, withPath } from "./process.mjs";
import { rows } from "./rows.mjs";
import { groupsIn, setup } from "./setup.mjs";
import { root } from "./toolchain.mjs";

/** @typedef {{ name: string, result: "passed" | "FAILED" | "NOT RUN", seconds: number, why: string, last?: string[] }} Outcome */

/**
 * The result of an action, and how long it took.
 * @param {string} name
 * @param {() => Promise<{ why: string, last: string[] }>} act
 * @returns {Promise<Outcome>}
 */
async function outcome(name, act) {
  const start = Date.now();
  const { why, last } = await act().catch((error) => ({ why: String(error?.message ?? error), last: [] }));
  return { name, result: why === "" ? "passed" : "FAILED", seconds: (Date.now() - start) / 1000, why, last };
}

/** @param {string} name @param {import("./rows.mjs").Row} row @param {string[]} missing @returns {Promise<Outcome>} */
async function runRow(name, row, missing) {
  const { run: line, needs, env = {} } = typeof row === "string" ? { run: row, needs: [] } : row;
  const absent = needs.filter((need) => missing.includes(need));
  if (absent.length > 0) return { name, result: "NOT RUN", seconds: 0, why: `missing: ${absent.join("; ")}` };
  console.log(`\n=== ${name}\n    ${line}\n`);
  const options = { cwd: root, env: { ...withPath(join(root, "node_modules", ".bin")), ...env } };
  return outcome(name, () => runShell(line, options));
}

/**
 * The last lines of each row that failed, a table of outcomes, and a last line that says how many passed and failed.
 * @param {Outcome[]} outcomes
 * @returns {string[]}
 */
export function summary(outcomes) {
  /** @param {string} result @param {number} seconds @param {string} what */
  const line = (result, seconds, what) => `  ${result.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${what}`;
  /** @param {Outcome["result"]} result */
  const count = (result) => outcomes.filter((outcome) => outcome.result === result).length;
  const total = outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  const skipped = count("NOT RUN") === 0 ? "" : `, ${count("NOT RUN")} skipped`;
  const failed = outcomes.filter(({ result }) => result === "FAILED");
  return [
    ...failed.flatMap(({ name, last = [] }) => (last.length > 0 ? [`--- the end of: ${name}`, ...last, ""] : [])),
    ...outcomes.map(({ name, result, seconds, why }) => line(result, seconds, why === "" ? name : `${name}  (${why})`)),
    line("", total, "in all"),
    "",
    `${count("passed")} passed, ${count("FAILED")} failed${skipped}`,
  ];
}

/** @param {string[]} args @returns {Promise<Outcome[]>} */
async function main(args) {
  const groups = groupsIn(args);
  const only = args.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";
  const chosen = groups.flatMap((group) => Object.entries(rows[group])).filter(([name]) => name.includes(only));
  /** @type {string[]} */
  let missing = [];
  const ready = await outcome("set-up", async () => {
    if (chosen.length === 0) throw new Error(`No row of ${groups.join(" and ")} has "${only}" in its name.`);
    missing = setup(groups);
    return { why: "", last: [] };
  });
  const outcomes = [ready];
  if (ready.result === "passed") for (const [name, row] of chosen) outcomes.push(await runRow(name, row, missing)); // one after the other
  return outcomes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcomes = await main(process.argv.slice(2));
  console.log(["\n=== summary", ...summary(outcomes)].join("\n"));
  if (outcomes.some(({ result }) => result === "FAILED")) process.exitCode = 1;
}
