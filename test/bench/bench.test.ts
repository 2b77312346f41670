// `npm run bench` with little work, so that it cannot rot: every row of every engine is printed. No time is asserted.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { engine } from "../support/engines.ts";

const engines = (["this node", "node", "deno", "bun"] as const).flatMap((name) => engine(name) ?? []);
const product = (...lists: (string | number)[][]): (string | number)[][] =>
  lists.reduce<(string | number)[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

const scalars = product(["read", "write"], [1, 2, 8, 64], ["sequential", "random", "page stride", "random, unaligned"]);
const bulk = product(["4 KiB", "64 KiB", "1 MiB"], ["readSlice", "writeSlice"]);
const externals = product(["sequential", "random"], ["read", "write"], ["own RAM", "the raw buffer"]);
const byHand = [
  ...product(["sixteen devices on pages of their own", "sixteen devices in one page"], ["load", "store"]),
  ["a byte of a 32-bit device"],
  ["a store to flash"],
  ["a store to ROM, to a handler"],
  ["a hole, served by a handler"],
  ...product(["RAM of 2 KiB and its mirrors"], ["load", "store"]),
  ["u32 over two pages"],
  ...product(["u32 from 4 GiB on"], ["load", "store"]),
  ["low RAM by bigints"],
  ["a store beside a watch"],
  ["a load beside a write watch"],
];
const core = ["load", "store"].flatMap((kind) => [
  ...product([kind], ["AddressSpace", "Bytes on a snapshot", "Bytes on a snapshot of 16 regions"], ["64 KiB"]),
  ...["8 MiB", "128 MiB"].flatMap((size) => product([kind], ["AddressSpace", "Bytes on a snapshot"], [size])),
]);

/** The rows of each engine. */
const ofEngine = [
  "u32 reads and writes, median of all patterns",
  ...scalars.map(([kind, regions, pattern]) => `u32 ${kind}, ${pattern}, ${regions} regions`),
  ...bulk.map(([size, call]) => `${call}, ${size}, speed`),
  "ready after init()",
  ...["first", "second"].flatMap((which) => [`1 GiB guest, ${which}`, `1 GiB guest, ${which}, resident`]),
  "64 KiB window moved in 4 GiB, against a full rebuild",
  "15,000 bank switches, of a second",
  "u32 reads and writes beside 10,000 watches and bank switches, median of all patterns",
  ...scalars.map(
    ([kind, regions, pattern]) =>
      `u32 ${kind}, ${pattern}, ${regions} regions, beside 10,000 watches and bank switches`,
  ),
  ...product(
    ["bank switch", "write trap set and sprung", "region mapped, and unmapped by name", "write and discard of a page"],
    ["1,024 regions against 16", "16,384 regions against 1,024", "with listeners against none"],
  ).map((what) => what.join(", ")),
  "bank switch, with listeners of each range against none",
  ...externals.map(([pattern, kind, than]) => `u32 ${kind} in external memory, ${pattern}, against ${than}`),
  ...bulk.map(([size, call]) => `${call} in external memory, ${size}, speed`),
  ...["external memory", "own RAM"].map((where) => `marker search over 128 MiB of ${where}, speed`),
  ...byHand.map((what) => `${what.join(", ")}, against a dispatcher by hand`),
  "an NES's bus with 2 KiB of RAM, against 4 KiB",
  "full snapshot of 256 MiB, against a copy of its pages",
  "the changes of 1 % of its pages, times as fast as the full one",
  "reset with 704 KiB written, against a copy of these pages",
  ...["170 MiB", "1 GiB"].flatMap((guest) => [
    `rewind of ${guest}: a mark after 1,500 pages, against a copy of them`,
    `rewind of ${guest}: seven marks back, against a copy of the pages written since`,
  ]),
  "dirty client of 1 GiB, opened and closed",
  "8 dirty pages of 1 GiB collected",
  ...core.map(([kind, through, size]) => `Wasm u32 ${kind} by ${through}, ${size}`),
  "virtqueue in Wasm: a chain of 4 KiB against a raw load",
];
const ofNone = [
  "u32 reads and writes, median of all patterns and engines",
  "the .wasm",
  "the .wasm, gzipped",
  ...["tour", "sort", "interpreter"].map((program) => `rp2040js, ${program}, speed`),
  "rp2040js, geometric mean",
  ...["avr8js", "trs80-emulator"].flatMap((emulator) => [
    ...["tour", "sort", "sieve"].map((program) => `${emulator}, ${program}, speed`),
    `${emulator}, geometric mean`,
  ]),
];
/** A difference of two measurements of the process: whatever an engine gives back meanwhile may make it 0 or less. */
const mayBeNegative = /, resident$/;

let output: string;
/** Each table by its heading: a row's name and figure. */
const tables = new Map<string, [name: string, figure: string][]>();
beforeAll(() => {
  output = execFileSync(process.execPath, [join(root, "bench", "run.mjs"), "--little"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const section of output.split(/^## /m).slice(1)) {
    const [heading = "", ...lines] = section.split("\n");
    const rows = lines
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|").map((cell) => cell.trim()));
    tables.set(
      heading,
      rows.filter(([, name]) => name !== "what").map(([, name = "", figure = ""]) => [name, figure]),
    );
  }
});

test("there is a table for each engine that is here, and one for what depends on none", () => {
  const headings = engines.map(({ name, version }) => `${name} ${version}`);
  expect([...tables.keys()]).toEqual([...headings, "all engines, and what depends on none"]);
});

describe.each([
  ...engines.map(({ name, version }) => ({ heading: `${name} ${version}`, names: ofEngine })),
  { heading: "all engines, and what depends on none", names: ofNone },
])("$heading", ({ heading, names }) => {
  test("has every row, each with a figure", () => {
    const rows = tables.get(heading) ?? [];
    expect(rows.map(([name]) => name)).toEqual(names);
    for (const [name, figure] of rows) {
      expect(figure, name).toMatch(/^-?\d+(\.\d+)?(x| %| ms| MiB| KiB)$/);
      if (!mayBeNegative.test(name)) expect(Number.parseFloat(figure), name).toBeGreaterThan(0);
    }
  });
});

test("it says of the machine, the day, and which figures were missed", () => {
  expect(output).toMatch(/^.+, \d+ cores, \w+ \w+\n\d{4}-\d\d-\d\d; medians of 1 fresh processes an engine$/m);
  expect(output).toMatch(/^(Every figure is reached\.|Not reached:)$/m);
});
