// The guard of a rebuild: gives the build of an earlier commit and this one's the same random operations.
//
//   node test/guard/run.mjs <old commit> [operations]
//
// Operations: a million unless said. PROPERTY_SEED=<seed> repeats a run, `--counts` prints how often each kind was met.
//
// It runs on the newest Node, where test/support/engines has it. In Node 20 optimised code may take a detached array for
// one that has its bytes: what is seen would depend on when V8 optimises, so it does not.
import { findEngine } from "../../scripts/engines.mjs";
import { run } from "../../scripts/process.mjs";
import { bundle } from "../../scripts/run.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { buildDist, oldBuild } from "./old-build.mjs";

const [commit, ...rest] = process.argv.slice(2);
if (commit === undefined) throw new Error("usage: node test/guard/run.mjs <old commit> [operations]");
const operations = rest.find((word) => /^\d+$/.test(word)) ?? "1000000";
const options = rest.filter((word) => word.startsWith("--"));
const old = oldBuild(commit);
buildDist(root);
const newest = findEngine("node");
const [node, flags] = newest ? [newest.path, []] : [process.execPath, ["--no-opt"]];
run(node, ["--enable-source-maps", ...flags, await bundle("test/guard/main.ts"), old, root, operations, ...options]);
