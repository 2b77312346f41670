// Gives two builds the same random operations. run.mjs starts it with the folders of both and the number of operations.

import { load } from "./build.ts";
import { Counts } from "./counts.ts";
import { type Difference, differences } from "./differences.ts";
import { compare, type Failure, kindOf, run, shrink } from "./episode.ts";
import { kinds } from "./kinds/kinds.ts";
import { once } from "./once.ts";

const [oldFolder = "", newFolder = "", amount = ""] = process.argv.slice(2);
const WANTED = Number(amount);
const MILLION = 1_000_000;
/** Of each kind, in a million operations. */
const LEAST_OF_A_KIND = 1000;
/** Different failures after which a run ends. */
const MOST_FAILURES = 8;
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));

const wrong: string[] = [];
const met: Difference[] = [];
const counts = new Counts();
const builds = [await load(oldFolder), await load(newFolder)] as const;
console.log(`PROPERTY_SEED=${seed}`);

const [old, now] = [await once(builds[0]), await once(builds[1])];
for (const [line, text] of old.entries()) {
  const difference = compare([text], [now[line] ?? "nothing"], met);
  if (difference === undefined || difference.meant) continue;
  print(old, now, line);
  wrong.push("what is done once differs");
}
if (old.length !== now.length) wrong.push(`what is done once: ${old.length} lines, now ${now.length}`);

const start = performance.now();
let [operations, failures] = [0, 0];
const known = new Set<string>();
for (let episode = 0; operations < WANTED && known.size < MOST_FAILURES; episode++) {
  const result = await run(builds, seed, episode, undefined, counts);
  operations += result.operations;
  met.push(...result.met);
  if (result.failure) {
    failures++;
    const kind = kindOf(result.failure);
    if (!known.has(kind)) printFailure(await shrink(builds, seed, result.failure, kind));
    known.add(kind);
  }
  await new Promise(setImmediate); // what only weak references hold can go
}
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(`${operations} operations, ${counts.total} of them with a count, in ${seconds} s`);
check();
for (const line of wrong) console.log(`WRONG: ${line}`);
if (wrong.length === 0) console.log("The two builds do the same.");
else process.exitCode = 1;

/** The first character at which two lines differ, with what is around it. */
function print(old: readonly string[], now: readonly string[], line: number): void {
  const [one = "nothing", other = "nothing"] = [old[line], now[line]];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - 200);
  console.log(`  old: ${one.slice(from, at + 900)}\n  new: ${other.slice(from, at + 900)}`);
}

function printFailure({ episode, old, now, line, log }: Failure): void {
  const cut = (text: string) => (text.length > 600 ? `${text.slice(0, 600)} ...` : text);
  const before = [...log.slice(-40), ...old.slice(Math.max(0, line - 12), line)].map((text) => `    ${cut(text)}`);
  console.log(`\nDIFFERENT in episode ${episode}, PROPERTY_SEED=${seed}, after\n${before.join("\n")}`);
  print(old, now, line);
}

/** Whether the run has met what it is for. */
function check(): void {
  if (failures > 0) wrong.push(`${failures} episodes differ`);
  if (operations < WANTED) return;
  const outcomes = [...counts.outcomes()].sort(([, a], [, b]) => b - a);
  console.log(outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(", "));
  for (const difference of differences) {
    const times = met.filter((one) => one === difference).length;
    console.log(`meant: ${times} times, ${difference.reason}`);
    if (times === 0 && WANTED >= MILLION) wrong.push(`not met: ${difference.reason}`);
  }
  const least = Math.min(1, WANTED / MILLION) * LEAST_OF_A_KIND;
  for (const kind of Object.keys(kinds)) {
    const [all, ok] = [counts.of(kind), counts.of(kind, "ok")];
    if (process.argv.includes("--counts")) console.log(`${kind}: ${all}, ok ${ok}`);
    if (all < least) wrong.push(`${kind} was met ${all} times`);
    if (ok * 5 < all) wrong.push(`${kind} was refused ${all - ok} times of ${all}`);
  }
  if ((counts.outcomes().get("ok") ?? 0) * 3 < counts.total * 2) wrong.push("more than a third was refused");
}
