// Prints every figure on every installed JavaScript engine as Markdown. Started by bench/run.mjs.
//
// Each group of rows runs in fresh processes, in turns over the engines, because the machine's speed drifts; a figure is
// the median of the processes. A figure that misses its bound is listed at the end, never hidden.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { gzipSync } from "node:zlib";
import { median } from "./clock.ts";
import { line, type Row, reached } from "./row.ts";

interface Engine {
  name: string;
  path: string;
  version: string;
}

/** The files that bench/run.mjs has prepared. */
interface Prepared {
  little: boolean;
  /** The number of fresh processes for each engine. */
  processes: number;
  engines: Engine[];
  /** Bundles of engine.ts and of emulators/. */
  script: string;
  emulators: string[];
  /** The loops in Rust, as Wasm. */
  loops: string;
  /** The library's own binary. */
  wasm: string;
}

const GROUPS = [
  "scalars",
  "bulk",
  "creation",
  "map",
  "map changes",
  "external",
  "slow paths",
  "states",
  "core",
] as const;
const SCALARS = "u32 reads and writes, median of all patterns";

const prepared = JSON.parse(process.argv[2] ?? "") as Prepared;
const { processes } = prepared;
const missed: string[] = [];

const found = prepared.engines.map((engine) => ({ engine, runs: [] as Row[][] }));
for (let index = 0; index < processes; index++) {
  for (const { engine, runs } of found) runs.push(GROUPS.flatMap((group) => rowsOf(engine, group)));
}
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform()} ${arch()}`);
console.log(`${new Date().toISOString().slice(0, 10)}; medians of ${processes} fresh processes an engine`);
for (const { engine, runs } of found) print(`${engine.name} ${engine.version}`, combine(runs));
const medians = found.map(({ runs }) => combine(runs).find(({ name }) => name === SCALARS)?.value ?? Number.NaN);
print("all engines, and what depends on none", [
  { name: `${SCALARS} and engines`, value: median(medians), unit: "x", most: 3 },
  ...sizes(),
  ...emulators(),
]);
console.log(missed.length === 0 ? "\nEvery figure is reached." : `\nNot reached:\n\n- ${missed.join("\n- ")}`);

function print(title: string, rows: Row[]): void {
  console.log(`\n## ${title}\n\n| what | figure | to reach | | behind it |\n|---|---|---|---|---|`);
  for (const row of rows) {
    console.log(line(row));
    if (!reached(row)) missed.push(`${title}: ${row.name}`);
  }
}

function rowsOf({ name, path }: Engine, group: string): Row[] {
  const before = name === "deno" ? ["run", "--allow-all"] : [];
  return output(path, [...before, prepared.script, group, prepared.little ? "little" : "full", prepared.loops]);
}

/** The examples are Node programs. */
function emulators(): Row[] {
  const amount = prepared.little ? ["1", "2000000"] : [String(2 * processes + 1), "40000000"];
  return prepared.emulators.flatMap((emulator) => output(process.execPath, [emulator, ...amount]));
}

function output(path: string, args: string[]): Row[] {
  return JSON.parse(execFileSync(path, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })) as Row[];
}

/** The same rows of several processes as one: the median of each. */
function combine(runs: Row[][]): Row[] {
  const [first = []] = runs;
  return first.map((row, index) => ({ ...row, value: median(runs.map((rows) => rows[index]?.value ?? Number.NaN)) }));
}

function sizes(): Row[] {
  const wasm = readFileSync(prepared.wasm);
  return [
    { name: "the .wasm", value: wasm.length / 1024, unit: "KiB", most: 110 },
    { name: "the .wasm, gzipped", value: gzipSync(wasm, { level: 9 }).length / 1024, unit: "KiB", most: 48 },
  ];
}
