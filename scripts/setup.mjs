// Brings what the tests need: says each step, skips what is there, and for what cannot be had says how to get it.
// Usage: node scripts/setup.mjs [--quick]      (--quick: only what `npm run test:quick` needs)
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { enginesFolder, findChromium, findEngine } from "./engines.mjs";
import { packagesAreInstalled } from "./packages.mjs";
import { capture, npm, run } from "./process.mjs";
import {
  cargoTools,
  findTool,
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

const quickComponents = rustComponents.map((name) => component(name));

/** @returns {Step[]} what `npm run test:quick` needs */
function quickSteps() {
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
function fullSteps() {
  return [
    ...rustTargets.map((name) => target(name)),
    {
      name: "a C linker for 32-bit programs",
      there: linksFor32Bit,
      get: () => apt("gcc-multilib"),
      how: "install your system's package for `gcc -m32`: gcc-multilib on Debian and Ubuntu, glibc-devel.i686 on Fedora",
      optional: true,
    },
    ...cargoTools().map((tool) => ({
      name: `${tool.crate} ${tool.version}`,
      there: () => findTool(tool) !== undefined,
      takes: "compiles for about 2 minutes, once for all clones",
      get: () => {
        const args = ["install", tool.crate, "--version", tool.version, ...tool.flags, "--root", toolFolder(tool)];
        run("cargo", args, { cwd: root, quiet: true });
      },
      how: `see what cargo printed above, or put ${tool.command} ${tool.version} on PATH yourself`,
    })),
    {
      name: "Chromium",
      there: () => findChromium() !== undefined,
      get: () => apt("chromium"),
      how: "install Chromium or Chrome, or set CHROMIUM_PATH to its executable",
      optional: true,
    },
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

/** @param {string} name @returns {Step} */
function target(name) {
  return {
    name: `Rust's target ${name}`,
    there: () => {
      const folder = capture("rustc", ["--print", "target-libdir", "--target", name], { cwd: root });
      return folder !== undefined && existsSync(folder);
    },
    get: () => run("rustup", ["target", "add", name], { cwd: root, quiet: true }),
    how: `\`rustup target add ${name}\`, or your system's package of Rust's standard library for it`,
    optional: name === "i686-unknown-linux-gnu",
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

function linksFor32Bit() {
  const program = { cwd: root, input: "int main(void) { return 0; }", quiet: true };
  return (
    capture("cc", ["-m32", "-x", "c", "-", "-o", process.platform === "win32" ? "NUL" : "/dev/null"], program) !==
    undefined
  );
}

const enginesRun = () =>
  ["node", "deno", "bun"].every((name) => findEngine(/** @type {"node"} */ (name)) !== undefined);

/** @param {string} name */
function apt(name) {
  if (capture("apt-get", ["--version"]) === undefined) throw new Error("there is no apt-get here");
  if (process.getuid?.() !== 0) throw new Error(`not root: \`sudo apt-get install ${name}\``);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update"], { env, quiet: true });
  run("apt-get", ["install", "--yes", "--no-install-recommends", name], { env, quiet: true });
}

/**
 * One step: true when the thing is there afterwards.
 * @param {Step} step
 */
function take({ name, there, get, how, takes }) {
  if (there()) {
    console.log(`  there      ${name}`);
    return true;
  }
  let reason = "";
  if (get !== undefined) {
    console.log(`  getting    ${name} ... ${takes ?? ""}`);
    const start = Date.now();
    try {
      get();
      if (there()) {
        console.log(`  got it     ${name} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
        return true;
      }
    } catch (error) {
      reason = `${error instanceof Error ? error.message : error}\n             `;
    }
  }
  console.log(`  MISSING    ${name}: ${reason}${how}`);
  return false;
}

/**
 * Takes every step, then throws if something is missing that the tests cannot do without.
 * @param {{ quick?: boolean }} [options]
 * @returns {string[]} what the platform does not have
 */
export function setup({ quick = false } = {}) {
  console.log("Setting up");
  /** @type {Step[]} */
  const missing = [];
  for (const step of quick ? quickSteps() : [...quickSteps(), ...fullSteps()]) {
    if (take(step)) continue;
    missing.push(step);
    if (step.get === undefined) break; // Node.js or Rust itself: nothing after it could be had
  }
  const fatal = missing.filter((step) => !step.optional || process.env.CI === "true");
  if (fatal.length > 0)
    throw new Error(`Missing: ${fatal.map((step) => step.name).join("; ")}. See above how to get it.`);
  return missing.map((step) => step.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setup({ quick: process.argv.includes("--quick") });
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
