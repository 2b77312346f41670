// Random operations on random layouts: the facade and a plain byte-map model agree in results, bytes, errors and dirty
// pages. Replay a failure with PROPERTY_SEED=<seed>.
import fc from "fast-check";
import { expect, test } from "vitest";
import { init } from "../../ts/index.ts";
import { bulk } from "./bulk.ts";
import { Machine } from "./machine.ts";
import { map, openClient } from "./map.ts";
import { type Layout, layout, type Operation, operations } from "./operation.ts";
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

interface Failure {
  readonly error: Error;
  readonly log: readonly string[];
}

type Count = (kind: string, outcome: string) => void;

/** Runs operations in a fresh memory; gives the failure, if there is one. */
function run({ wide, ranges }: Layout, list: readonly Operation[], count: Count = () => {}): Failure | undefined {
  const machine = new Machine(ranges, wide);
  try {
    for (let clients = 0; clients < 4; clients++) openClient(machine);
    for (const operation of list) {
      machine.outcome = "";
      KINDS[operation.kind]?.(machine, operation);
      machine.verify(operation);
      if (machine.outcome !== "") count(operation.kind, machine.outcome); // there may be no client to dispose
    }
    return undefined;
  } catch (error) {
    return { error: error as Error, log: machine.log };
  } finally {
    machine.memory.dispose();
  }
}

/** Leaves out operations, ever fewer at once, for as long as the rest still fails. */
function shrink(layout: Layout, failing: readonly Operation[]): readonly Operation[] {
  let list = failing;
  for (let size = list.length >> 1; size >= 1; size = size > 1 ? size >> 1 : 0) {
    for (let from = 0; from < list.length; ) {
      const shorter = [...list.slice(0, from), ...list.slice(from + size)];
      if (run(layout, shorter)) list = shorter;
      else from += size;
    }
  }
  return list;
}

test("random operations agree with the model", async () => {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const counts = new Map<string, Map<string, number>>();
  const count: Count = (kind, outcome) => {
    const outcomes = counts.get(kind) ?? new Map<string, number>();
    counts.set(kind, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
  };

  // fast-check makes the input; leaving out operations makes a failure short sooner than shrinking their values.
  for (const [layouts, list] of fc.sample(fc.tuple(layout, operations(NAMES, RUN)), { seed, numRuns: RUNS })) {
    if (run(layouts, list, count) === undefined) continue;
    const failure = run(layouts, shrink(layouts, list)) ?? { error: new Error("fails only sometimes"), log: [] };
    throw new Error(
      `${failure.error.message}\nPROPERTY_SEED=${seed}, after\n  ${failure.log.join("\n  ")}\n${failure.error.stack}`,
    );
  }

  const total = (outcomes: Map<string, number> | undefined) => [...(outcomes ?? [])].reduce((sum, [, n]) => sum + n, 0);
  const totals = NAMES.map((name) => [name, total(counts.get(name))] as const);
  expect(totals.filter(([, n]) => n < LEAST_OF_A_KIND)).toEqual([]);
  expect(totals.reduce((sum, [, n]) => sum + n, 0)).toBeGreaterThanOrEqual(LEAST_OPERATIONS);
  // Most of it is not refused: errors alone would prove little.
  expect(NAMES.filter((name) => (counts.get(name)?.get("ok") ?? 0) < LEAST_OF_A_KIND / 5)).toEqual([]);
  const sums = byOutcome(counts);
  console.log([...sums].map(([outcome, n]) => `${outcome} ${n}`).join(", "));
  expect(OUTCOMES.filter((outcome) => (sums.get(outcome) ?? 0) < LEAST_OF_AN_OUTCOME)).toEqual([]);
});

function byOutcome(counts: Map<string, Map<string, number>>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const outcomes of counts.values()) {
    for (const [outcome, n] of outcomes) sums.set(outcome, (sums.get(outcome) ?? 0) + n);
  }
  return sums;
}
