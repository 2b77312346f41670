// Every check and test, by name, with its command line. They run in this order: those that take seconds come first.
import { environment, platforms } from "./platforms.mjs";
import {
  bundlers,
  firefox,
  firefoxDriver,
  fuzzerTool,
  linuxGuest,
  nextJs,
  nightlyRust,
  platformOf,
  securityLibraries,
  webKit,
} from "./steps.mjs";
import { nightly } from "./toolchain.mjs";

/**
 * A command line, which may name commands of node_modules. An object adds the steps of the set-up that the command needs,
 * and its environment.
 * @typedef {string | { run: string, needs: string[], env?: NodeJS.ProcessEnv }} Row
 */

/** All features of vm-memory except `xen`, which is refused. The last three are its optional dependencies. */
const backends = ["backend-atomic", "backend-bitmap", "backend-mmap", "iommu"];
const features = [...backends, "arc-swap", "bitflags", "vmm-sys-util"].map((name) => `vm-memory/${name}`).join();
const all = `--workspace --features ${features} --locked`;
/** The core by itself, with its streams by file descriptor. */
const core = `--package guest-memory --features ${[...backends, "rawfd"].join()} --locked`;

const strict = "-- -D warnings";
const wasm32 = "--target wasm32-unknown-unknown";
/** A package that is a workspace of its own: `--workspace` leaves it out. @param {string} folder */
const nested = (folder) => `--manifest-path ${folder}/Cargo.toml --target-dir target --locked`;
/** @param {string} folder */
const clippyOf = (folder) => `cargo clippy --quiet ${nested(folder)} --all-targets ${wasm32} ${strict}`;

/**
 * Tree Borrows, because the older rules walk the whole dirty map on each access. Pointers made of integers are errors.
 * The tests may open files.
 */
const MIRIFLAGS =
  "-Zmiri-disable-isolation -Zmiri-strict-provenance -Zmiri-tree-borrows -Zmiri-tree-borrows-no-precise-interior-mut -Zmiri-disable-weak-memory-emulation";

/** A row on another platform. @param {string} target one of platforms.mjs @param {string} run @returns {Row} */
function on(target, run) {
  const platform = platforms.find((candidate) => candidate.target === target);
  if (platform === undefined) throw new Error(`platforms.mjs has no ${target}`);
  return { run, needs: [platformOf(target)], env: environment(platform) };
}

/** @type {Record<string, Row>} `npm run test:quick`, and the first part of `npm test` */
const quick = {
  rustfmt: 'files=$(git ls-files "*.rs") && rustfmt --check --edition 2024 $files', // `cargo fmt` skips nested workspaces
  biome: "biome check --error-on-warnings",
  tsc: { run: "tsc", needs: [bundlers] }, // their types, for the script that calls them
  clippy: `cargo clippy --quiet --workspace --all-targets --locked ${strict}`,
  // The package alone, so that it has its default features only: vm-memory in the same run would enable further ones.
  "cargo test": "cargo test --quiet --package guest-memory --locked",
  "vitest, unit": "vitest run --project unit",
};

/** @type {Record<string, Row>} the second part of `npm test`: with the first, all of this machine's suites */
const test = {
  knip: "knip --no-progress",
  "clippy, all features": `cargo clippy --quiet ${all} --all-targets ${strict}`,
  "clippy, wasm32": `cargo clippy --quiet ${all} --lib ${wasm32} ${strict}`,
  "clippy, bench/core": clippyOf("bench/core"),
  "clippy, examples/rust-device": clippyOf("examples/rust-device/device"),
  "clippy, test/own-module": clippyOf("test/own-module"),
  "clippy, crate/fuzz": `cargo clippy --quiet ${nested("crate/fuzz")} --all-targets ${strict}`,
  "cargo doc": { run: `cargo doc --quiet ${all} --no-deps`, needs: [], env: { RUSTDOCFLAGS: "-D warnings" } },
  "cargo test, all features": `cargo test --quiet ${all}`,
  "cargo test, wasm32-wasip1": `node test/platforms/run.mjs wasm32-wasip1 ${all}`,
  "vm-memory's API and virtio's constants, of the originals": `cargo test --quiet ${nested("test/vm-memory")}`,
  "the same as the original": `cargo test --quiet ${nested("crate/fuzz")}`,
  "rust-vmm's suites": "node test/consumers/run.mjs native",
  "cargo package": "node scripts/package-crates.mjs",
  "dist/": "vite build && tsc -p tsconfig.build.json",
  publint: "publint --strict",
  // A .wasm has no types, and ES modules only means no answer for CommonJS resolvers.
  "are the types wrong": "attw --pack --profile esm-only --exclude-entrypoints guest_memory.wasm",
  "vitest, slow": "vitest run --project slow",
  "vitest, v86": { run: "vitest run --project v86", needs: [linuxGuest] },
  "bundlers, a sample": { run: "vitest run --project bundlers --tags-filter=sample", needs: [bundlers] },
  "mutants, a sample": "vitest run --project mutants --tags-filter=sample",
};

/** @type {Record<string, Row>} with `npm test`, all of `npm run test:all`: other platforms, and what takes long */
const rest = {
  "the reference site": "node scripts/site.mjs",
  "Next.js": { run: "vitest run --project next", needs: [nextJs] },
  "bundlers, the others": { run: 'vitest run --project bundlers --tags-filter="not sample"', needs: [bundlers] },
  "browsers: Firefox, WebKitGTK": {
    run: "vitest run --project browsers",
    needs: [firefox, firefoxDriver, webKit, linuxGuest],
  },
  "mutants, the others": 'vitest run --project mutants --tags-filter="not sample"',
  ...Object.fromEntries(
    platforms.map(({ target }) => [
      `cargo test, ${target}`,
      on(target, `node test/platforms/run.mjs ${target} ${all}`),
    ]),
  ),
  ...Object.fromEntries(
    ["i686-unknown-linux-gnu", "x86_64-pc-windows-gnu"].map((target) => [
      `clippy, ${target}`,
      on(target, `cargo clippy --quiet ${all} --all-targets --target ${target} ${strict}`),
    ]),
  ),
  "suites of fuse-backend-rs and virtiofsd": { run: "node test/consumers/run.mjs older", needs: [securityLibraries] },
  "rust-vmm's suites, i686": on("i686-unknown-linux-gnu", "node test/consumers/run.mjs i686"),
  "rust-vmm's suites, wasm32-wasip1": "node test/consumers/run.mjs wasm32-wasip1",
  "the same as the original, by a fuzzer": {
    run: "node scripts/fuzz.mjs 20000",
    needs: [nightlyRust, fuzzerTool],
  },
  Miri: { run: `cargo +${nightly} miri test --quiet --lib ${core}`, needs: [nightlyRust], env: { MIRIFLAGS } },
  "models of threads": {
    run: `cargo test --quiet --lib ${core} models:: --target-dir target/models`,
    needs: [],
    env: { RUSTFLAGS: "--cfg shuttle" },
  },
  "threads, a hundred million operations": `cargo test --quiet --release --package guest-memory --features backend-atomic,backend-bitmap,backend-mmap --locked --test threads -- --ignored --exact pages::a_hundred_million_operations_meet_no_foreign_byte`,
  ThreadSanitizer: { run: `node scripts/thread-sanitizer.mjs --quiet ${core}`, needs: [nightlyRust] },
};

/** The rows by group. steps.mjs has each group's set-up under the same name. */
export const rows = { quick, test, rest };
