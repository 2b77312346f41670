// The tools that build and test the project: their versions, and where they are found. Imports Node's own modules only.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture } from "./process.mjs";

/** The checkout's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Vite 8 asks for this much of Node 20. */
export const oldestNode = [20, 19];

/** The toolchain for Miri, the sanitizers and the fuzzer. rust-toolchain.toml has the toolchain for everything else. */
export const nightly = "nightly-2026-05-20";

/** The targets that rust-toolchain.toml asks for. */
export function rustTargets() {
  const list = /^targets = \[(.+)\]$/m.exec(readFileSync(join(root, "rust-toolchain.toml"), "utf8"))?.[1] ?? "";
  return [...list.matchAll(/"(.+?)"/g)].map(([, target = ""]) => target);
}

/**
 * @typedef {object} Tool a command built by `cargo install`
 * @property {string} crate
 * @property {string} command
 * @property {string} version
 * @property {string[]} flags for cargo install
 */

/** @returns {Tool[]} */
export function cargoTools() {
  return [
    { crate: "wasm-pack", command: "wasm-pack", version: "0.15.1", flags: ["--locked"] },
    // Not --locked: its lock file names a crate version that registries do not have.
    { crate: "wasm-bindgen-cli", command: "wasm-bindgen", version: lockedVersion("wasm-bindgen"), flags: [] },
  ];
}

/** @type {Tool} */
export const fuzzer = { crate: "cargo-fuzz", command: "cargo-fuzz", version: "0.13.2", flags: ["--locked"] };

/**
 * Mozilla's own driver of Firefox. Debian has no package of it, and the one on npm downloads a binary from elsewhere.
 * @type {Tool}
 */
export const geckodriver = { crate: "geckodriver", command: "geckodriver", version: "0.37.1", flags: ["--locked"] };

/**
 * The version of a crate in Cargo.lock.
 * @param {string} crate
 */
export function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const version = new RegExp(`^name = "${crate}"\\nversion = "(.+)"$`, "m").exec(lock)?.[1];
  if (version === undefined) throw new Error(`Cargo.lock has no ${crate}`);
  return version;
}

/**
 * The folder where this project installs a tool. It is outside the checkout, so that a fresh clone need not build it again.
 * @param {Tool} tool
 */
export function toolFolder({ crate, version }) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "guest-memory", "tools", `${crate}-${version}`);
}

/**
 * The folder that holds a tool in its right version: "" if it is on PATH, undefined if it is nowhere.
 * @param {Tool} tool
 */
export function findTool(tool) {
  /** @param {string} command Some say more, in brackets or in further lines. */
  const saysVersion = (command) =>
    capture(command, ["--version"])
      ?.split("\n")[0]
      ?.replace(/ \(.*\)$/, "") === `${tool.command} ${tool.version}`;
  if (saysVersion(tool.command)) return "";
  const folder = join(toolFolder(tool), "bin");
  return saysVersion(join(folder, tool.command)) ? folder : undefined;
}

/** The folders that must be on PATH for wasm-pack, which looks there for wasm-bindgen. */
export function toolPath() {
  const folders = [];
  for (const tool of cargoTools()) {
    const folder = findTool(tool);
    if (folder === undefined) throw new Error(`${tool.command} ${tool.version} is missing: run \`npm run setup\`.`);
    if (folder !== "") folders.push(folder);
  }
  return folders;
}

/** True where this Node is new enough for the project's own tools. */
export function nodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * The script of an npm package's command, for `process.execPath`: that needs no shell and leaves no child process behind.
 * @param {string} path inside node_modules
 */
export const binary = (path) => join(root, "node_modules", ...path.split("/"));
