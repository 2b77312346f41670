// Builds of the guard: dist/ and pkg/ of a commit, kept in .cache/guard/<commit> and made with the installed packages;
// and the build of the working tree.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture, run } from "../../scripts/process.mjs";
import { root } from "../../scripts/toolchain.mjs";

const bin = join(root, "node_modules", ".bin");

/**
 * Faults of the earlier commit that are mended before it is built: what they do shows only later, and anywhere.
 * @type {readonly (readonly [file: string, fault: string, mended: string])[]}
 */
export const FAULTS = [
  // A search of external memory marked the page behind the one where it stages, whose next use then ended views.
  ["ts/external/staging.ts", "((host + bytes.length) >>> 12) + 1", "((host + bytes.length - 1) >>> 12) + 1"],
  // The halves of an address lie in two variables, which a listener may change that `enter` tells of the map.
  [
    "ts/access/ranges.ts",
    'wide.split(b, "b");\n    this.#space.enter();',
    'wide.split(b, "b");\n    this.#space.enter();\n    wide.split(b, "b");',
  ],
  [
    "ts/space/resolver.ts",
    "space.enter();\n    const { linear } = space;",
    'space.enter();\n    wide.split(address, "address");\n    const { linear } = space;',
  ],
];

/** @param {string} folder @param {typeof FAULTS} faults */
function mend(folder, faults) {
  for (const [file, fault, mended] of faults) {
    const path = join(folder, file);
    if (existsSync(path)) writeFileSync(path, readFileSync(path, "utf8").replace(fault, mended));
  }
}

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
 * @param {typeof FAULTS} faults what is mended in it
 * @returns {string} its folder
 */
export function buildOf(commit, faults = []) {
  const name = capture("git", ["rev-parse", "--verify", `${commit}^{commit}`], { cwd: root });
  if (name === undefined) throw new Error(`git knows no commit ${commit}`);
  const mended = createHash("sha256").update(JSON.stringify(faults)).digest("hex").slice(0, 8);
  const folder = join(root, ".cache", "guard", `${name}-${mended}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const archive = spawnSync("git", ["archive", name], { cwd: root, maxBuffer: 2 ** 30 });
  if (archive.status !== 0) throw new Error(`git archive ${name}: ${archive.stderr}`);
  const unpacked = spawnSync("tar", ["-x"], { cwd: making, input: archive.stdout });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  mend(making, faults);
  symlinkSync(join(root, "node_modules"), join(making, "node_modules"), "junction");
  buildDist(making);
  renameSync(making, folder);
  return folder;
}
