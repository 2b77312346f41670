// The tools of the native benchmark: criterion's own results, the loops by themselves, and valgrind.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../scripts/process.mjs";

/** @typedef {Map<string, number>} Figures a number for each case */

/**
 * The medians in nanoseconds that criterion left in its folder.
 * @param {string} home
 * @returns {{ original: Figures, ours: Figures }}
 */
export function criterionResults(home) {
  const figures = { original: new Map(), ours: new Map() };
  for (const group of readdirSync(home)) {
    for (const side of /** @type {const} */ (["original", "ours"])) {
      const read = (/** @type {string} */ file) =>
        JSON.parse(readFileSync(join(home, group, side, "new", file), "utf8"));
      // The folder's name is not the case's: some characters are replaced, and a long one is cut.
      figures[side].set(read("benchmark.json").group_id, read("estimates.json").median.point_estimate);
    }
  }
  return figures;
}

/**
 * Runs all cases of one side; nanoseconds by their names, in order.
 * @param {string[]} command
 * @param {string} side
 * @param {number} regionSize
 * @param {number} milliseconds
 * @returns {Figures}
 */
export function times([command = "", ...before], side, regionSize, milliseconds) {
  const output = capture(command, [...before, side, `${regionSize}`, "times", `${milliseconds}`]);
  if (output === undefined) throw new Error(`${command} ${before.join(" ")}: failed`);
  return new Map(output.split("\n").map((line) => [line.split("\t")[0] ?? "", Number(line.split("\t")[1])]));
}

/**
 * Nanoseconds of both sides with threads, by case.
 * @param {string} program
 * @param {number} milliseconds of each sample
 * @returns {Map<string, [original: number, ours: number]>}
 */
export function threads(program, milliseconds) {
  const output = capture(program, [`${milliseconds}`]);
  if (output === undefined) throw new Error(`${program}: failed`);
  return new Map(
    output.split("\n").map((line) => {
      const [name = "", original, ours] = line.split("\t");
      return [name, [Number(original), Number(ours)]];
    }),
  );
}

/**
 * The instructions of one step of a case, by the difference of two runs.
 * @param {string} loops
 * @param {string} side
 * @param {string} name
 */
export function instructions(loops, side, name) {
  const [few, many] = [1000, 3000].map((steps) => {
    const program = [loops, side, `${0x10_0000}`, "count", name, `${steps}`];
    const log = capture("valgrind", ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1", ...program]);
    return Number(/Collected : (\d+)/.exec(log ?? "")?.[1] ?? Number.NaN);
  });
  return ((many ?? Number.NaN) - (few ?? Number.NaN)) / 2000;
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
