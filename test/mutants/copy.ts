// A copy of the project for a fault: the tests that must see the fault are red with it, and green without it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { initialMemoryFlag } from "../../scripts/build-pkg.mjs";
import { withPath } from "../../scripts/process.mjs";
import { binary, root, toolPath } from "../../scripts/toolchain.mjs";
import { HANG } from "../support/hang.ts";
import type { Mutant } from "./mutants.mjs";

interface Result {
  readonly status: number;
  readonly output: string;
}

/** What a copy needs. Copies lie inside the checkout, so that Node finds its packages. */
const NEEDED = [
  "Cargo.toml",
  "Cargo.lock",
  "crate",
  "package.json",
  "tsconfig.json",
  "vite.config.ts",
  "vitest.config.ts",
  "ts",
  "pkg",
];
const TESTS = ["test/unit", "test/properties", "test/footprint", "test/support"];
/** One of so many faults is put in by `npm test` too. */
const SAMPLE = 12;
const environment = { ...withPath(...toolPath()), CARGO_TARGET_DIR: join(root, "target", "mutants"), NO_COLOR: "1" };

/** With these the core has all of its modules, but for one that stands in for `rawfd`. */
export const ALL = "backend-atomic,backend-bitmap,backend-mmap,iommu,rawfd";

/** All test files of a list. */
export const filesOf = (list: Mutant[]) => [
  ...new Set(list.flatMap(({ vitest = [] }) => vitest.filter((arg) => arg.endsWith(".ts")))),
];

export class Copy {
  readonly folder: string;

  /** Of the project as it is now. */
  constructor(name: string) {
    this.folder = join(root, ".cache", "mutants", name);
    this.remove();
    for (const path of [...NEEDED, ...TESTS]) {
      mkdirSync(join(this.folder, path, ".."), { recursive: true });
      // With the time of now: by the originals', cargo would take what it built last, with the last fault, for new enough.
      cpSync(join(root, path), join(this.folder, path), { recursive: true });
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What comes of `act` with a fault in the copy. */
  with<T>({ file, find, replace }: Mutant, act: () => T): T {
    const path = join(this.folder, file);
    const source = existsSync(path) ? readFileSync(path, "utf8") : "";
    const [before, after, ...more] = source.split(find);
    if (after === undefined || more.length > 0) throw new Error(`${JSON.stringify(find)} stands not once in ${file}.`);
    writeFileSync(path, `${before}${replace}${after}`);
    try {
      return act();
    } finally {
      writeFileSync(path, source);
    }
  }

  /** The facade's tests. A file that cannot even be loaded proves nothing. */
  vitest(args: readonly string[]): Result {
    const options = ["run", "--root", this.folder, "--project", "unit", "--bail", "1", ...args];
    const result = this.#run(process.execPath, [binary("vitest/vitest.mjs"), ...options]);
    if (/Failed Suites|No test files found/.test(result.output)) throw new Error(`It does not run:\n${result.output}`);
    return result;
  }

  /** The core's own tests. */
  cargo(features: string, filter = ""): Result {
    const args = ["test", "--lib", "--package", "guest-memory", "--features", features, "--locked", "--quiet"];
    this.#build("cargo", [...args, "--no-run"]);
    return this.#run("cargo", [...args, "--", filter]);
  }

  /** The core's models of threads. */
  models(model = ""): Result {
    const more = { RUSTFLAGS: "--cfg shuttle", CARGO_TARGET_DIR: join(environment.CARGO_TARGET_DIR, "models") };
    const args = ["test", "--lib", "--package", "guest-memory", "--features", ALL, "--locked", "--quiet"];
    this.#build("cargo", [...args, "--no-run"], more);
    return this.#run("cargo", [...args, "--", `models::${model}`], more);
  }

  /** Builds pkg/, without wasm-pack and wasm-opt: quicker, and the same to a test. */
  wasm(): void {
    const target = "wasm32-unknown-unknown";
    const flags = `target.${target}.rustflags=["${initialMemoryFlag}"]`;
    const file = join(environment.CARGO_TARGET_DIR, target, "debug", "guest_memory_module.wasm");
    const glue = ["--target", "web", "--omit-default-module-path", "--out-dir", "pkg", "--out-name", "guest_memory"];
    const build = ["build", "--package", "guest-memory-module", "--locked", "--quiet", "--target", target];
    this.#build("cargo", [...build, "--config", flags]);
    this.#build("wasm-bindgen", [...glue, file]);
  }

  /** A fault that does not compile proves nothing. */
  #build(command: string, args: string[], more: NodeJS.ProcessEnv = {}): void {
    const { status, output } = this.#run(command, args, more);
    if (status !== 0) throw new Error(`It does not compile:\n${output}`);
  }

  /** A command that does not end proves nothing either. */
  #run(command: string, args: string[], more: NodeJS.ProcessEnv = {}): Result {
    const limits = { timeout: HANG, killSignal: "SIGKILL", maxBuffer: 2 ** 28 } as const;
    const options = { cwd: this.folder, env: { ...environment, ...more }, encoding: "utf8", ...limits } as const;
    const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
    const output = `${stdout}${stderr}`;
    if (status === null) throw new Error(`${command}: ${error?.message ?? signal}\n${output}`);
    return { status, output };
  }
}

/**
 * Tests of a list of faults in a copy of their own.
 * @param green what must be green before any fault is put in, or red would mean nothing: of those faults that are asked for
 * @param red what must be red with a fault
 */
export function everyFaultIsSeen(
  name: string,
  list: Mutant[],
  green: (copy: Copy, list: Mutant[]) => Result[],
  red: (copy: Copy, mutant: Mutant) => Result,
): void {
  let copy: Copy;
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads there which of its fixtures a hook takes: none
  beforeAll(({}, { tasks }) => {
    copy = new Copy(name);
    const asked = list.filter((_, index) => tasks[index]?.mode === "run");
    for (const { status, output } of green(copy, asked)) expect(status, `red without any fault:\n${output}`).toBe(0);
  });
  afterAll(() => copy?.remove());

  for (const [index, mutant] of list.entries()) {
    const tags = index % SAMPLE === 0 ? ["sample"] : [];
    test(`${mutant.file}: ${mutant.why}`, { tags }, () => {
      const { status, output } = copy.with(mutant, () => red(copy, mutant));
      expect(status, `it survives:\n${output}`).not.toBe(0);
    });
  }
}
