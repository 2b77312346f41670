// Disposal: afterwards every call is refused, counters stay readable, and other memories are not disturbed.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";

/** A memory that was used in every way, so that whatever remembers something has something to remember. */
async function used(): Promise<GuestMemory> {
  const memory = await GuestMemory.fromRanges([
    [0x1000, 0x3000],
    [2 ** 33, 0x1000],
  ]);
  memory.writeUint32(0x1000, 1);
  memory.write(0x1000, counting(16));
  memory.read(0x1000, new Uint8Array(16));
  memory.add32(0x1000, 1);
  memory.onUnmapped = { read: () => 1, write: () => {} };
  memory.readUint8(0x9999);
  return memory;
}

/** Every public operation, with arguments that were right before. */
const OPERATIONS: Record<string, (memory: GuestMemory) => unknown> = {
  readUint8: (memory) => memory.readUint8(0x1000),
  writeUint8: (memory) => memory.writeUint8(0x1000, 1),
  readUint32: (memory) => memory.readUint32(0x1000),
  writeUint32: (memory) => memory.writeUint32(0x1000, 1),
  readBigInt64BE: (memory) => memory.readBigInt64BE(0x1001n),
  writeFloat64: (memory) => memory.writeFloat64(2 ** 33, 1),
  unmapped: (memory) => memory.readUint8(0x9999),
  load32: (memory) => memory.load32(0x1000),
  store64: (memory) => memory.store64(0x1000, 1n),
  compareExchange8: (memory) => memory.compareExchange8(0x1000, 0, 1),
  write: (memory) => memory.write(0x1000, counting(4)),
  read: (memory) => memory.read(0x1000, new Uint8Array(4)),
  "read no bytes": (memory) => memory.read(0x1000, new Uint8Array(0)),
  writeSlice: (memory) => memory.writeSlice(0x1000, counting(4)),
  readSlice: (memory) => memory.readSlice(0x1000, new Uint8Array(4)),
  readBytes: (memory) => memory.readBytes(0x1000, 4),
  view: (memory) => memory.view(0x1000, 4),
  views: (memory) => memory.views(0x1000, 4),
  fill: (memory) => memory.fill(0x1000, 1, 4),
  "fill no bytes": (memory) => memory.fill(0x1000, 1, 0),
  copyWithin: (memory) => memory.copyWithin(0x1000, 0x2000, 4),
  copyFrom: (memory) => memory.copyFrom(0x1000, memory, 0x2000, 4),
  compare: (memory) => memory.compare(0x1000, 0x2000, 4),
  indexOf: (memory) => memory.indexOf(counting(4), 0x1000, 4),
  regions: (memory) => memory.regions,
  lastAddress: (memory) => memory.lastAddress,
  findRegion: (memory) => memory.findRegion(0x1000),
  toRegionAddress: (memory) => memory.toRegionAddress(0x1000),
  addressInRange: (memory) => memory.addressInRange(0x1000),
  checkRange: (memory) => memory.checkRange(0x1000, 4),
  checkedOffset: (memory) => memory.checkedOffset(0x1000, 4),
  insertRegion: (memory) => memory.insertRegion(0x8000, 4),
  removeRegion: (memory) => memory.removeRegion(0x1000, 0x3000),
  reserve: (memory) => memory.reserve(4),
  map: (memory) => memory.map({ kind: "ram", start: 0x10_0000, size: 4 }),
  "map an alias by its target's name": (memory) => memory.map({ kind: "alias", start: 0x10_0000, of: "ram", size: 4 }),
  mapped: (memory) => memory.mapped,
  region: (memory) => memory.region("ram"),
  protect: (memory) => memory.protect(0x1000, 0x1000, "rw-"),
  transaction: (memory) => memory.transaction(() => {}),
  tree: (memory) => memory.tree(),
  watch: (memory) => memory.watch(0x1000, 4, { read: true }, () => {}),
  markDirty: (memory) => memory.markDirty(0x1000, 4),
  "dirty.client": (memory) => memory.dirty.client("watch"),
  tables: (memory) => memory.tables,
  hostOffset: (memory) => memory.hostOffset(0x1000, 4, "read"),
  "set onUnmapped": (memory) => {
    memory.onUnmapped = {};
  },
};

for (const [name, operation] of Object.entries(OPERATIONS)) {
  test(`${name} after dispose is DISPOSED`, async () => {
    const memory = await used();
    operation(memory);
    memory.dispose();
    expect(() => operation(memory)).toThrow(expect.objectContaining({ name: "GuestMemoryError", code: "DISPOSED" }));
  });
}

test("accessors taken off a memory end with it, and touch nobody else's bytes", async () => {
  const memory = await used();
  const { readUint32, writeUint32, store32 } = memory;
  writeUint32(0x1000, 7);
  memory.dispose();
  using successor = await GuestMemory.fromRanges([[0x1000, 0x3000]]);
  expect(() => readUint32(0x1000)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  expect(() => writeUint32(0x1000, 8)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  expect(() => store32(0x1000, 8)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  expect(successor.readBytes(0x1000, 0x3000).every((byte) => byte === 0)).toBe(true);
});

test("dispose twice is no error, and does not dispose who came after", async () => {
  const memory = await used();
  memory.dispose();
  using successor = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.dispose();
  memory[Symbol.dispose]();
  successor.writeUint8(0, 7);
  expect(successor.readUint8(0)).toBe(7);
});

test("counters stay readable, as they were", async () => {
  const memory = await used();
  memory.insertRegion(0x8000, 0x1000);
  const { mapGeneration, viewGeneration, events, handle } = memory;
  memory.dispose();
  const counters = () => [memory.mapGeneration, memory.viewGeneration];
  expect(counters()).toEqual([mapGeneration, viewGeneration]);
  expect([memory.events, memory.handle]).toEqual([events, handle]);
  using successor = await GuestMemory.fromRanges([[0, 0x1000]]);
  successor.insertRegion(0x8000, 0x1000);
  // The successor has the pages that were written, so the views of all have ended.
  expect(counters()).toEqual([mapGeneration, successor.viewGeneration]);
  expect(memory.viewGeneration).toBeGreaterThan(viewGeneration);
});

test("using disposes", async () => {
  let outside: GuestMemory;
  {
    using memory = await used();
    outside = memory;
  }
  expectCode(() => outside.readUint8(0x1000), "DISPOSED");
});

test("a memory may dispose itself in its own handlers and listeners", async () => {
  const memory = await used();
  memory.onUnmapped = {
    read: () => {
      memory.dispose();
      return 5;
    },
  };
  expect(memory.readUint32(0x9999)).toBe(5);
  expectCode(() => memory.readUint32(0x1000), "DISPOSED");

  const listened = await used();
  listened.events.addEventListener("mapchanged", () => listened.dispose());
  expect(listened.insertRegion(0x8000, 0x1000)).toMatchObject({ start: 0x8000, size: 0x1000 });
  expectCode(() => listened.readUint32(0x1000), "DISPOSED");
});

test("a disposed source is refused", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const source = await used();
  source.dispose();
  expectCode(() => memory.copyFrom(0, source, 0x1000, 4), "DISPOSED");
});
