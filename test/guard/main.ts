// Gives two builds the same random operations. Started by run.mjs with the folders of both, and how many operations.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Counts } from "./counts.ts";
import { differences } from "./differences.ts";
import { type Build, type Failure, run, shrink } from "./episode.ts";
import { kinds } from "./kinds/kinds.ts";
import type { Library } from "./show.ts";

const [oldFolder = "", newFolder = "", amount = ""] = process.argv.slice(2);
const WANTED = Number(amount);
const MILLION = 1_000_000;
/** Of each kind, in a million operations. */
const LEAST_OF_A_KIND = 1000;
/** Failures after which a run ends. */
const MOST_FAILURES = 5;
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));

async function load(folder: string): Promise<Build> {
  const at = (path: string) => pathToFileURL(`${folder}/${path}`).href;
  const glue = (name: string) => import(`${at("pkg/guest_memory.js")}?${name}`);
  const lib = (await import(at("dist/index.js"))) as Library;
  const wasm = Uint8Array.from(readFileSync(`${folder}/pkg/guest_memory_bg.wasm`));
  const build = { lib, wasm, main: await glue("main"), foreign: await glue("foreign") };
  await lib.init({ glue: build.main, wasm });
  return build;
}

function print({ episode, old, now, line, log }: Failure): void {
  const cut = (text: string) => (text.length > 600 ? `${text.slice(0, 600)} ...` : text);
  const before = [...log.slice(-40), ...old.slice(Math.max(0, line - 12), line)].map((text) => `    ${cut(text)}`);
  console.log(`\nDIFFERENT in episode ${episode}, PROPERTY_SEED=${seed}, after\n${before.join("\n")}`);
  const [one = "nothing", other = "nothing"] = [old[line], now[line]];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - 200);
  console.log(`  old: ${one.slice(from, at + 300)}\n  new: ${other.slice(from, at + 300)}`);
}

const builds = [await load(oldFolder), await load(newFolder)] as const;
console.log(`PROPERTY_SEED=${seed}`);
const start = performance.now();
const counts = new Counts();
const met = new Map<unknown, number>();
let [operations, failures] = [0, 0];
for (let episode = 0; operations < WANTED && failures < MOST_FAILURES; episode++) {
  const result = await run(builds, seed, episode, undefined, counts);
  operations += result.operations;
  for (const difference of result.met) met.set(difference, (met.get(difference) ?? 0) + 1);
  if (result.failure) {
    failures++;
    print(await shrink(builds, seed, result.failure));
  }
  await new Promise(setImmediate); // what only weak references hold can go
}
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(`${operations} operations, and ${counts.total} with those in callbacks, in ${seconds} s`);
const outcomes = [...counts.outcomes()].sort(([, a], [, b]) => b - a);
console.log(outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(", "));
for (const difference of differences) console.log(`meant: ${met.get(difference) ?? 0} times, ${difference.reason}`);

const wrong: string[] = [];
const least = Math.min(1, WANTED / MILLION) * LEAST_OF_A_KIND;
for (const kind of Object.keys(kinds)) {
  const [all, ok] = [counts.of(kind), counts.of(kind, "ok")];
  if (all < least) wrong.push(`${kind} was met ${all} times`);
  if (ok * 5 < all) wrong.push(`${kind} was refused ${all - ok} times of ${all}`);
}
if ((counts.outcomes().get("ok") ?? 0) * 3 < counts.total * 2) wrong.push("more than a third was refused");
if (WANTED >= MILLION) {
  for (const difference of differences) if (!met.has(difference)) wrong.push(`not met: ${difference.reason}`);
}
if (process.argv.includes("--counts")) {
  for (const kind of Object.keys(kinds)) console.log(`${kind}: ${counts.of(kind)}, ok ${counts.of(kind, "ok")}`);
}
for (const line of wrong) console.log(`WRONG: ${line}`);
if (failures === 0 && wrong.length === 0) console.log("The two builds do the same.");
else process.exitCode = 1;
