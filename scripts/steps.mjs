// What the tests need, as steps of the set-up: how to see that a thing is there, how to get it, else what to say.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchPackages, how, packagesAreThere } from "../examples/v86/guest/packages.mjs";
import { enginesFolder, findChromium, findEngine } from "./engines.mjs";
import { packagesAreInstalled } from "./packages.mjs";
import { platforms, programsFor, runs } from "./platforms.mjs";
import { capture, npm, run } from "./process.mjs";
import {
  cargoTools,
  findTool,
  fuzzer,
  nightly,
  nodeIsNewEnough,
  oldestNode,
  root,
  rustComponents,
  rustTargets,
  toolFolder,
} from "./toolchain.mjs";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => boolean} there
 * @property {() => void} [get] undefined: a script cannot bring it
 * @property {string} how what a person does where `get` cannot
 * @property {string} [takes] said where `get` is long
 * @property {boolean} [optional] the platform may not have it: an error only under CI=true
 */

/** What examples/v86 boots. */
export const linuxGuest = "a kernel, busybox and a BIOS for the guest of examples/v86";

const quickComponents = rustComponents.map((name) => component(name));

/** @returns {Step[]} what `npm run test:quick` needs */
export function quickSteps() {
  return [
    {
      name: `Node.js ${oldestNode.join(".")} or newer`,
      there: nodeIsNewEnough,
      how: `this is ${process.versions.node}: install a newer one with your package manager or version manager`,
    },
    npmPackages("npm packages", root),
    {
      name: "Rust",
      there: () => capture("cargo", ["--version"], { cwd: root }) !== undefined,
      how: "install rustup, Rust's own installer (rustup.rs), or your system's `rustup` package; then open a new terminal",
    },
    ...quickComponents,
  ];
}

/** @returns {Step[]} what everything else needs */
export function fullSteps() {
  return [
    ...rustTargets.map((name) => target(name)),
    ...platforms.flatMap((platform) => [target(platform.target, { optional: true }), programs(platform)]),
    ...cargoTools().map(cargoTool),
    nightlyRust,
    { ...cargoTool(fuzzer), optional: true },
    {
      name: "Chromium",
      there: () => findChromium() !== undefined,
      get: () => apt("chromium"),
      how: "install Chromium or Chrome, or set CHROMIUM_PATH to its executable",
      optional: true,
    },
    { name: linuxGuest, there: packagesAreThere, get: fetchPackages, how, takes: "55 MB", optional: true },
    { ...npmPackages("the newest Node, Deno and Bun", enginesFolder, enginesRun), optional: true },
  ];
}

/**
 * `npm ci` would be the shorter word, but refuses a lock file that lacks another platform's optional binaries, which not
 * every registry has; this installs exactly what the lock file says and leaves it as it is.
 * @param {string} name
 * @param {string} folder
 * @param {() => boolean} [works]
 * @returns {Step}
 */
function npmPackages(name, folder, works = () => true) {
  return {
    name,
    there: () => packagesAreInstalled(folder) && works(),
    get: () => npm(["install", "--no-save", "--no-audit", "--no-fund"], { cwd: folder, quiet: true }),
    how: `run \`npm install --no-save\` in ${folder} and see what npm says`,
  };
}

/** @param {string} name @param {{ optional?: boolean }} [more] @returns {Step} */
function target(name, { optional = false } = {}) {
  return {
    name: `Rust's target ${name}`,
    there: () => {
      const folder = capture("rustc", ["--print", "target-libdir", "--target", name], { cwd: root });
      return folder !== undefined && existsSync(folder);
    },
    get: () => run("rustup", ["target", "add", name], { cwd: root, quiet: true }),
    how: `\`rustup target add ${name}\`, or your system's package of Rust's standard library for it`,
    optional,
  };
}

/** @param {string} name @returns {Step} */
function component(name) {
  return {
    name: `Rust's ${name}`,
    there: () => capture(name === "clippy" ? "cargo-clippy" : name, ["--version"], { cwd: root }) !== undefined,
    get: () => run("rustup", ["component", "add", name], { cwd: root, quiet: true }),
    how: `\`rustup component add ${name}\`, or your system's package of it`,
  };
}

/** @param {import("./toolchain.mjs").Tool} tool @returns {Step} */
function cargoTool(tool) {
  return {
    name: `${tool.crate} ${tool.version}`,
    there: () => findTool(tool) !== undefined,
    takes: "compiles for about 2 minutes, once for all clones",
    get: () => {
      const args = ["install", tool.crate, "--version", tool.version, ...tool.flags, "--root", toolFolder(tool)];
      run("cargo", args, { cwd: root, quiet: true });
    },
    how: `see what cargo printed above, or put ${tool.command} ${tool.version} on PATH yourself`,
  };
}

/** @type {Step} */
export const nightlyRust = {
  name: "Rust's nightly with Miri and the standard library's source",
  there: () => {
    const sysroot = capture("rustc", [`+${nightly}`, "--print", "sysroot"]);
    return (
      sysroot !== undefined &&
      existsSync(join(sysroot, "lib/rustlib/src/rust/library/Cargo.lock")) &&
      capture("cargo", [`+${nightly}`, "miri", "--version"]) !== undefined
    );
  },
  get: () => {
    // A nightly that is there stays as it is: the newest may lack a component.
    if (capture("rustc", [`+${nightly}`, "--version"]) === undefined)
      run("rustup", ["toolchain", "install", nightly, "--profile", "minimal"], { quiet: true });
    run("rustup", ["component", "add", "--toolchain", nightly, "miri", "rust-src"], { quiet: true });
  },
  how: "`rustup toolchain install nightly --component miri --component rust-src`",
  optional: true,
};

/** @param {import("./platforms.mjs").Platform} platform @returns {Step} */
function programs(platform) {
  const { packages, compiler, runner } = platform;
  const commands = [compiler.join(" "), ...runner.slice(0, 1)].map((command) => `\`${command}\``).join(" and ");
  return {
    name: programsFor(platform),
    there: () => runs(platform),
    takes: platform.takes,
    get: () => apt(...packages),
    how: `install your system's packages for ${commands}: on Debian and Ubuntu ${packages.join(" ")}`,
    optional: true,
  };
}

const enginesRun = () =>
  ["node", "deno", "bun"].every((name) => findEngine(/** @type {"node"} */ (name)) !== undefined);

/** @param {string[]} names */
function apt(...names) {
  if (capture("apt-get", ["--version"]) === undefined) throw new Error("there is no apt-get here");
  if (process.getuid?.() !== 0) throw new Error(`not root: \`sudo apt-get install ${names.join(" ")}\``);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update"], { env, quiet: true });
  run("apt-get", ["install", "--yes", "--no-install-recommends", ...names], { env, quiet: true });
}
