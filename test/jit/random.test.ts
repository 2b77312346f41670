// 100,000 random accesses by emitted code, and by the facade on a twin, while regions come and go and memory grows.
// Replay a failure with PROPERTY_SEED=<seed>.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DirtyClient, GuestMemory, GuestMemoryError, init, type OnUnmapped } from "../../ts/index.ts";
import { Emitted, read, type Size, sizes, write } from "./emit.ts";

const ACCESSES = 100_000;
const ACCESSES_A_RUN = 400;
/** Everything happens in this many bytes from 0 on. */
const SPAN = 0x1_0000;

interface Access {
  readonly kind: "access";
  readonly size: Size;
  readonly store: boolean;
  readonly at: number;
  readonly value: bigint;
}

interface Change {
  readonly kind: "insert" | "remove";
  readonly at: number;
  readonly length: number;
}

type Step = Access | Change | { readonly kind: "grow" } | { readonly kind: "collect" };

/** Near the edges of pages, where regions begin and end too. */
const place = fc.oneof(
  fc.nat(SPAN),
  fc
    .tuple(fc.integer({ min: 1, max: SPAN / 0x1000 }), fc.integer({ min: -9, max: 1 }))
    .map(([page, by]) => page * 0x1000 + by),
);
/** Where regions begin and end: mostly at pages. */
const edge = fc.oneof(
  { weight: 3, arbitrary: fc.nat(SPAN / 0x1000).map((page) => page * 0x1000) },
  { weight: 1, arbitrary: fc.nat(SPAN) },
);
const access = fc.record({
  kind: fc.constant("access" as const),
  size: fc.constantFrom(...sizes),
  store: fc.boolean(),
  at: place,
  value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});
const change = fc.record({
  kind: fc.constantFrom("insert" as const, "insert" as const, "remove" as const),
  at: edge,
  length: fc.nat(0x3000),
});
const grow = fc.record({ kind: fc.constant("grow" as const) });
const collect = fc.record({ kind: fc.constant("collect" as const) });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 900, arbitrary: access },
    { weight: 40, arbitrary: change },
    { weight: 20, arbitrary: collect },
    { weight: 2, arbitrary: grow }, // costs a hundred times as much as the others: linear memory is mapped anew
  ),
  { minLength: ACCESSES_A_RUN + 50, maxLength: ACCESSES_A_RUN + 100 },
);
const layout = fc
  .uniqueArray(edge, { minLength: 2, maxLength: 10 })
  .map((edges) => edges.sort((a, b) => a - b))
  .chain((edges) =>
    fc.array(fc.nat(3), { minLength: edges.length, maxLength: edges.length }).map((holes) =>
      edges.slice(1).flatMap((end, index): [number, number][] => {
        const start = edges[index] as number;
        return index > 0 && holes[index] === 0 ? [] : [[start, end - start]];
      }),
    ),
  );

/** One of the two: how it is accessed differs, everything else is done alike. */
class Side {
  readonly memory: GuestMemory;
  readonly client: DirtyClient;
  readonly unmapped: string[] = [];

  constructor(ranges: [number, number][], served: boolean) {
    this.memory = GuestMemory.fromRangesSync(ranges);
    this.client = this.memory.dirty.client("twin");
    if (served) this.memory.onUnmapped = this.#handlers();
  }

  /** Odd addresses are errors, even ones a device. */
  #handlers(): OnUnmapped {
    return {
      read: (address, size) => {
        this.unmapped.push(`read ${address} ${size}`);
        if (address % 2 === 1) return undefined;
        return size === 8 ? BigInt(address) << 20n : address & 0xff;
      },
      write: (address, size, value) => void this.unmapped.push(`write ${address} ${size} ${value}`),
    };
  }

  change({ kind, at, length }: Change): void {
    if (kind === "insert") this.memory.insertRegion(at, length + 1);
    const region = this.memory.findRegion(at);
    if (kind === "remove" && region) this.memory.removeRegion(region.start, region.size);
  }
}

/** What `act` gives or throws. */
function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof GuestMemoryError)) throw error;
    return `${error.code} ${error.address} ${error.length}: ${error.message}`;
  }
}

/** `expect(seen).toBe(expected)`, which itself is too slow to be called for each access. */
function same<T>(seen: T, expected: T): void {
  if (!Object.is(seen, expected)) expect(seen).toBe(expected);
}

/** Whether an access may be done inline: in one page that lies wholly in one region. */
function isInline({ regions }: GuestMemory, address: number, size: Size): boolean {
  const page = address & ~0xfff;
  if (address + size > page + 0x1000) return false;
  return regions.some(({ start, lastAddress }) => start <= page && page + 0xfff <= lastAddress);
}

test("emitted code and the facade agree in values, errors, bytes, dirty pages and calls", async () => {
  await init();
  const counts = { inline: 0, called: 0, failed: 0, changes: 0, growths: 0 };

  function compare(ranges: [number, number][], served: boolean, list: Step[]): void {
    const [ours, theirs] = [new Side(ranges, served), new Side(ranges, served)];
    const emitted = new Emitted(ours.memory);
    const collect = () => expect(ours.client.collect()).toEqual(theirs.client.collect());
    try {
      for (const step of list) {
        if (step.kind === "collect") collect();
        else if (step.kind === "grow") {
          ours.memory.wasmMemory.grow(1);
          counts.growths++;
        } else if (step.kind !== "access") {
          const [seen, expected] = [ours, theirs].map((side) => outcome(() => side.change(step)));
          same(seen, expected);
          counts.changes++;
        } else {
          const { at, size, store } = step;
          const value = size === 8 ? step.value : Number(BigInt.asUintN(size * 8, step.value));
          const expected = outcome(() =>
            store ? write(theirs.memory, at, size, value) : read(theirs.memory, at, size),
          );
          const called = emitted.callouts;
          const seen = outcome(() => (store ? emitted.store(at, size, value) : emitted.load(at, size)));
          same(seen, expected);
          same(emitted.callouts - called, isInline(theirs.memory, at, size) ? 0 : 1);
          counts[emitted.callouts === called ? "inline" : "called"]++;
          if (typeof seen === "string") counts.failed++;
        }
      }
      collect();
      expect(ours.unmapped).toEqual(theirs.unmapped);
      for (const { start, size } of theirs.memory.regions) {
        const [seen, expected] = [ours, theirs].map(({ memory }) => Buffer.from(memory.readBytes(start, size)));
        if (expected !== undefined && seen?.equals(expected) !== true) expect(seen).toEqual(expected);
      }
    } finally {
      ours.memory.dispose();
      theirs.memory.dispose();
    }
  }

  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  fc.assert(fc.property(layout, fc.boolean(), steps, compare), { seed, numRuns: ACCESSES / ACCESSES_A_RUN });
  console.log(counts);
  expect(counts.inline + counts.called).toBeGreaterThanOrEqual(ACCESSES);
  for (const count of [counts.inline, counts.called, counts.failed]) expect(count).toBeGreaterThan(ACCESSES / 20);
  expect(counts.changes).toBeGreaterThan(1_000);
  expect(counts.growths).toBeGreaterThan(100);
});
