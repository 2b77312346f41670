// Regions: layouts, queries of the map, insertion and removal.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion } from "../../../ts/index.ts";
import { expectCode, expectUntouched, thrownBy } from "../support.ts";

const LAYOUT = [
  [0x1000, 0x1000],
  [0x2000, 0x800],
  [0x4001, 7],
  [2 ** 32 - 4096, 8192],
] as const;

const shape = (memory: GuestMemory<number | bigint>) => memory.regions.map(({ start, size }) => [start, size]);

test("regions are given in order, as start and size", async () => {
  using memory = await GuestMemory.fromRanges(LAYOUT);
  expect(shape(memory)).toEqual(LAYOUT);
  expect(memory.lastAddress).toBe(2 ** 32 + 4095);
});

test("with bigint addresses, starts are bigints and sizes are numbers", async () => {
  using memory = await GuestMemory.fromRanges(
    [
      [0n, 0x1000],
      [2n ** 64n - 5n, 5n],
    ],
    { addresses: "bigint" },
  );
  expect(shape(memory)).toEqual([
    [0n, 0x1000],
    [2n ** 64n - 5n, 5],
  ]);
  expect(memory.lastAddress).toBe(2n ** 64n - 1n);
  expect(memory.toRegionAddress(2n ** 64n - 1n)).toEqual({ region: memory.regions[1], address: 4 });
  expect(memory.checkedOffset(0, 4095n)).toBe(4095n);
  expect(memory.checkedOffset(2n ** 64n - 5n, 4)).toBe(2n ** 64n - 1n);
  expect(memory.checkedOffset(2n ** 64n - 5n, 5)).toBeUndefined();
});

test("findRegion, toRegionAddress and addressInRange at every edge", async () => {
  using memory = await GuestMemory.fromRanges(LAYOUT);
  for (const [start, size] of LAYOUT) {
    for (const offset of [0, size - 1]) {
      expect(memory.findRegion(start + offset)).toMatchObject({ start, size });
      expect(memory.toRegionAddress(BigInt(start + offset))).toMatchObject({
        region: { start, size },
        address: offset,
      });
      expect(memory.addressInRange(start + offset)).toBe(true);
    }
  }
  for (const address of [0, 0xfff, 0x2800, 0x4000, 0x4008, 2 ** 32 + 4096, 2 ** 53 - 1, 2n ** 64n - 1n]) {
    expect(memory.findRegion(address)).toBeUndefined();
    expect(memory.toRegionAddress(address)).toBeUndefined();
    expect(memory.addressInRange(address)).toBe(false);
  }
});

test("checkRange wants every byte, and checkedOffset only the last", async () => {
  using memory = await GuestMemory.fromRanges(LAYOUT);
  expect(memory.checkRange(0x1000, 0x1800)).toBe(true);
  expect(memory.checkRange(0x1000, 0x1801)).toBe(false);
  expect(memory.checkRange(0xfff, 2)).toBe(false);
  expect(memory.checkRange(0x9999, 0)).toBe(true);
  expect(memory.checkRange(2 ** 32 - 4096, 2n ** 64n - 1n)).toBe(false);
  expect(memory.checkedOffset(0x1000, 0x17ff)).toBe(0x27ff);
  expect(memory.checkedOffset(0x1000, 0x1800)).toBeUndefined();
  expect(memory.checkedOffset(0, 0x1000)).toBe(0x1000); // over a hole: only the sum must be backed
  expect(memory.checkedOffset(2n ** 64n - 1n, 0x1001)).toBeUndefined(); // it must not wrap to 0x1000
});

test("a region that is inserted is zero, in order, and gone when removed", async () => {
  using memory = await GuestMemory.fromRanges(LAYOUT);
  memory.fill(0x1000, 0xaa, 0x1800);
  const generation = memory.mapGeneration;
  expect(memory.insertRegion(0x2800, 0x1801)).toMatchObject({ start: 0x2800, size: 0x1801 });
  expect(memory.mapGeneration).not.toBe(generation);
  expect(shape(memory)).toEqual([...LAYOUT.slice(0, 2), [0x2800, 0x1801], ...LAYOUT.slice(2)]);
  expect(memory.readBytes(0x27ff, 0x1803)).toEqual(Uint8Array.of(0xaa, ...new Uint8Array(0x1802)));
  memory.writeUint32(0x27fe, 0x0403_0201);
  expect(memory.removeRegion(0x2800, 0x1801)).toMatchObject({ start: 0x2800, size: 0x1801 });
  expect(shape(memory)).toEqual(LAYOUT);
  expectCode(() => memory.readUint32(0x27fe), "PARTIAL_BUFFER", { address: 0x27fe, length: 4 });
  expect(memory.readUint16(0x27fe)).toBe(0x0201);
  // The same again is a new region: nothing of the old one shows.
  memory.insertRegion(0x2800, 0x1801);
  expect(memory.readBytes(0x2800, 0x1801).every((byte) => byte === 0)).toBe(true);
});

test("a region made by its range is placed like all others", () => {
  using memory = GuestMemory.fromRangesSync([
    [0, 0x1000],
    [0x1000, 0x1000],
  ]);
  const inserted = memory.insertRegion(0x8000, 0x1000);
  const [one, two, three] = memory.mapped;
  expect([one?.start, two?.start, three?.start]).toEqual([0, 0x1000, 0x8000]);
  expect(memory.regions.map(({ mapped }) => mapped)).toEqual([one, two, three]);
  expect([inserted.mapped, memory.region("ram"), memory.findRegion(0x1234)?.mapped]).toEqual([three, one, two]);
  expect([three?.name, three?.kind, three?.size, three?.priority]).toEqual(["ram", "ram", 0x1000, 0]);
  memory.writeUint8(0x8000, 7);
  memory.map({ kind: "alias", start: 0xa000, of: three as MappedRegion });
  three?.move(0x9000);
  expect([memory.readUint8(0xa000), memory.readUint8(0x9000), memory.addressInRange(0x8000)]).toEqual([7, 7, false]);
  memory.removeRegion(0x9000, 0x1000);
  expect([memory.readUint8(0xa000), three?.isMapped, three?.start]).toEqual([7, false, 0x9000]);
});

test("a transaction shows what was inserted and removed in it in `mapped`", () => {
  using memory = GuestMemory.createSync([{ kind: "ram", name: "first", start: 0, size: 0x1000 }]);
  const places = () => memory.mapped.map(({ start }) => start);
  const [first] = memory.mapped;
  memory.transaction(() => {
    memory.insertRegion(0x8000, 0x1000);
    expect(places()).toEqual([0, 0x8000]);
    memory.removeRegion(0, 0x1000);
    expect([places(), first?.isMapped]).toEqual([[0x8000], false]);
  });
  const undo = () => {
    memory.removeRegion(0x8000, 0x1000);
    expect(places()).toEqual([]);
    throw new Error("undo");
  };
  expect(() => memory.transaction(undo)).toThrow("undo");
  expect(places()).toEqual([0x8000]);
});

test("accessors that were taken off the memory see the map as it is now", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x4000]]);
  const { readUint32, writeUint32 } = memory;
  writeUint32(0x1000, 7);
  memory.insertRegion(0x8000, 0x40_0000);
  writeUint32(0x8000, 8);
  expect([readUint32(0x1000), readUint32(0x8000)]).toEqual([7, 8]);
  memory.removeRegion(0, 0x4000);
  expectCode(() => readUint32(0x1000), "INVALID_GUEST_ADDRESS", { address: 0x1000, length: 4 });
  expect(memory.readUint32(0x8000)).toBe(8);
});

test("a bulk access after a removal does not go by the region of the last one", async () => {
  using memory = await GuestMemory.fromRanges([
    [0, 0x1000],
    [0x1000, 0x1000],
  ]);
  const into = new Uint8Array(8);
  memory.write(0x1000, into);
  memory.removeRegion(0x1000, 0x1000);
  expectCode(() => memory.write(0x1000, into), "INVALID_GUEST_ADDRESS", { address: 0x1000, length: 8 });
  expect(memory.read(0xffc, into)).toBe(4);
});

test("the last region can go too, and others come back", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.removeRegion(0, 0x1000);
  expect(shape(memory)).toEqual([]);
  expect(memory.lastAddress).toBeUndefined();
  expectCode(() => memory.readUint8(0), "INVALID_GUEST_ADDRESS", { address: 0, length: 1 });
  memory.insertRegion(0x5000, 16);
  expect(memory.lastAddress).toBe(0x500f);
});

test("what cannot be inserted or removed changes nothing", async () => {
  using memory = await GuestMemory.fromRanges(LAYOUT);
  const remove: [number | bigint, number][] = [
    [0x1000, 0xfff],
    [0x1001, 0xfff],
    [0x1000, 0x1800],
    [0x3000, 0x1000],
    [2n ** 64n - 1n, 1],
  ];
  expectUntouched(memory, () => {
    for (const [start, size] of remove) {
      expectCode(() => memory.removeRegion(start, size), "NO_MEMORY_REGION", { address: start, length: size });
    }
    for (const [start, size] of [
      [0x1fff, 1],
      [0x27ff, 1],
      [0x4000, 2],
      [0x4007, 1],
      [0, 0x5000],
      [2 ** 32, 1],
    ] as const) {
      expectCode(() => memory.insertRegion(start, size), "MEMORY_REGION_OVERLAP", { address: start, length: size });
    }
    expectCode(() => memory.insertRegion(2 ** 40, 2 ** 33), "OUT_OF_MEMORY", { address: 2 ** 40, length: 2 ** 33 });
    expect(thrownBy(() => memory.insertRegion(0x9000, 0))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.insertRegion(2 ** 53 - 1, 2))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.insertRegion(2n ** 53n, 1))).toBeInstanceOf(RangeError);
  });
});

test("a number layout may touch 2^53 and no more, a bigint layout 2^64", async () => {
  using memory = await GuestMemory.fromRanges([[2 ** 53 - 8, 8]]);
  memory.writeBigUint64(2 ** 53 - 8, 0x0807_0605_0403_0201n);
  expect(memory.readUint8(2 ** 53 - 1)).toBe(8);
  expect(memory.lastAddress).toBe(2 ** 53 - 1);
  expectCode(() => memory.readUint16(2 ** 53 - 1), "PARTIAL_BUFFER", { address: 2 ** 53 - 1, length: 2 });

  using wide = await GuestMemory.fromRanges([[2n ** 64n - 8n, 8]], { addresses: "bigint" });
  wide.writeBigUint64BE(2n ** 64n - 8n, 0x0807_0605_0403_0201n);
  expect(wide.readUint8(2n ** 64n - 1n)).toBe(1);
  const last = 2n ** 64n - 1n;
  expectCode(() => wide.readUint16(last), "GUEST_ADDRESS_OVERFLOW", { address: last, length: 2 });
  expectCode(() => wide.fill(last, 0, 2n ** 64n - 1n), "GUEST_ADDRESS_OVERFLOW", { address: last, length: last });
});

test("numbers and bigints name the same addresses", async () => {
  using memory = await GuestMemory.fromRanges([[0x1000, 0x3000]]);
  memory.writeUint32(0x1ffen, 0xdead_beef);
  expect(memory.readUint32(0x1ffe)).toBe(0xdead_beef);
  expect(memory.indexOf(Uint8Array.of(0xde), 0x1000n, 0x3000n)).toBe(0x2001);
});
