// `npm run bench`: prepares what is measured (engines, bundles, the loops in Rust), then runs bench/main.ts.
// `--little`: quickly, as a test; the figures mean nothing then. `--processes=N`: fresh processes an engine, 3 unless said.
import { join } from "node:path";
import { findEngine } from "../scripts/engines.mjs";
import { run } from "../scripts/process.mjs";
import { bundle, runProgram } from "../scripts/run.mjs";
import { root } from "../scripts/toolchain.mjs";

/** The folder of the loops' build: other flags and another workspace than the library's own. */
const target = join(root, "target", "bench");

run("cargo", ["build", "--release", "--locked", "--quiet", "--target", "wasm32-unknown-unknown"], {
  cwd: join(root, "bench", "core"),
  env: { ...process.env, CARGO_TARGET_DIR: target },
});
const engines = [{ name: "this node", path: process.execPath, version: process.versions.node }];
for (const name of /** @type {const} */ (["node", "deno", "bun"])) {
  const found = findEngine(name);
  if (found) engines.push(found);
  else console.log(`NOT MEASURED on ${name}: it is not installed; \`npm run setup\` gets it.`);
}
const little = process.argv.includes("--little");
const asked = process.argv.find((word) => word.startsWith("--processes="))?.slice("--processes=".length);
const emulators = [];
for (const name of ["rp2040js", "avr8js", "trs80"]) emulators.push(await bundle(`bench/emulators/${name}.ts`));
const prepared = {
  little,
  processes: little ? 1 : Number(asked ?? 3),
  engines,
  script: await bundle("bench/engine.ts"),
  emulators,
  loops: join(target, "wasm32-unknown-unknown", "release", "core_loops.wasm"),
  wasm: join(root, "pkg", "guest_memory_bg.wasm"),
};
await runProgram("bench/main.ts", [JSON.stringify(prepared)]);
