// The steps of the set-up, for the rows of rows.mjs. A step knows how to see that a tool is there and how to get it, or
// which advice to print.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchPackages, how, packagesAreThere } from "../examples/v86/guest/packages.mjs";
import { enginesFolder, findChromium, findEngine, findFirefox, findWebKit } from "./engines.mjs";
import { packagesAreInstalled } from "./packages.mjs";
import { commandsOf, platforms, runs } from "./platforms.mjs";
import { capture, npm, run } from "./process.mjs";
import {
  cargoTools,
  findTool,
  fuzzer,
  geckodriver,
  nightly,
  nodeIsNewEnough,
  oldestNode,
  root,
  rustTargets,
  toolFolder,
} from "./toolchain.mjs";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => boolean} there
 * @property {() => void} [get] undefined: a script cannot bring it
 * @property {string} how what a person can do if `get` cannot
 * @property {string} [takes] how long `get` takes, if it is long
 * @property {boolean} [optional] the platform may not have it: an error only under CI=true
 */

/** Names of steps that rows need. */
export const linuxGuest = "a kernel, busybox and a BIOS for the guest of examples/v86";
export const nextJs = "Next.js, which builds and serves a consumer of the package";
export const bundlers = "the bundlers that build a consumer of the package";
export const nightlyRust = `Rust's ${nightly}, with Miri and the standard library's source`;
export const fuzzerTool = `${fuzzer.crate} ${fuzzer.version}`;
export const securityLibraries = "libcap-ng and libseccomp, with which virtiofsd is linked";
export const firefox = "Firefox";
export const firefoxDriver = `${geckodriver.crate} ${geckodriver.version}`;
export const webKit = "WebKitGTK, its driver, and Xvfb";
/** @param {string} target */
export const platformOf = (target) => `compiler and programs for ${target}`;

/** @type {Step[]} */
const quick = [
  {
    name: `Node.js ${oldestNode.join(".")} or newer`,
    there: nodeIsNewEnough,
    how: `this is ${process.versions.node}: install a newer one with your package manager or version manager`,
  },
  npmPackages("npm packages", root),
  { ...npmPackages(bundlers, join(root, "test", "bundlers")), takes: "270 MB", optional: true },
  {
    name: "Rust, as rust-toolchain.toml has it",
    there: () =>
      ["rustc", "cargo", "rustfmt", "cargo-clippy"].every((command) => answers(command)) &&
      rustTargets().every(hasTarget),
    get: () => run("rustup", ["toolchain", "install", "--no-self-update"], { cwd: root, quiet: true }),
    how: "install rustup, Rust's own installer (rustup.rs), or your system's `rustup` package; then open a new terminal",
  },
];

/** @type {Step[]} */
const test = [
  ...cargoTools().map((tool) => cargoTool(tool)),
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

/** @type {Step[]} */
const rest = [
  { ...npmPackages(nextJs, join(root, "test", "next")), takes: "340 MB", optional: true },
  ...platforms.map((platform) => ({
    name: platformOf(platform.target),
    there: () => hasTarget(platform.target) && runs(platform),
    takes: platform.takes,
    get: () => {
      if (!hasTarget(platform.target)) run("rustup", ["target", "add", platform.target], { cwd: root, quiet: true });
      if (!runs(platform)) apt(...platform.packages);
    },
    how:
      `\`rustup target add ${platform.target}\`, and your system's packages for ${commandsOf(platform)}: ` +
      `on Debian and Ubuntu ${platform.packages.join(" ")}`,
    optional: true,
  })),
  {
    name: nightlyRust,
    there: () => answers("cargo", `+${nightly}`, "miri") && hasSource(nightly),
    get: () => {
      const components = ["--component", "miri", "--component", "rust-src"];
      run("rustup", ["toolchain", "install", nightly, "--profile", "minimal", ...components], { quiet: true });
    },
    how: `\`rustup toolchain install ${nightly} --component miri --component rust-src\``,
    optional: true,
  },
  { ...cargoTool(fuzzer, fuzzerTool), optional: true },
  { ...cargoTool(geckodriver, firefoxDriver), optional: true },
  {
    name: firefox,
    there: () => findFirefox() !== undefined,
    get: () => apt("firefox-esr"),
    how: "install Firefox, or set FIREFOX_PATH to its executable",
    optional: true,
  },
  {
    name: webKit,
    there: () => findWebKit() !== undefined,
    get: () => apt("webkit2gtk-driver", "xvfb"),
    how: "your system's packages for them: on Debian and Ubuntu webkit2gtk-driver xvfb",
    optional: true,
  },
  {
    name: securityLibraries,
    there: () => ["libcap-ng", "libseccomp"].every((name) => capture("pkg-config", ["--libs", name]) !== undefined),
    get: () => apt("libcap-ng-dev", "libseccomp-dev", "pkg-config"),
    how: "your system's packages for them: on Debian and Ubuntu libcap-ng-dev libseccomp-dev pkg-config",
    optional: true,
  },
];

/** The steps by the groups of rows.mjs. */
export const steps = { quick, test, rest };

/** @typedef {keyof typeof steps} Group */

/**
 * Installs exactly the packages of the lock file, and does not change it. `npm ci` would be shorter, but refuses a lock file
 * that lacks another platform's optional binaries, which not every registry has.
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

/** @param {import("./toolchain.mjs").Tool} tool @returns {Step} */
function cargoTool(tool, name = `${tool.crate} ${tool.version}`) {
  return {
    name,
    there: () => findTool(tool) !== undefined,
    takes: "compiles for about 2 minutes, once for all clones",
    get: () => {
      const args = ["install", tool.crate, "--version", tool.version, ...tool.flags, "--root", toolFolder(tool)];
      run("cargo", args, { cwd: root, quiet: true });
    },
    how: `see what cargo printed above, or put ${tool.command} ${tool.version} on PATH yourself`,
  };
}

/** @param {string} command @param {...string} args */
function answers(command, ...args) {
  return capture(command, [...args, "--version"], { cwd: root }) !== undefined;
}

/** @param {string} name of a target of Rust's */
function hasTarget(name) {
  const folder = capture("rustc", ["--print", "target-libdir", "--target", name], { cwd: root });
  return folder !== undefined && existsSync(folder);
}

/** @param {string} channel */
function hasSource(channel) {
  const sysroot = capture("rustc", [`+${channel}`, "--print", "sysroot"]) ?? "";
  return existsSync(join(sysroot, "lib", "rustlib", "src", "rust", "library", "Cargo.lock"));
}

function enginesRun() {
  return ["node", "deno", "bun"].every((name) => findEngine(/** @type {"node"} */ (name)) !== undefined);
}

/** @param {string[]} names */
function apt(...names) {
  if (capture("apt-get", ["--version"]) === undefined) throw new Error("there is no apt-get here");
  if (process.getuid?.() !== 0) throw new Error(`not root: \`sudo apt-get install ${names.join(" ")}\``);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update"], { env, quiet: true });
  run("apt-get", ["install", "--yes", "--no-install-recommends", ...names], { env, quiet: true });
}
