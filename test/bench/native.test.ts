// `npm run bench:native` with little work, so that it cannot rot: every case runs on both sides, and inside Wasm. No time
// is asserted.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

let output: string;
/** The cells of each table's rows. */
let [beside, threads, inside]: [string[][], string[][], string[][]] = [[], [], []];
beforeAll(() => {
  output = execFileSync(process.execPath, [join(root, "bench", "native.mjs"), "--little"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const tables = output.split(/^## .*$/m).map((section) =>
    section
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| case"))
      .map((line) => line.split("|").map((cell) => cell.trim())),
  );
  [, beside = [], threads = [], inside = []] = tables;
});

const POSITIVE = /^(?!0\.0+ )\d+\.\d+( ns|x)$/;

test("vm-memory's own cases and ours are there, each with a figure for both sides", () => {
  const names = beside.map(([, name]) => name ?? "");
  expect(new Set(names).size).toBe(names.length);
  for (const place of ["in the first region", "across the first two", "across the last two", "in the last region"]) {
    expect(names.filter((name) => name.endsWith(place)).length, place).toBeGreaterThanOrEqual(14);
  }
  for (const part of [
    "find_region, 256",
    "VolatileSlice::copy_to_volatile_slice",
    "mark_dirty, 256 pages",
    "one region",
  ]) {
    expect(
      names.some((name) => name.includes(part)),
      part,
    ).toBe(true);
  }
  for (const [, name, original, ours] of beside) {
    expect(original, name).toMatch(POSITIVE);
    expect(ours, name).toMatch(POSITIVE);
  }
});

test("with threads, each access and change has a figure for both sides", () => {
  const [unguarded, ...others] = threads;
  expect(unguarded?.[3]).toMatch(POSITIVE);
  expect(others.map(([, name]) => name)).toEqual([
    "u32 load, 1 thread",
    "u32 store, 1 thread",
    "u32 load, 2 threads",
    "u32 store, 2 threads",
    "map and unmap, while 4 threads load",
  ]);
  for (const [, name, original, ours, bound] of others) {
    for (const figure of [original, ours]) expect(figure, name).toMatch(POSITIVE);
    expect(bound, name).toMatch(name === "u32 store, 2 threads" ? /^$/ : POSITIVE);
  }
});

test("inside Wasm are the same cases, but those of files", () => {
  const names = beside.map(([, name]) => name ?? "").filter((name) => !name.includes("a file"));
  expect(inside.map(([, name]) => name)).toEqual([...names, "median of all, at most 2x"]);
  for (const [, name, native, wasm, ratio] of inside.slice(0, -1)) {
    expect(native, name).toMatch(POSITIVE);
    expect(wasm, name).toMatch(POSITIVE);
    expect(ratio, name).toMatch(/^\d+\.\d\dx$/);
  }
});

test("it says of the machine, the day, and which figures were missed", () => {
  expect(output).toMatch(/^.+, \d+ cores, \w+ \w+, rustc \d.+\n\d{4}-\d\d-\d\d; medians of 1 processes; .+$/m);
  expect(output).toMatch(/^(Every figure is reached\.|Not reached:)$/m);
});
