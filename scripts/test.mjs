// Every check and test in order, then a table of what came out. `npm test` runs all, `npm run test:quick` the fast ones.
// Usage: node scripts/test.mjs [--quick] [--only=word]      (--only: the rows whose name has the word)
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environment, platforms, programsFor } from "./platforms.mjs";
import { capture, run } from "./process.mjs";
import { setup } from "./setup.mjs";
import { linuxGuest, nightlyRust } from "./steps.mjs";
import { binary, fuzzer, nightly, root } from "./toolchain.mjs";

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {boolean} [quick] part of `npm run test:quick`
 * @property {string[]} [needs] names of set-up steps: where one is missing the row cannot run
 * @property {NodeJS.ProcessEnv} [env]
 */

/** @param {string} name @param {string} line @param {Partial<Row>} [more] @returns {Row} */
const cargo = (name, line, more) => ({ name, command: "cargo", args: line.split(" "), ...more });

/** @param {string} name @param {string} script @param {string} line @param {Partial<Row>} [more] @returns {Row} */
const node = (name, script, line, more) => ({
  name,
  command: process.execPath,
  args: [binary(script), ...line.split(" ").filter((word) => word !== "")],
  ...more,
});

/** @param {string} name @param {string} line @param {Partial<Row>} [more] @returns {Row} */
const script = (name, line, more) => ({ name, command: process.execPath, args: line.split(" "), ...more });

/** Every Rust file: `cargo fmt --all` would leave out the packages that are workspaces of their own. */
function rustFiles() {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"];
  const files = capture("git", list, { cwd: root })?.split("\n") ?? [];
  return files.filter((file) => existsSync(join(root, file)));
}

/** vm-memory's features, but for `xen`, which is refused. (`rawfd` is that package's default.) */
const backends = ["backend-atomic", "backend-bitmap", "backend-mmap", "iommu"];
const implicit = ["arc-swap", "bitflags", "vmm-sys-util"]; // its optional dependencies
const features = `--features ${[...backends, ...implicit].map((feature) => `vm-memory/${feature}`).join()}`;

/** The same of the core by itself, with its streams by file descriptor. */
const coreFeatures = `--features ${[...backends, "rawfd"].join()}`;

/** Tree Borrows, as the older rules walk the whole dirty map on each access to it; and no pointer out of an integer; files are opened. */
const miri = {
  MIRIFLAGS:
    "-Zmiri-disable-isolation -Zmiri-strict-provenance -Zmiri-tree-borrows -Zmiri-tree-borrows-no-precise-interior-mut -Zmiri-disable-weak-memory-emulation",
};

/** @param {string} target one of those in platforms.mjs @returns {Partial<Row>} */
function on(target) {
  const platform = platforms.find((candidate) => candidate.target === target);
  if (platform === undefined) throw new Error(`platforms.mjs has no ${target}`);
  return { needs: [`Rust's target ${target}`, programsFor(platform)], env: environment(platform) };
}

/** @param {string} platform @param {Partial<Row>} [more] @returns {Row} */
const consumers = (platform, more) => ({
  name: `rust-vmm's suites, ${platform}`,
  command: process.execPath,
  args: [join(root, "test", "consumers", "run.mjs"), platform],
  ...more,
});

/** Modules for wasm32 that are workspaces of their own: `--workspace` leaves them out. */
const nestedWorkspaces = ["bench/core", "examples/rust-device/device", "test/module"];

/** @type {Row[]} */
const rows = [
  { name: "rustfmt", command: "rustfmt", args: ["--check", "--edition", "2024", ...rustFiles()], quick: true },
  node("biome", "@biomejs/biome/bin/biome", "check --error-on-warnings", { quick: true }),
  node("tsc", "typescript/bin/tsc", "", { quick: true }),
  cargo("clippy, native", "clippy --workspace --all-targets --locked --quiet -- -D warnings", { quick: true }),
  cargo("clippy, native, all features", `clippy --workspace --all-targets --locked --quiet ${features} -- -D warnings`),
  cargo(
    "clippy, wasm32",
    `clippy --workspace --lib --locked --quiet ${features} --target wasm32-unknown-unknown -- -D warnings`,
  ),
  ...["i686-unknown-linux-gnu", "x86_64-pc-windows-gnu"].map((target) =>
    cargo(
      `clippy, ${target}`,
      `clippy --workspace --all-targets --locked --quiet ${features} --target ${target} -- -D warnings`,
      on(target),
    ),
  ),
  ...nestedWorkspaces.map((folder) =>
    cargo(
      `clippy, ${folder}`,
      `clippy --manifest-path ${folder}/Cargo.toml --target-dir target/clippy --all-targets --locked --quiet ` +
        "--target wasm32-unknown-unknown -- -D warnings",
    ),
  ),
  cargo("cargo doc", `doc --workspace --no-deps --locked --quiet ${features}`, {
    env: { RUSTDOCFLAGS: "-D warnings" },
  }),
  // By itself, so that the default features are all it has: vm-memory's would come with the package beside it.
  cargo("cargo test, native", "test --package guest-memory --locked --quiet", { quick: true }),
  cargo("cargo test, native, all features", `test --workspace --locked --quiet ${features}`),
  cargo("cargo test, wasm32-wasip1", `test --workspace --locked --quiet ${features} --target wasm32-wasip1`),
  ...platforms.map(({ target }) =>
    cargo(`cargo test, ${target}`, `test --workspace --locked --quiet ${features} --target ${target}`, on(target)),
  ),
  ...["wasm32-wasip1", "x86_64-pc-windows-gnu"].map((target) => ({
    name: `no test left out without a reason, ${target}`,
    command: process.execPath,
    args: [join(root, "test", "platforms", "left-out.mjs"), target, "--workspace", "--locked", ...features.split(" ")],
    ...(target === "wasm32-wasip1" ? {} : on(target)),
  })),
  consumers("native"),
  consumers("i686", on("i686-unknown-linux-gnu")),
  consumers("wasm32-wasip1"),
  cargo(
    "vm-memory's API and virtio's constants, of the originals",
    "test --manifest-path test/original/Cargo.toml --target-dir target --locked --quiet",
  ),
  cargo(
    "clippy, crate/fuzz",
    "clippy --manifest-path crate/fuzz/Cargo.toml --target-dir target --all-targets --locked --quiet -- -D warnings",
  ),
  cargo("the same as the original", "test --manifest-path crate/fuzz/Cargo.toml --target-dir target --locked --quiet"),
  script("the same as the original, by a fuzzer", "scripts/fuzz.mjs 30", {
    needs: [nightlyRust.name, `${fuzzer.crate} ${fuzzer.version}`],
  }),
  cargo("Miri", `+${nightly} miri test --package guest-memory --lib --locked --quiet ${coreFeatures}`, {
    needs: [nightlyRust.name],
    env: miri,
  }),
  script("ThreadSanitizer", `scripts/thread-sanitizer.mjs --package guest-memory --locked --quiet ${coreFeatures}`, {
    needs: [nightlyRust.name],
  }),
  // Of the working tree, as all the rest. Nothing is uploaded: vm-memory is another's name there.
  cargo("cargo publish, dry run", "publish --workspace --dry-run --locked --quiet --allow-dirty"),
  node("vite build", "vite/bin/vite.js", "build"),
  node("declarations", "typescript/bin/tsc", "-p tsconfig.build.json"),
  node("publint", "publint/src/cli.js", "--strict"),
  // A .wasm has no types, and ES modules only means no answer for CommonJS resolvers.
  node(
    "are the types wrong",
    "@arethetypeswrong/cli/dist/index.js",
    "--pack --profile esm-only --exclude-entrypoints guest_memory.wasm",
  ),
  node("knip", "knip/bin/knip.js", "--no-progress"),
  node("vitest, unit", "vitest/vitest.mjs", "run --project unit", { quick: true }),
  node("vitest, slow", "vitest/vitest.mjs", "run --project slow"),
  node("vitest, v86", "vitest/vitest.mjs", "run --project v86", { needs: [linuxGuest] }),
];

/** @typedef {{ name: string, result: "passed" | "FAILED" | "NOT RUN", seconds: number, why: string }} Outcome */

/** @param {Row} row @param {string[]} missing @returns {Outcome} */
function outcome({ name, command, args, needs = [], env }, missing) {
  const absent = needs.filter((need) => missing.includes(need));
  if (absent.length > 0) return { name, result: "NOT RUN", seconds: 0, why: `missing: ${absent.join("; ")}` };
  console.log(`\n=== ${name}`);
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  try {
    run(command, args, { cwd: root, env: { ...process.env, ...env } });
    return { name, result: "passed", seconds: seconds(), why: "" };
  } catch (error) {
    return { name, result: "FAILED", seconds: seconds(), why: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {Outcome[]} outcomes */
function report(outcomes) {
  console.log("\n=== summary");
  for (const { name, result, seconds, why } of outcomes) {
    console.log(`  ${result.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${name}${why === "" ? "" : `  (${why})`}`);
  }
  const total = outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  /** @param {Outcome["result"]} result */
  const count = (result) => outcomes.filter((outcome) => outcome.result === result).length;
  console.log(`  ${"".padEnd(8)} ${total.toFixed(1).padStart(6)} s  in all`);
  const notRun = count("NOT RUN");
  console.log(`\n${count("passed")} passed, ${count("FAILED")} failed${notRun === 0 ? "" : `, ${notRun} skipped`}`);
  if (count("FAILED") > 0 || count("passed") === 0) process.exitCode = 1;
}

const quick = process.argv.includes("--quick");
const only = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";
const start = Date.now();
try {
  const missing = setup({ quick });
  const chosen = rows.filter((row) => (row.quick || !quick) && row.name.includes(only));
  const ready = {
    name: "set-up",
    result: /** @type {const} */ ("passed"),
    seconds: (Date.now() - start) / 1000,
    why: "",
  };
  report([ready, ...chosen.map((row) => outcome(row, missing))]);
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  report([{ name: "set-up", result: "FAILED", seconds: (Date.now() - start) / 1000, why }]);
}
