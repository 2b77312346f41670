// `npm run bench:native`: the core in Rust beside vm-memory 0.18, case by case, with threads, and inside Wasm beside native,
// as Markdown.
// Usage: node bench/native.mjs [--little] [--region-size=bytes] [--instructions]
//   --little          as a test: each case runs, the figures mean nothing
//   --region-size     of the regions which accesses are in, or cross
//   --instructions    counts instructions with valgrind as well, which no other program disturbs
import { rmSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join } from "node:path";
import { capture, run } from "../scripts/process.mjs";
import { root } from "../scripts/toolchain.mjs";
import { criterionResults, instructions, median, threads, times } from "./native/measure.mjs";

const folder = join(root, "bench", "native");
const target = join(root, "target", "bench-native");
const env = { ...process.env, CARGO_TARGET_DIR: target };
const little = process.argv.includes("--little");
const regionSize = Number(option("region-size") ?? (little ? 0x10_0000 : 0x8000_0000));
/** Wasm has 4 GiB for all cases together. */
const wasmRegionSize = Math.min(regionSize, 0x100_0000);
const rounds = little ? 1 : 3;
const milliseconds = little ? 1 : 100;

const loops = join(target, "release", "loops");
const native = [loops];
const wasm = [
  process.execPath,
  "--no-incremental-marking",
  join(root, "scripts", "wasi-runner.mjs"),
  join(target, "wasm32-wasip1", "release", "loops.wasm"),
];

/** The figures to reach, beyond 'not slower'. @type {[pattern: RegExp, least: number][]} */
const BOUNDS = [
  [/^find_region, 256 regions/, 5],
  [/^(read|write)_obj, u32, one region$/, 5],
  [/^mark_dirty, 256 pages$/, 50],
];

build();
const beside = sideBySide();
const withThreads = threads(join(target, "release", "threads"), little ? 1 : 50);
const counts = process.argv.includes("--instructions") ? countInstructions([...beside.keys()]) : undefined;
const inside = insideWasm();
print();

function build() {
  const build = ["build", "--release", "--locked", "--quiet", "--bin", "loops"];
  run("cargo", [...build, "--bin", "threads"], { cwd: folder, env });
  run("cargo", [...build, "--target", "wasm32-wasip1"], { cwd: folder, env });
  run("cargo", ["bench", "--no-run", "--locked", "--quiet", "--bench", "criterion"], { cwd: folder, env });
}

/**
 * Nanoseconds of both sides, one pair for each process. Which side goes first alternates.
 * @returns {Map<string, [original: number, ours: number][]>}
 */
function sideBySide() {
  const home = join(target, "criterion");
  /** @type {Map<string, [number, number][]>} */
  const pairs = new Map();
  for (let round = 0; round < rounds; round++) {
    console.error(`criterion, process ${round + 1} of ${rounds}`);
    rmSync(home, { recursive: true, force: true });
    const first = round % 2 === 0 ? "original" : "ours";
    const bench = ["bench", "--locked", "--quiet", "--bench", "criterion", ...(little ? ["--", "--test"] : [])];
    run("cargo", bench, {
      cwd: folder,
      env: { ...env, CRITERION_HOME: home, FIRST: first, REGION_SIZE: `${regionSize}` },
      quiet: true,
    });
    // As a test criterion measures nothing; and its folders have lost the cases' order.
    const short = (/** @type {string} */ side) => times(native, side, regionSize, 1);
    const found = little ? { original: short("original"), ours: short("ours") } : criterionResults(home);
    for (const name of short("ours").keys()) {
      add(pairs, name, [found.original.get(name) ?? Number.NaN, found.ours.get(name) ?? Number.NaN]);
    }
  }
  return pairs;
}

/**
 * Nanoseconds natively and inside Wasm, one pair for each round; the processes take turns.
 * @returns {Map<string, [native: number, wasm: number][]>}
 */
function insideWasm() {
  /** @type {Map<string, [number, number][]>} */
  const pairs = new Map();
  const rounds = little ? 1 : 5;
  for (let round = 0; round < rounds; round++) {
    console.error(`Wasm, round ${round + 1} of ${rounds}`);
    const outside = times(native, "ours", wasmRegionSize, milliseconds);
    for (const [name, figure] of times(wasm, "ours", wasmRegionSize, milliseconds)) {
      add(pairs, name, [outside.get(name) ?? Number.NaN, figure]);
    }
  }
  return pairs;
}

/** @param {string[]} names @returns {Map<string, [original: number, ours: number]>} */
function countInstructions(names) {
  console.error("instructions, a few minutes");
  const count = (/** @type {string} */ side, /** @type {string} */ name) => instructions(loops, side, name);
  return new Map(names.map((name) => [name, [count("original", name), count("ours", name)]]));
}

function print() {
  const rustc = capture("rustc", ["--version"], { cwd: root });
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform()} ${arch()}, ${rustc}`);
  console.log(
    `${new Date().toISOString().slice(0, 10)}; medians of ${rounds} processes; inside Wasm the fastest of five`,
  );
  const more = counts ? [" instructions |", "---|"] : ["", ""];
  console.log("\n## natively, beside vm-memory 0.18\n");
  console.log(`| case | original | ours | times as fast | to reach | |${more[0]}\n|---|---|---|---|---|---|${more[1]}`);
  /** @type {string[]} */
  const missed = [];
  for (const [name, pairs] of beside) {
    const ratios = pairs.map(([original, ours]) => original / ours);
    const least = BOUNDS.find(([pattern]) => pattern.test(name))?.[1];
    // A case is slower if every process found it slower. It is the same if the processes disagree.
    const reached = least === undefined ? Math.max(...ratios) >= 1 : median(ratios) >= least;
    if (!reached) missed.push(`${name}: ${median(ratios).toFixed(2)}x natively`);
    const counted = counts?.get(name)?.map((count) => count.toFixed(0));
    const figures = [...nanoseconds(pairs), `${median(ratios).toFixed(2)}x`, least ? `${least}x` : "not slower"];
    console.log(row([name, ...figures, verdict(reached), ...(counted ? [counted.join(" against ")] : [])]));
  }
  printThreads(missed);
  const node = `node ${process.versions.node}`;
  console.log(
    `\n## inside Wasm on ${node}, beside native\n\n| case, at most 4x | native | Wasm | ratio | |\n|---|---|---|---|---|`,
  );
  // The fastest of all rounds: two processes never run at the same time, so what else runs falls on one of them.
  const all = [...inside].map(([name, pairs]) => {
    const [native, wasm] = [0, 1].map((side) => Math.min(...pairs.map((pair) => pair[/** @type {0} */ (side)])));
    return { name, native: native ?? 0, wasm: wasm ?? 0, ratio: (wasm ?? 0) / (native ?? 0) };
  });
  for (const { name, native, wasm, ratio } of all) {
    if (ratio > 4) missed.push(`${name}: ${ratio.toFixed(2)}x inside Wasm`);
    const figures = [`${native.toFixed(2)} ns`, `${wasm.toFixed(2)} ns`, `${ratio.toFixed(2)}x`];
    console.log(row([name, ...figures, verdict(ratio <= 4)]));
  }
  const middle = median(all.map(({ ratio }) => ratio));
  if (middle > 2) missed.push(`the median inside Wasm: ${middle.toFixed(2)}x`);
  console.log(row(["median of all, at most 2x", "", "", `${middle.toFixed(2)}x`, verdict(middle <= 2)]));
  const only = [...beside.keys()].filter((name) => !inside.has(name));
  console.log(`\nNot inside Wasm, which has no files here: ${only.length} cases of streams to and from a file.`);
  console.log(missed.length === 0 ? "\nEvery figure is reached." : `\nNot reached:\n\n- ${missed.join("\n- ")}`);
}

/** @param {string[]} missed */
function printThreads(missed) {
  console.log("\n## natively, with threads, beside vm-memory's GuestMemoryAtomic\n");
  console.log("| case | GuestMemoryAtomic | AddressSpace | at most | |\n|---|---|---|---|---|");
  const oursOf = (/** @type {string} */ name) => withThreads.get(name)?.[1] ?? Number.NaN;
  const unguarded = oursOf("u32 load by a page table entry, without a guard");
  for (const [name, [original, ours]] of withThreads) {
    const other = Number.isNaN(original) ? "" : `${original.toFixed(2)} ns`;
    // Two threads that load have at least 1.8 times one's throughput. Stores go to the same cache lines here.
    const most = name.includes(", 1 thread")
      ? 1.3 * unguarded
      : name.includes("load, 2 threads")
        ? (2 / 1.8) * oursOf(name.replace("2 threads", "1 thread"))
        : name.startsWith("map and unmap")
          ? 2 * 20_000
          : undefined;
    const reached = most === undefined || ours <= most;
    if (!reached) missed.push(`${name}: ${ours.toFixed(2)} ns`);
    const bound = most === undefined ? "" : `${most.toFixed(2)} ns`;
    console.log(row([name, other, `${ours.toFixed(2)} ns`, bound, most === undefined ? "" : verdict(reached)]));
  }
}

/** @param {[number, number][]} pairs */
function nanoseconds(pairs) {
  return [0, 1].map((side) => `${median(pairs.map((pair) => pair[/** @type {0} */ (side)])).toFixed(2)} ns`);
}

/** @param {string[]} cells */
function row(cells) {
  return `| ${cells.join(" | ")} |`;
}

/** @param {boolean} reached */
function verdict(reached) {
  return reached ? "reached" : "NOT REACHED";
}

/** @param {string} name */
function option(name) {
  const start = `--${name}=`;
  return process.argv.find((word) => word.startsWith(start))?.slice(start.length);
}

/** @template T @param {Map<string, T[]>} lists @param {string} name @param {T} item */
function add(lists, name, item) {
  lists.set(name, [...(lists.get(name) ?? []), item]);
}
