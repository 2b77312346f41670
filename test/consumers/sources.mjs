// The sources of rust-vmm's crates and their users as crates.io has them, in a cargo workspace below .cache/ that takes
// our packages by `[patch.crates-io]`. Its lock file is test/consumers/<workspace>.lock.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { capture, run } from "../../scripts/process.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { platforms, suites, workspaces } from "./suites.mjs";

/**
 * @typedef {import("./suites.mjs").Suite} Suite
 * @typedef {import("./suites.mjs").Workspace} Workspace
 */

const cache = join(root, ".cache", "consumers");

/** @param {Workspace} workspace @param {Suite} suite */
export const sourceFolder = (workspace, { crate, version }) => join(cache, workspace, `${crate}-${version}`);

/**
 * Brings a workspace's sources where they are missing, and writes its manifest and lock file.
 * @param {Workspace} workspace
 * @param {{ update: boolean }} options update: lock the newest versions of what the sources depend on
 */
export function bringSources(workspace, { update }) {
  const folder = join(cache, workspace);
  const lockFile = join(import.meta.dirname, `${workspace}.lock`);
  const members = suites.filter((suite) => suite.platforms.some((name) => platforms[name].workspace === workspace));
  bring(
    workspace,
    members.filter((suite) => !existsSync(sourceFolder(workspace, suite))),
  );
  const manifest = [
    "[workspace]",
    'resolver = "2"',
    `members = [${members.map(({ crate, version }) => `"${crate}-${version}"`).join(", ")}]`,
    "[patch.crates-io]",
    ...workspaces[workspace].patches.map((name) => `${name} = { path = "../../../crate/${name}" }`),
  ];
  writeFileSync(join(folder, "Cargo.toml"), `${manifest.join("\n")}\n`);
  if (update) {
    rmSync(join(folder, "Cargo.lock"), { force: true });
    run("cargo", ["generate-lockfile"], { cwd: folder });
    copyFileSync(join(folder, "Cargo.lock"), lockFile);
  }
  copyFileSync(lockFile, join(folder, "Cargo.lock"));
}

/**
 * Lets cargo download the packages, as dependencies of an empty one, and copies them out of its cache: cargo tests only
 * members of a workspace.
 * @param {Workspace} workspace
 * @param {Suite[]} missing
 */
function bring(workspace, missing) {
  if (missing.length === 0) return;
  const empty = join(cache, workspace, "download");
  mkdirSync(join(empty, "src"), { recursive: true });
  writeFileSync(join(empty, "src", "lib.rs"), "");
  const manifest = [
    "[package]",
    'name = "download"',
    'edition = "2024"',
    "[workspace]",
    "[dependencies]",
    ...missing.map(({ crate, version }) => `${crate} = "=${version}"`),
  ];
  writeFileSync(join(empty, "Cargo.toml"), `${manifest.join("\n")}\n`);
  run("cargo", ["fetch"], { cwd: empty, quiet: true });
  const metadata = capture("cargo", ["metadata", "--format-version=1", "--offline"], { cwd: empty });
  if (metadata === undefined) throw new Error(`cargo metadata fails in ${empty}`);
  /** @type {{ name: string, version: string, manifest_path: string }[]} */
  const packages = JSON.parse(metadata).packages;
  for (const suite of missing) {
    const found = packages.find(({ name, version }) => name === suite.crate && version === suite.version);
    if (found === undefined) throw new Error(`cargo did not bring ${suite.crate} ${suite.version}`);
    const folder = sourceFolder(workspace, suite);
    const part = `${folder}.part`; // so that a copy that was interrupted does not count
    rmSync(part, { recursive: true, force: true });
    cpSync(dirname(found.manifest_path), part, { recursive: true });
    adapt(part, workspaces[workspace]);
    renameSync(part, folder);
  }
  rmSync(empty, { recursive: true });
}

/**
 * Makes the changes that a workspace's sources need.
 * @param {string} folder
 * @param {import("./suites.mjs").Settings} settings
 */
function adapt(folder, { benches, raised = {}, renamed }) {
  // A manifest as cargo writes it when it publishes: a heading for each dependency and each bench.
  const manifest = join(folder, "Cargo.toml");
  const kept = readFileSync(manifest, "utf8")
    .split(/^(?=\[)/m)
    .filter((section) => benches || !/^(\[\[bench\]\]|\[dev-dependencies\.criterion\])/.test(section))
    .map((section) => {
      const version = raised[/^\[(?:dev-)?dependencies\.([\w-]+)\]/.exec(section)?.[1] ?? ""];
      return version === undefined ? section : section.replace(/^version = ".*"/m, `version = "${version}"`);
    });
  writeFileSync(manifest, kept.join(""));
  if (renamed === undefined) return;
  for (const name of readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".rs")) continue;
    const file = join(folder, "src", name);
    writeFileSync(file, readFileSync(file, "utf8").replace(...renamed));
  }
}
