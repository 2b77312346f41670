// The guard of a rebuild: compares the build of an earlier commit with this one, first their public names, then their
// results of the same random operations.
//
//   node test/guard/run.mjs <old commit> [operations]
//
// Operations: a million unless said, 0 for names alone. PROPERTY_SEED=<seed> repeats a run; `--counts` prints how often
// each kind was met; `--new=<commit>` compares with a commit, and not with the files that are here. Both are built;
// differences.ts lists what is meant to differ.
//
// It runs on the newest Node, where test/support/engines has it. In Node 20 optimised code may take a detached array for
// one that has its bytes: what is seen would depend on when V8 optimises, so it does not.
import { spawnSync } from "node:child_process";
import { findEngine } from "../../scripts/engines.mjs";
import { bundle } from "../../scripts/run.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { buildDist, buildOf, FAULTS } from "./builds.mjs";

const [commit, ...rest] = process.argv.slice(2);
if (commit === undefined) throw new Error("usage: node test/guard/run.mjs <old commit> [operations]");
const operations = rest.find((word) => /^\d+$/.test(word)) ?? "1000000";
const options = rest.filter((word) => word.startsWith("--"));
const other = options.find((word) => word.startsWith("--new="))?.slice("--new=".length);
const old = buildOf(commit, FAULTS);
const now = other ? buildOf(other) : root;
if (now === root) buildDist(root);
const newest = findEngine("node");
const [node, flags] = newest ? [newest.path, []] : [process.execPath, ["--no-opt"]];
let failed = false;
for (const [program, args] of /** @type {const} */ ([
  ["names", []],
  ["main", [operations, ...options]],
])) {
  if (program === "main" && operations === "0") continue;
  const script = await bundle(`test/guard/${program}.ts`);
  const { status } = spawnSync(node, ["--enable-source-maps", ...flags, script, old, now, ...args], {
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
if (failed) process.exitCode = 1;
