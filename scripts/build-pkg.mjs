// Builds pkg/ from crate/: wasm-pack, with flags that make the same bytes in any folder on any machine of one toolchain.
// Usage: node scripts/build-pkg.mjs [folder]      (the folder is pkg/ unless named)
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, sourceDigest } from "./digest.mjs";
import { capture, run, withPath } from "./process.mjs";
import { root, toolPath } from "./toolchain.mjs";

/** Bytes of linear memory that the module begins with (docs/architecture.md): tables for eight guests, 21 MiB for others. */
const INITIAL_MEMORY = 56 * 2 ** 20;
/** So that small guests never make linear memory grow (docs/architecture.md): address space, committed as it is used. */
export const initialMemoryFlag = `-Clink-arg=--initial-memory=${INITIAL_MEMORY}`;

/** The flags of rustc, in this one place. */
function rustFlags() {
  const sysroot = capture("rustc", ["--print", "sysroot"], { cwd: root });
  const commit = /^commit-hash: (.+)$/m.exec(capture("rustc", ["-Vv"], { cwd: root }) ?? "")?.[1];
  if (sysroot === undefined || commit === undefined) throw new Error("rustc is missing: run `npm run setup`.");
  return [
    // Every engine since 2023 has it, and memchr's search and LLVM's loops use it. The rest of that baseline (bulk memory,
    // sign extension, saturating conversions, multi-value, mutable globals, reference types) is rustc's own default.
    "-Ctarget-feature=+simd128",
    initialMemoryFlag,
    // Panic messages and file!() carry paths. Remapped, they name no machine's folders and no registry, and the bytes are
    // the same wherever the checkout lies. /rustc/<commit> is what rustc itself writes where it has no library sources.
    ...crateFolders().map((folder) => `--remap-path-prefix=${folder}=crates`),
    `--remap-path-prefix=${join(sysroot, "lib", "rustlib", "src", "rust")}=/rustc/${commit}`,
    `--remap-path-prefix=${root}=guest-memory`,
  ];
}

/** The folders that hold the sources of the crates we depend on: one for each registry, wherever cargo keeps it. */
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
 * Builds into a folder of its own first, so that nobody ever reads a half-written pkg/.
 * @param {string} folder
 */
export function buildPkg(folder) {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "pkg-"));
  const sources = sourceDigest();
  try {
    const wasmPack = ["build", "crate", "--release", "--target", "web", "--no-pack", "--mode", "no-install"];
    run(
      "wasm-pack",
      [...wasmPack, "--out-dir", fresh, "--out-name", "guest_memory", "--", "--locked", "--features", "heap"],
      {
        cwd: root,
        env: {
          ...withPath(...toolPath()),
          CARGO_ENCODED_RUSTFLAGS: rustFlags().join("\x1f"),
          CARGO_TARGET_DIR: join(root, "target", "pkg"), // other flags, other artefacts: not mixed with cargo test's
        },
      },
    );
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
