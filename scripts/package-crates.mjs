// Packages the crates as `cargo publish` would, and builds what is in the packages. Nothing is published, and crates.io is
// not asked. `cargo publish --dry-run` itself would not do: it builds vm-memory with the package of guest-memory that it
// has unpacked first for this folder, even after that has changed and its version has not.
// Usage: node scripts/package-crates.mjs
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture, run } from "./process.mjs";
import { root } from "./toolchain.mjs";

const CRATES = ["guest-memory", "vm-memory"];

const metadata = capture("cargo", ["metadata", "--format-version=1", "--no-deps", "--locked"], { cwd: root }) ?? "{}";
/** @type {{ target_directory: string, packages: { name: string, version: string }[] }} */
const { target_directory: target, packages } = JSON.parse(metadata);
const names = CRATES.map((name) => `${name}-${packages.find((each) => each.name === name)?.version}`);

run("cargo", ["fetch", "--quiet", "--locked"], { cwd: root });
const chosen = CRATES.flatMap((name) => ["--package", name]);
// --allow-dirty, because all tests are of the working tree.
run("cargo", ["package", "--quiet", ...chosen, "--locked", "--offline", "--allow-dirty", "--no-verify"], { cwd: root });

const folder = mkdtempSync(join(target, "package", "unpacked-"));
try {
  for (const name of names) run("tar", ["-xzf", join(target, "package", `${name}.crate`), "-C", folder]);
  const manifest = [
    "[workspace]",
    'resolver = "3"',
    `members = ${JSON.stringify(names)}`,
    "[patch.crates-io]",
    ...CRATES.map((name, index) => `${name} = { path = ${JSON.stringify(names[index])} }`),
  ];
  writeFileSync(join(folder, "Cargo.toml"), `${manifest.join("\n")}\n`);
  copyFileSync(join(root, "Cargo.lock"), join(folder, "Cargo.lock"));
  run("cargo", ["build", "--quiet", "--workspace", "--offline", "--target-dir", join(folder, "target")], {
    cwd: folder,
  });
} finally {
  rmSync(folder, { recursive: true });
}
