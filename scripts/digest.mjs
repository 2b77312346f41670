// pkg/digest.json: digests of the sources that pkg/ was built from, of the built files, and the toolchain's versions.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./process.mjs";
import { cargoTools, root } from "./toolchain.mjs";

/**
 * @typedef {object} Digest
 * @property {string} sources SHA-256 over the names and bytes of every source file
 * @property {Record<string, string>} toolchain
 * @property {Record<string, string>} files SHA-256 of each built file
 */

/** @param {string | Buffer} bytes */
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The files pkg/ is built from: the core and its module, their manifests, and the scripts that build and optimise. */
export function sourceFiles() {
  const inCrate = ["crate/src", "crate/module"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll("\\", "/"),
    );
  const scripts = ["scripts/build-pkg.mjs", "scripts/optimise.mjs"];
  return ["Cargo.lock", "Cargo.toml", "crate/Cargo.toml", ...scripts, ...inCrate].sort();
}

export function sourceDigest() {
  const files = sourceFiles().map((name) => `${sha256(readFileSync(join(root, name)))}  ${name}\n`);
  return sha256(files.join(""));
}

/** The tools whose versions decide the bytes of pkg/. */
export function toolchain() {
  const rustc = capture("rustc", ["-Vv"], { cwd: root }) ?? "";
  /** @param {string} name */
  const field = (name) => new RegExp(`^${name}: (.+)$`, "m").exec(rustc)?.[1] ?? "unknown";
  const binaryen = JSON.parse(readFileSync(join(root, "node_modules", "binaryen", "package.json"), "utf8"));
  return {
    rustc: `${field("release")} (${field("commit-hash")})`,
    llvm: field("LLVM version"),
    host: field("host"),
    ...Object.fromEntries(cargoTools().map(({ crate, version }) => [crate, version])),
    binaryen: binaryen.version,
  };
}

/**
 * The digest of a folder that was just built.
 * @param {string} folder
 * @returns {Digest}
 */
export function digestOf(folder) {
  const names = readdirSync(folder).filter((name) => name !== "digest.json");
  return {
    sources: sourceDigest(),
    toolchain: toolchain(),
    files: Object.fromEntries(names.sort().map((name) => [name, sha256(readFileSync(join(folder, name)))])),
  };
}

/** @returns {Digest} the contents of pkg/digest.json */
export function committedDigest() {
  return JSON.parse(readFileSync(join(root, "pkg", "digest.json"), "utf8"));
}
