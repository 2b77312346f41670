// Random layouts and operations as plain data. Addresses and lengths are relative to the map at the time an operation
// runs, so that operations still make sense while regions come and go, and when other operations are left out.
import fc from "fast-check";

/** An address: this far from one of the map's boundaries. */
export interface Place {
  readonly anchor: number;
  readonly delta: number;
  readonly asBigint: boolean;
}

/** A length in bytes, by itself or beyond what is left of a region. */
export interface Length {
  readonly toEnd: boolean;
  readonly add: bigint;
  readonly asBigint: boolean;
}

/** Bytes of the caller's. */
export interface Bytes {
  readonly length: number;
  readonly seed: number;
  readonly kind: "plain" | "shared" | "resizable" | "own view";
  readonly from: Place;
}

export interface Operation {
  readonly kind: string;
  readonly at: Place;
  readonly other: Place;
  readonly length: Length;
  readonly bytes: Bytes;
  /** A value to write, and whatever else an operation must choose. */
  readonly bits: bigint;
}

export interface Layout {
  readonly wide: boolean;
  readonly ranges: readonly (readonly [bigint, number])[];
}

const integer = (min: number, max: number) => fc.integer({ min, max });

const place: fc.Arbitrary<Place> = fc.record({
  anchor: fc.noBias(fc.nat(0xffff)),
  delta: fc.oneof(
    { weight: 5, arbitrary: fc.noBias(integer(-9, 9)) },
    { weight: 4, arbitrary: fc.noBias(integer(0, 9000)) },
    { weight: 1, arbitrary: integer(-5000, 0) },
  ),
  asBigint: fc.boolean(),
});

const fewBytes = integer(0, 17);
const pages = fc.oneof(integer(4085, 4105), integer(8185, 8200), fc.nat(9000));

const length: fc.Arbitrary<Length> = fc.record({
  toEnd: fc.noBias(fc.integer({ min: 0, max: 3 })).map((choice) => choice === 0),
  add: fc.oneof(
    { weight: 8, arbitrary: fewBytes.map(BigInt) },
    { weight: 4, arbitrary: pages.map(BigInt) },
    { weight: 1, arbitrary: integer(-3, 3).map(BigInt) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(1n << 31n, 1n << 32n, (1n << 53n) - 1n, 1n << 53n, (1n << 64n) - 1n, 1n << 64n),
    },
  ),
  asBigint: fc.boolean(),
});

const bytes: fc.Arbitrary<Bytes> = fc.record({
  length: fc.oneof({ weight: 3, arbitrary: fewBytes }, { weight: 1, arbitrary: pages }),
  seed: fc.noBias(fc.nat(0x7fff_ffff)),
  kind: fc.constantFrom("plain", "plain", "plain", "shared", "resizable", "own view"),
  from: place,
});

export const operations = (kinds: readonly string[], count: number): fc.Arbitrary<Operation[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      at: place,
      other: place,
      length,
      bytes,
      bits: fc.bigInt(0n, (1n << 64n) - 1n),
    }),
    { minLength: count, maxLength: count },
  );

const size = fc.oneof(integer(1, 20), integer(4090, 4100), fc.constant(4096), fc.constant(8192), integer(1, 20_000));

/** Neighbours: regions one behind another, adjacent or with a hole between, around a power of two or up to the top. */
const cluster = fc.record({
  base: fc.constantFrom(0n, 0n, 1n << 31n, 1n << 32n, 1n << 40n, 1n << 52n, "top" as const),
  before: fc.oneof(fc.constant(0), integer(0, 9000), fc.constant("one region" as const)),
  regions: fc.array(
    fc.record({ size, hole: fc.oneof(fc.constant(0), fc.constant(0), integer(1, 20), integer(1, 9000)) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
});

/** One to eight regions. A layout that is not wide ends at 2^53 at most, a wide one at 2^64, and both often do. */
export const layout: fc.Arbitrary<Layout> = fc
  .record({
    wide: fc.boolean(),
    clusters: fc.uniqueArray(cluster, { minLength: 1, maxLength: 3, selector: (c) => c.base }),
  })
  .map(({ wide, clusters }) => {
    const top = wide ? 1n << 64n : 1n << 53n;
    const ranges: [bigint, number][] = [];
    const ordered = clusters.toSorted((a, b) => (rank(a.base, top) < rank(b.base, top) ? -1 : 1));
    for (const { base, before, regions } of ordered) {
      const span = regions.reduce((sum, { size, hole }, index) => sum + size + (index > 0 ? hole : 0), 0);
      const below = before === "one region" ? (regions[0]?.size ?? 0) : before;
      let at = base === "top" ? top - BigInt(span) : base - (base < below ? 0n : BigInt(below));
      for (const [index, { size, hole }] of regions.entries()) {
        if (index > 0) at += BigInt(hole);
        ranges.push([at, size]);
        at += BigInt(size);
      }
    }
    return { wide, ranges: ranges.slice(0, 8) };
  });

function rank(base: bigint | "top", top: bigint): bigint {
  return base === "top" ? top : base;
}
