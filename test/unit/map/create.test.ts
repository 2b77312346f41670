// Layouts: impossible lists of regions, guests that are too large, and the forms that a list may have.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { expectCode, expectUntouched, stateOf, thrownBy } from "../support.ts";

type U64Like = number | bigint;

const layout = (): Promise<GuestMemory> =>
  GuestMemory.fromRanges([
    [0, 0x1000],
    [0x1000, 0x1000],
    [0x4000, 0x800],
  ]);

test("layouts that cannot be", async () => {
  const make =
    (ranges: [U64Like, U64Like][], wide = false) =>
    () =>
      wide ? GuestMemory.fromRangesSync(ranges, { addresses: "bigint" }) : GuestMemory.fromRangesSync(ranges);
  using before = await layout();
  expectUntouched(before, () => {
    // Before a single byte is taken: views live.
    expectCode(make([]), "NO_MEMORY_REGION", { length: 0 });
    expectCode(
      make([
        [0x1000, 2],
        [0x1001, 1],
      ]),
      "MEMORY_REGION_OVERLAP",
      { address: 0x1000, length: 3 },
    );
    expectCode(
      make([
        [5, 1],
        [5, 1],
      ]),
      "MEMORY_REGION_OVERLAP",
      { address: 5, length: 2 },
    );
    expectCode(
      make([
        [0x1000, 2],
        [0, 1],
      ]),
      "UNSORTED_MEMORY_REGIONS",
      { address: 0x1000, length: 3 },
    );
    expect(
      thrownBy(
        make([
          [0, 0x1000],
          [0x1000, 0],
        ]),
      ),
    ).toBeInstanceOf(RangeError);
    expect(
      thrownBy(
        make([
          [0, 0x1000],
          [0x1000, 0n],
        ]),
      ),
    ).toBeInstanceOf(RangeError);
    expect(thrownBy(make([[2 ** 53 - 1, 2]]))).toBeInstanceOf(RangeError);
    expect(thrownBy(make([[2n ** 64n - 1n, 2]]))).toBeInstanceOf(RangeError); // past 2^53 comes first
    expectCode(make([[2n ** 64n - 1n, 2]], true), "GUEST_ADDRESS_OVERFLOW", { address: 2n ** 64n - 1n, length: 2 });
    for (const ranges of [null, undefined, 5, "ranges", {}, [5], [null], ["ab"], [{}]] as unknown as [
      U64Like,
      U64Like,
    ][][]) {
      expect(thrownBy(make(ranges)), String(ranges)).toBeInstanceOf(TypeError);
    }
    const options = (given: unknown) => () => GuestMemory.fromRangesSync([[0, 4096]], given as object);
    expect(thrownBy(options({ addresses: "bigints" }))).toBeInstanceOf(TypeError);
    expect(thrownBy(options({ addresses: 5 }))).toBeInstanceOf(TypeError);
  });
});

test("fromRanges does not look at the name, which only create gives", () => {
  using memory = GuestMemory.fromRangesSync([[0, 16]], { name: 5 } as object);
  expect(memory.tree()).toMatch(/^address-space: memory\n/);
  const create = () => GuestMemory.createSync([], { name: 5 } as object);
  expect(thrownBy(create)).toBeInstanceOf(TypeError);
});

test("a guest that is too large leaves the one that was there working", async () => {
  using memory = await layout();
  memory.fill(0, 0x77, 0x2000);
  const { viewGeneration: _, ...before } = stateOf(memory); // linear memory may have grown for what then did not fit
  const wide = { addresses: "bigint" } as const;
  const [half, all] = [2 ** 31, 2 ** 32];
  const rows: [[U64Like, U64Like][], U64Like][] = [
    [[[0, all - 1]], all - 1],
    [[[0, all]], all],
    [[[5, 2 ** 40]], 2 ** 40],
    [[[0, 2 ** 53 - 1]], 2 ** 53 - 1],
    [[[1n, 2n ** 64n - 1n]], 2n ** 64n - 1n],
    [
      [
        [0, half],
        [all, half],
      ],
      all,
    ],
    [
      [
        [0n, 2n ** 63n],
        [2n ** 63n, 2n ** 63n],
      ],
      2n ** 64n,
    ],
  ];
  for (const [ranges, length] of rows) {
    const address = ranges[0]?.[0] ?? 0;
    expectCode(() => GuestMemory.fromRangesSync(ranges, wide), "OUT_OF_MEMORY", { address, length });
    await expect(GuestMemory.fromRanges(ranges, wide)).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      address,
      length,
    });
  }
  for (const size of [all - 1, all, 2 ** 40, 2 ** 52]) {
    expectCode(() => memory.insertRegion(2 ** 52, size), "OUT_OF_MEMORY", { address: 2 ** 52, length: size });
    expectCode(() => memory.reserve(size), "OUT_OF_MEMORY", { length: size });
    expectCode(() => GuestMemory.fromRangesSync([[0, 4096]], { reserve: size }), "OUT_OF_MEMORY", { length: size });
  }
  expect(stateOf(memory)).toMatchObject(before);
  memory.insertRegion(0x1_0000, 0x1000);
  memory.writeUint32(0x1_0000, 78);
  expect([memory.readUint32(0x10), memory.readUint32(0x1_0000)]).toEqual([0x7777_7777, 78]);
  using after = await layout();
  expect(after.readUint32(0x10)).toBe(0);
});

test("a list of regions may be any iterable, and is read once", async () => {
  let reads = 0;
  function* ranges(): Generator<[U64Like, U64Like]> {
    reads++;
    yield [0n, 0x1000];
    yield [0x1000, 0x1000n];
  }
  using memory = await GuestMemory.fromRanges(ranges());
  expect(memory.regions.map(({ start, size }) => [start, size])).toEqual([
    [0, 0x1000],
    [0x1000, 0x1000],
  ]);
  expect(reads).toBe(1);
});
