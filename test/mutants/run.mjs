// Shows that the tests see faults: puts each of mutants.mjs into a copy of the project, and runs the test that must fail.
// Ends with status 1 if a fault survives, if its line is not found exactly once, or if a test is red without any fault.
// Usage: node test/mutants/run.mjs [word]      (word: only the faults whose file or reason has it)
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { initialMemoryFlag } from "../../scripts/build-pkg.mjs";
import { withPath } from "../../scripts/process.mjs";
import { binary, root, toolPath } from "../../scripts/toolchain.mjs";
import { mutants } from "./mutants.mjs";

/** @typedef {import("./mutants.mjs").Mutant} Mutant */
/** @typedef {{ status: number, output: string }} Result */

/** What a copy needs. Copies lie inside the checkout, so that Node finds its packages. */
const NEEDED = ["Cargo.toml", "Cargo.lock", "crate", "package.json", "tsconfig.json", "vitest.config.ts", "ts", "pkg"];
const TESTS = ["test/unit", "test/properties", "test/memory", "test/support"];
const folder = join(root, ".cache", "mutants");
const environment = { ...withPath(...toolPath()), CARGO_TARGET_DIR: join(root, "target", "mutants"), NO_COLOR: "1" };
/** With these the core has all of its modules, but for one that stands in for `rawfd`. */
const ALL = "backend-atomic,backend-bitmap,backend-mmap,iommu,rawfd";
/** Milliseconds after which a loop without end is ended. It shows nothing: such a fault is to be replaced. */
const HANG = 3_600_000;

/**
 * Runs a command with all of its children in a group of its own, so that they end with it.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<Result>}
 */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.on("data", (text) => {
      output += text;
    });
    const timer = setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), HANG);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (status === null) reject(new Error(`${command} was ended by ${signal}:\n${output}`));
      else resolve({ status, output });
    });
  });
}

/** A file that cannot even be loaded proves nothing. @param {string} copy @param {string[]} args */
async function vitest(copy, args) {
  const script = binary("vitest/vitest.mjs");
  const options = ["run", "--root", copy, "--project", "unit", "--bail", "1", ...args];
  const result = await run(process.execPath, [script, ...options], copy);
  if (/Failed Suites|No test files found/.test(result.output)) throw new Error(`It does not run:\n${result.output}`);
  return result;
}

/** The core's own tests; `--no-run` first, because a fault that does not compile proves nothing.
 * @param {string} copy @param {string} features @param {string[]} filter */
async function cargo(copy, features, filter) {
  const test = ["test", "--lib", "--package", "guest-memory", "--features", features, "--locked", "--quiet"];
  const built = await run("cargo", [...test, "--no-run"], copy);
  if (built.status !== 0) throw new Error(`It does not compile:\n${built.output}`);
  return run("cargo", [...test, "--", ...filter], copy);
}

/** Builds the copy's pkg/, without wasm-pack and wasm-opt: quicker, and the same to a test. @param {string} copy */
async function wasm(copy) {
  const target = "wasm32-unknown-unknown";
  const flags = `target.${target}.rustflags=["${initialMemoryFlag}"]`;
  const build = ["build", "--lib", "--locked", "--quiet", "--features", "heap", "--target", target, "--config", flags];
  const built = await run("cargo", build, copy);
  const file = join(environment.CARGO_TARGET_DIR, target, "debug", "guest_memory.wasm");
  const args = [
    "--target",
    "web",
    "--omit-default-module-path",
    "--out-dir",
    "pkg",
    "--out-name",
    "guest_memory",
    file,
  ];
  const bound = built.status === 0 ? await run("wasm-bindgen", args, copy) : built;
  if (bound.status !== 0) throw new Error(`It does not compile:\n${bound.output}`);
}

/** Makes a copy of the project as it is now. @param {string} name */
function copyOf(name) {
  const copy = join(folder, name);
  rmSync(copy, { recursive: true, force: true });
  for (const path of [...NEEDED, ...TESTS]) {
    mkdirSync(join(copy, path, ".."), { recursive: true });
    // With the time of now: by the originals', cargo would take what it built last, with the last fault, for new enough.
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  return copy;
}

/** Puts a fault into a copy; gives what takes it out again. @param {string} copy @param {Mutant} mutant */
function insert(copy, { file, find, replace }) {
  const path = join(copy, file);
  const source = existsSync(path) ? readFileSync(path, "utf8") : "";
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`${JSON.stringify(find)} stands there ${places} times, not once.`);
  // A function, because `$` in a string to put in is special.
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  return () => writeFileSync(path, source);
}

/** @type {string[]} */
const problems = [];
const started = Date.now();
let seen = 0;

/** Each fault of a list in turn. @param {Mutant[]} list @param {string} copy @param {(mutant: Mutant) => Promise<Result>} test */
async function tryAll(list, copy, test) {
  for (const mutant of list) {
    const name = `${mutant.file}: ${mutant.why}`;
    const start = Date.now();
    try {
      const takeOut = insert(copy, mutant);
      const { status } = await test(mutant).finally(takeOut);
      if (status === 0) throw new Error(`It survives ${mutant.cargo ?? mutant.vitest?.join(" ")}.`);
      seen++;
      console.log(`seen  ${((Date.now() - start) / 1000).toFixed(1).padStart(5)} s  ${name}`);
    } catch (error) {
      problems.push(`${name}\n  ${error instanceof Error ? error.message : error}`);
      console.log(`NOT SEEN      ${name}`);
    }
  }
}

/** Without a fault everything is green, or red would mean nothing. @param {string} what @param {Promise<Result>} result */
async function expectGreen(what, result) {
  const { status, output } = await result;
  if (status !== 0) throw new Error(`${what} is red without any fault:\n${output}`);
}

const word = process.argv[2] ?? "";
/** @param {Mutant[]} list */
const chosen = (list) => list.filter(({ file, why }) => `${file} ${why}`.includes(word));
/** All test files of a list. @param {Mutant[]} list */
const filesOf = (list) => [...new Set(list.flatMap(({ vitest = [] }) => vitest.filter((arg) => arg.endsWith(".ts"))))];

/** The facade's faults need no build, so they run beside those of the core. */
async function facade() {
  const list = chosen(mutants.facade);
  if (list.length === 0) return;
  const copy = copyOf("facade");
  await expectGreen("the facade", vitest(copy, filesOf(list)));
  await tryAll(list, copy, (mutant) => vitest(copy, mutant.vitest ?? []));
}

async function core() {
  const copy = copyOf("core");
  const native = chosen([...mutants.core, ...mutants.backends]);
  if (native.length > 0) {
    for (const features of new Set(native.map(({ features = ALL }) => features)))
      await expectGreen(`the core with ${features}`, cargo(copy, features, []));
    await tryAll(native, copy, ({ cargo: filter = "", features = ALL }) => cargo(copy, features, [filter]));
  }
  const list = chosen(mutants.bindings);
  if (list.length > 0) {
    await wasm(copy);
    await expectGreen("the facade on a quick build", vitest(copy, filesOf(list)));
    await tryAll(list, copy, async (mutant) => {
      await wasm(copy);
      return vitest(copy, mutant.vitest ?? []);
    });
  }
}

const results = await Promise.allSettled([facade(), core()]);
for (const result of results) if (result.status === "rejected") problems.push(String(result.reason));
rmSync(folder, { recursive: true, force: true });
for (const problem of problems) console.error(`\n${problem}`);
console.log(`\n${seen} faults seen, ${problems.length} problems, ${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = problems.length > 0 || seen === 0 ? 1 : 0;
