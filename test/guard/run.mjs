// The guard of a rebuild: gives the build of an earlier commit and this one's the same random operations.
//
//   node test/guard/run.mjs <old commit> [operations]
//
// Operations: a million unless said. PROPERTY_SEED=<seed> repeats a run, `--counts` prints how often each kind was met.

import { runProgram } from "../../scripts/run.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { buildDist, oldBuild } from "./old-build.mjs";

const [commit, ...rest] = process.argv.slice(2);
if (commit === undefined) throw new Error("usage: node test/guard/run.mjs <old commit> [operations]");
const operations = rest.find((word) => /^\d+$/.test(word)) ?? "1000000";
const old = oldBuild(commit);
buildDist(root);
await runProgram("test/guard/main.ts", [old, root, operations, ...rest.filter((word) => word.startsWith("--"))]);
