// Carries the version of package.json to the other manifests, and to the lock files that name it. npm runs it:
//
//     npm version 0.2.0 --no-git-tag-version
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture } from "./process.mjs";
import { root } from "./toolchain.mjs";

/** Where a manifest states the version; vm-memory's own is the version of the API that it has. */
const MANIFESTS = {
  "jsr.json": /(?<=^ {2}"version": ")[^"]+/gm,
  "crate/Cargo.toml": /(?<=^version = ")[^"]+/gm,
  "crate/module/Cargo.toml": /(?<=^version = ")[^"]+/gm,
  "crate/vm-memory/Cargo.toml": /(?<=^guest-memory = \{ version = ")[^"]+/gm,
};
/** The same in a lock file of cargo's. */
const LOCKED = /(?<=^name = "guest-memory(?:-module)?"\nversion = ")[^"]+/gm;

/** Every file that states the version besides npm's own, and where. @returns {[file: string, where: RegExp][]} */
export function places() {
  const locks = capture("git", ["ls-files", "*.lock"], { cwd: root })?.trim().split("\n") ?? [];
  const named = locks.filter((file) => readFileSync(join(root, file), "utf8").match(LOCKED));
  return [...Object.entries(MANIFESTS), ...named.map((file) => /** @type {[string, RegExp]} */ ([file, LOCKED]))];
}

/** Writes a version to all places. @param {string} version @param {string} folder of the checkout */
export function carry(version, folder = root) {
  for (const [file, where] of places()) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(where, version));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  carry(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
}
