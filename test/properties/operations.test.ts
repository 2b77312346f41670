// Random operations on random layouts: the facade and a plain byte-map model agree in results, bytes, errors and dirty
// pages. Replay a failure with PROPERTY_SEED=<seed>.
import fc from "fast-check";
import { expect, test } from "vitest";
import { init } from "../../ts/index.ts";
import { bulk } from "./bulk.ts";
import { Machine } from "./machine.ts";
import { map, openClient } from "./map.ts";
import { type Layout, layout, type Operation, operations } from "./operation.ts";
import { Counts, type Failure, report, samples, shrink } from "./runs.ts";
import { atomics, type Kinds, scalars } from "./scalars.ts";

const KINDS: Kinds = { ...scalars, ...atomics, ...bulk, ...map };
const NAMES = Object.keys(KINDS);

const LEAST_OPERATIONS = 100_000;
const LEAST_OF_A_KIND = 1_000;
const LEAST_OF_AN_OUTCOME = 20;
/** Everything that an operation on a live memory can end in. */
const OUTCOMES = [
  "ok",
  "RangeError",
  "INVALID_GUEST_ADDRESS",
  "PARTIAL_BUFFER",
  "GUEST_ADDRESS_OVERFLOW",
  "CROSSES_REGIONS",
  "MISALIGNED",
  "MEMORY_REGION_OVERLAP",
  "NO_MEMORY_REGION",
  "OUT_OF_MEMORY",
  "TOO_MANY_CLIENTS",
];
const RUN = 500;
const RUNS = Math.ceil((Math.max(LEAST_OPERATIONS, NAMES.length * LEAST_OF_A_KIND) * 1.3) / RUN);

/** Runs operations in a fresh memory; gives the failure, if there is one. */
function run({ wide, ranges }: Layout, list: readonly Operation[], counts = new Counts()): Failure | undefined {
  const machine = new Machine(ranges, wide);
  try {
    for (let clients = 0; clients < 4; clients++) openClient(machine);
    for (const operation of list) {
      machine.outcome = "";
      KINDS[operation.kind]?.(machine, operation);
      machine.verify(operation);
      if (machine.outcome !== "") counts.add(operation.kind, machine.outcome); // there may be no client to dispose
    }
    return undefined;
  } catch (error) {
    return { error: error as Error, log: machine.log };
  } finally {
    machine.memory.dispose();
  }
}

test("random operations agree with the model", async () => {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const counts = new Counts();
  for (const [at, list] of samples(fc.tuple(layout, operations(NAMES, RUN)), seed, RUNS)) {
    if (run(at, list, counts) !== undefined)
      throw report(
        seed,
        shrink(list, (shorter) => run(at, shorter)),
      );
  }
  expect(NAMES.filter((name) => counts.of(name) < LEAST_OF_A_KIND)).toEqual([]);
  expect(counts.total).toBeGreaterThanOrEqual(LEAST_OPERATIONS);
  // Most of it is not refused: errors alone would prove little.
  expect(NAMES.filter((name) => counts.of(name, "ok") < LEAST_OF_A_KIND / 5)).toEqual([]);
  const outcomes = counts.byOutcome();
  console.log([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", "));
  expect(OUTCOMES.filter((outcome) => (outcomes.get(outcome) ?? 0) < LEAST_OF_AN_OUTCOME)).toEqual([]);
});
