// Random changes of and accesses to random maps: the facade and a model that walks the list of regions for every byte
// agree in results, bytes, errors, events of watches, and calls of devices and handlers. Replay a failure with
// PROPERTY_SEED=<seed>.
import fc from "fast-check";
import { expect, test } from "vitest";
import { init } from "../../ts/index.ts";
import { accesses } from "./map-accesses.ts";
import { changes, type MapKinds } from "./map-changes.ts";
import { dirtyKinds } from "./map-dirty.ts";
import { MapMachine } from "./map-machine.ts";
import { type Operation, operations } from "./operation.ts";
import { Counts, type Failure, report, samples, shrink } from "./runs.ts";

const KINDS: MapKinds = { ...changes, ...accesses, ...dirtyKinds };
const NAMES = Object.keys(KINDS);
/** More of what makes memory appear than of what hides it. */
const MIX = [
  ...NAMES,
  "map ram",
  "map ram",
  "map alias",
  "show",
  "show",
  "enable",
  "enable",
  "trapWrites",
  "trapWrites",
  "trapWrites",
];
const LEAST_OPERATIONS = 100_000;
const LEAST_OF_A_KIND = 1_000;
const LEAST_OF_AN_OUTCOME = 25;
/** Everything that an operation on a live map can end in. */
const OUTCOMES = [
  "ok",
  "stopped",
  "abandoned",
  "RangeError",
  "INVALID_GUEST_ADDRESS",
  "PARTIAL_BUFFER",
  "GUEST_ADDRESS_OVERFLOW",
  "EMPTY_REGION",
  "MISALIGNED",
  "MEMORY_REGION_OVERLAP",
  "INVALID_ALIAS",
  "READ_ONLY",
  "PERMISSION_DENIED",
  "NOT_MEMORY",
];
const RUN = 400;
/** After so many operations all bytes are compared. */
const CHECK = 25;
/** Of a list, some do nothing, because there is no region yet, or too many: hence more. */
const RUNS = Math.ceil((Math.max(LEAST_OPERATIONS, MIX.length * LEAST_OF_A_KIND) * 1.4) / RUN);

interface Layout {
  readonly wide: boolean;
  readonly bases: readonly (bigint | "top")[];
}

const layout: fc.Arbitrary<Layout> = fc.record({
  wide: fc.boolean(),
  bases: fc.uniqueArray(fc.constantFrom(0n, 0n, 1n << 31n, (1n << 32n) - 8192n, 1n << 40n, "top" as const), {
    minLength: 1,
    maxLength: 2,
  }),
});

/** How many pages of write traps have sprung so far. */
let sprung = 0;

/** Runs operations on a fresh machine; gives the failure, if there is one. */
function run({ wide, bases }: Layout, list: readonly Operation[], counts = new Counts()): Failure | undefined {
  const machine = new MapMachine(bases, wide);
  try {
    for (const [index, operation] of list.entries()) {
      machine.outcome = "";
      KINDS[operation.kind]?.(machine, operation);
      machine.dirty.settle(machine.sides);
      if (machine.outcome !== "") counts.add(operation.kind, machine.outcome);
      if (index % CHECK === CHECK - 1) machine.verify();
    }
    machine.verify();
    sprung += machine.sprung;
    return undefined;
  } catch (error) {
    return { error: error as Error, log: machine.log };
  } finally {
    machine.dispose();
  }
}

test("random maps, changes and accesses agree with the model", async () => {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const counts = new Counts();
  for (const [at, list] of samples(fc.tuple(layout, operations(MIX, RUN)), seed, RUNS)) {
    if (run(at, list, counts) !== undefined)
      throw report(
        seed,
        shrink(list, (shorter) => run(at, shorter)),
      );
  }
  console.log(NAMES.map((name) => `${name} ${counts.of(name)}`).join(", "));
  console.log(`${sprung} pages of traps sprung`);
  console.log([...counts.byOutcome()].map(([outcome, count]) => `${outcome} ${count}`).join(", "));
  expect(NAMES.filter((name) => counts.of(name) < LEAST_OF_A_KIND)).toEqual([]);
  expect(counts.total).toBeGreaterThanOrEqual(LEAST_OPERATIONS);
  expect(sprung).toBeGreaterThanOrEqual(LEAST_OF_A_KIND);
  // Most of it is not refused: errors alone would prove little.
  expect(NAMES.filter((name) => counts.of(name, "ok") < LEAST_OF_A_KIND / 5)).toEqual([]);
  const outcomes = counts.byOutcome();
  expect(OUTCOMES.filter((outcome) => (outcomes.get(outcome) ?? 0) < LEAST_OF_AN_OUTCOME)).toEqual([]);
});
