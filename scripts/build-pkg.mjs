// Builds pkg/ from crate/module with wasm-pack and Binaryen. Their flags make the result the same, byte for byte, in any folder on any machine
// with the same toolchain.
// Usage: node scripts/build-pkg.mjs [folder]      (the folder is pkg/ unless named)
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, sourceDigest } from "./digest.mjs";
import { optimise } from "./optimise.mjs";
import { capture, run, withPath } from "./process.mjs";
import { root, toolPath } from "./toolchain.mjs";

/** The initial size of linear memory in bytes: tables for eight guests, and 21 MiB more (docs/architecture.md). */
const INITIAL_MEMORY = 56 * 2 ** 20;
/** Keeps small guests from growing linear memory. It is address space, committed as it is used (docs/architecture.md). */
export const initialMemoryFlag = `-Clink-arg=--initial-memory=${INITIAL_MEMORY}`;

/** The flags of rustc. */
function rustFlags() {
  const sysroot = capture("rustc", ["--print", "sysroot"], { cwd: root });
  const commit = /^commit-hash: (.+)$/m.exec(capture("rustc", ["-Vv"], { cwd: root }) ?? "")?.[1];
  if (sysroot === undefined || commit === undefined) throw new Error("rustc is missing: run `npm run setup`.");
  return [
    // Every engine since 2023 has SIMD, and memchr's search and LLVM's loops use it. rustc enables the rest of that
    // baseline by default: bulk memory, sign extension, saturating conversions, multi-value, mutable globals, reference
    // types.
    "-Ctarget-feature=+simd128",
    initialMemoryFlag,
    // Panic messages and file!() carry paths. They are remapped, so that they name no folder of this machine and no
    // registry, and the bytes are the same in any folder. rustc itself writes /rustc/<commit> for its library sources.
    ...crateFolders().map((folder) => `--remap-path-prefix=${folder}=crates`),
    `--remap-path-prefix=${join(sysroot, "lib", "rustlib", "src", "rust")}=/rustc/${commit}`,
    `--remap-path-prefix=${root}=guest-memory`,
  ];
}

/** The folders with the sources of the crates that this crate depends on: one for each registry. */
function crateFolders() {
  const options = ["--format-version=1", "--locked", "--filter-platform=wasm32-unknown-unknown"];
  const metadata = capture("cargo", ["metadata", ...options], { cwd: root });
  if (metadata === undefined) throw new Error("cargo metadata fails: run `cargo metadata --locked` to see why.");
  /** @type {{ source: string | null, manifest_path: string }[]} */
  const packages = JSON.parse(metadata).packages;
  const external = packages.filter(({ source }) => source !== null);
  return [...new Set(external.map((crate) => dirname(dirname(crate.manifest_path))))];
}

/**
 * Builds into a new folder first, so that no other process reads a half-written pkg/.
 * @param {string} folder
 */
export function buildPkg(folder) {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "pkg-"));
  const sources = sourceDigest();
  try {
    const wasmPack = ["build", "crate/module", "--release", "--target", "web", "--no-pack", "--mode", "no-install"];
    run("wasm-pack", [...wasmPack, "--out-dir", fresh, "--out-name", "guest_memory", "--", "--locked"], {
      cwd: root,
      env: {
        ...withPath(...toolPath()),
        CARGO_ENCODED_RUSTFLAGS: rustFlags().join("\x1f"),
        CARGO_TARGET_DIR: join(root, "target", "pkg"), // apart from cargo test's artefacts, whose flags differ
      },
    });
    const module = join(fresh, "guest_memory_bg.wasm");
    writeFileSync(module, optimise(readFileSync(module)));
    rmSync(join(fresh, ".gitignore"), { force: true }); // wasm-pack's `*` would keep pkg/ out of git and of the tarball
    const digest = digestOf(fresh);
    if (digest.sources !== sources) throw new Error("The sources changed while they were built: build again.");
    writeFileSync(join(fresh, "digest.json"), `${JSON.stringify(digest, null, 2)}\n`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(fresh)) copyFileSync(join(fresh, name), join(folder, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(root, "pkg"));
  buildPkg(folder);
  console.log(`Built ${folder}`);
}
