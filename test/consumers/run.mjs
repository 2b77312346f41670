// Runs the suites of crates that stand on vm-memory on the core, each as its authors published it, and prints a table.
// Usage: node test/consumers/run.mjs [platform ...] [--update]
//        (no platform: all; --update: lock the newest versions of what they depend on, and after changes of our manifests)
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { bringSources, sourceFolder } from "./sources.mjs";
import { platforms, suites } from "./suites.mjs";

/**
 * @typedef {import("./suites.mjs").Suite} Suite
 * @typedef {import("./suites.mjs").Platform} Platform
 * @typedef {import("./suites.mjs").Kind} Kind
 * @typedef {{ passed: number, failed: number, left: number }} Count left: ignored or not asked for
 * @typedef {Count & { name: string, expected: number, reasons: string[], ok: boolean, seconds: number }} Line
 */

const targetFolder = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "consumers");
const env = { ...process.env, CARGO_TARGET_DIR: targetFolder, CARGO_PROFILE_DEV_DEBUG: "0" };

/** @type {Record<Kind, string[]>} */
const kinds = { lib: ["--lib"], tests: ["--test=*"], doc: ["--doc"] };

/** @param {Suite} suite @param {Platform} platform @param {Kind} kind @param {number} tests @returns {Line} */
function runSuite(suite, platform, kind, tests) {
  const { workspace, target } = platforms[platform];
  const inWasm = platform === "wasm32-wasip1" && kind === "lib";
  const threads = inWasm ? (suite.threads ?? []) : [];
  const shouldPanic = inWasm ? (suite.shouldPanic ?? []) : [];
  const name = `${suite.crate} ${suite.version}, ${kind}, ${platform}`;
  console.log(`  ${name}`);

  const where = target === undefined ? [] : [`--target=${target}`];
  const skip = threads.length === 0 ? [] : ["--exact", ...threads.map((test) => `--skip=${test}`)];
  const args = ["test", "--locked", ...kinds[kind], ...suite.features, ...where, "--", ...skip];
  const start = Date.now();
  const { stdout, stderr, status } = spawnSync("cargo", args, {
    cwd: sourceFolder(workspace, suite),
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const seconds = (Date.now() - start) / 1000;

  const counts = count(stdout);
  const left = threads.length + shouldPanic.length;
  const expected = tests - left;
  const ok = status === 0 && counts.passed === expected && counts.failed === 0 && counts.left === left;
  if (!ok) console.log(`${stdout}\n${stderr}`);
  if (!ok && stderr.includes("--locked")) console.log(`A manifest of ours has changed: run this with --update.`);
  const reasons = [
    ...threads.map((test) => `${test}: no threads`),
    ...shouldPanic.map((test) => `${test}: must panic, which ends a program in Wasm`),
  ];
  return { name, ...counts, expected, reasons, ok, seconds };
}

/**
 * The sums over the test programs that ran.
 * @param {string} output
 * @returns {Count}
 */
function count(output) {
  const sum = { passed: 0, failed: 0, left: 0 };
  const line = /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; (\d+) filtered out/gm;
  for (const [, passed, failed, ignored, filtered] of output.matchAll(line)) {
    sum.passed += Number(passed);
    sum.failed += Number(failed);
    sum.left += Number(ignored) + Number(filtered);
  }
  return sum;
}

/** @param {Line[]} lines */
function report(lines) {
  console.log("\n  result   passed  failed  expected  seconds  suite");
  for (const { name, passed, failed, expected, reasons, ok, seconds } of lines) {
    const numbers = [`${passed}`.padStart(6), `${failed}`.padStart(6), `${expected}`.padStart(8)].join("  ");
    console.log(`  ${ok ? "passed" : "FAILED"}   ${numbers}  ${seconds.toFixed(1).padStart(7)}  ${name}`);
    for (const reason of reasons) console.log(`${" ".repeat(44)}not there: ${reason}`);
  }
  if (lines.length === 0 || lines.some(({ ok }) => !ok)) process.exitCode = 1;
}

const words = process.argv.slice(2);
const names = /** @type {Platform[]} */ (Object.keys(platforms));
const asked = words.filter((word) => word !== "--update");
const unknown = asked.find((word) => !names.some((name) => name === word));
if (unknown !== undefined) throw new Error(`${unknown} is none of ${names.join(", ")}`);
const chosen = asked.length === 0 ? names : names.filter((name) => asked.includes(name));
for (const workspace of new Set(chosen.map((name) => platforms[name].workspace)))
  bringSources(workspace, { update: words.includes("--update") });
/** @type {Line[]} */
const lines = [];
for (const platform of chosen)
  for (const suite of suites.filter(({ platforms }) => platforms.includes(platform)))
    for (const [kind, tests] of Object.entries(suite.tests))
      lines.push(runSuite(suite, platform, /** @type {Kind} */ (kind), tests));
report(lines);
