// scripts/run.mjs: a TypeScript program runs on this Node, and finds its neighbours beside its source.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const folder = join(root, ".cache", "run-test");
beforeEach(() => {
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a program prints, or the exit status where it fails. */
function run(source: string, ...args: string[]): string | number {
  const program = join(folder, "program.ts");
  writeFileSync(program, source);
  const command = [join(root, "scripts", "run.mjs"), program, ...args];
  try {
    return execFileSync(process.execPath, command, { encoding: "utf8", stdio: "pipe" }).trim();
  } catch (error) {
    return (error as { status: number }).status;
  }
}

test("types are stripped, arguments are passed, and the facade and packages are found", () => {
  const source = `import { GuestMemory } from "guest-memory";
import { RP2040 } from "rp2040js";
const words: string[] = process.argv.slice(2);
console.log(typeof GuestMemory, typeof RP2040, words.join("+"));`;
  expect(run(source, "a", "b")).toBe("function function a+b");
});

test("import.meta.url is the source's, so that files beside it are found", () => {
  writeFileSync(join(folder, "neighbour.txt"), "here");
  const source = `import { readFileSync } from "node:fs";
console.log(readFileSync(new URL("neighbour.txt", import.meta.url), "utf8"), import.meta.url);`;
  expect(run(source)).toBe(`here ${pathToFileURL(join(folder, "program.ts")).href}`);
});

test("a program that fails makes the command fail", () => {
  expect(run(`throw new Error("on purpose");`)).toBe(1);
  expect(run("process.exit(3);")).toBe(1);
});
