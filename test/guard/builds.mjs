// Builds: that of a commit, kept in .cache/guard/<commit>: dist/ made with the packages that are here, and its pkg/; and that of the files that are here.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { capture, run } from "../../scripts/process.mjs";
import { root } from "../../scripts/toolchain.mjs";

const bin = join(root, "node_modules", ".bin");

/**
 * Builds a folder's dist/, its declarations too.
 * @param {string} folder
 */
export function buildDist(folder) {
  run(process.execPath, [join(bin, "vite"), "build", "--logLevel", "warn"], { cwd: folder, quiet: true });
  run(process.execPath, [join(bin, "tsc"), "-p", "tsconfig.build.json"], { cwd: folder, quiet: true });
}

/**
 * The build of a commit; made if it is not there.
 * @param {string} commit any name that git knows
 * @returns {string} its folder
 */
export function buildOf(commit) {
  const name = capture("git", ["rev-parse", "--verify", `${commit}^{commit}`], { cwd: root });
  if (name === undefined) throw new Error(`git knows no commit ${commit}`);
  const folder = join(root, ".cache", "guard", name);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const archive = spawnSync("git", ["archive", name], { cwd: root, maxBuffer: 2 ** 30 });
  if (archive.status !== 0) throw new Error(`git archive ${name}: ${archive.stderr}`);
  const unpacked = spawnSync("tar", ["-x"], { cwd: making, input: archive.stdout });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  symlinkSync(join(root, "node_modules"), join(making, "node_modules"), "junction");
  buildDist(making);
  renameSync(making, folder);
  return folder;
}
