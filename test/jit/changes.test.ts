// Emitted code while the memory changes. The code is emitted once, and reads the tables at each access.
import { afterEach, expect, test } from "vitest";
import { GuestMemory } from "../../ts/index.ts";
import { Emitted } from "./emit.ts";

const made: GuestMemory[] = [];
afterEach(() => {
  for (const memory of made.splice(0)) memory.dispose();
});

async function make(...ranges: [number, number][]): Promise<{ memory: GuestMemory; emitted: Emitted }> {
  const memory = await GuestMemory.fromRanges(ranges);
  made.push(memory);
  return { memory, emitted: new Emitted(memory) };
}

/** Bytes that linear memory has now: a region of so many more makes it grow. */
const linearBytes = (memory: GuestMemory) => memory.wasmMemory.buffer.byteLength;

test("a region that is removed is gone, one that is inserted is there", async () => {
  const { memory, emitted } = await make([0x0, 0x2000], [0x4000, 0x2000]);
  emitted.store(0x4000, 4, 1);
  memory.removeRegion(0x4000, 0x2000);
  expect(() => emitted.load(0x4000, 4)).toThrow(expect.objectContaining({ code: "INVALID_GUEST_ADDRESS" }));
  expect(() => emitted.store(0x4000, 4, 2)).toThrow(expect.objectContaining({ code: "INVALID_GUEST_ADDRESS" }));
  memory.insertRegion(0x3000, 0x4000);
  emitted.callouts = 0;
  expect(emitted.load(0x4000, 4)).toBe(0);
  emitted.store(0x6ff8, 8, 3n);
  expect(memory.readBigUint64(0x6ff8)).toBe(3n);
  expect(emitted.callouts).toBe(0);
});

test("growth kills typed arrays and not emitted code", async () => {
  const { memory, emitted } = await make([0x0, 0x2000]);
  emitted.store(0x10, 4, 7);
  const { tables } = memory;
  const [table, dirty] = [tables.pageTable.byteOffset, tables.dirty.byteOffset];
  const client = memory.dirty.client("display");
  memory.insertRegion(0x10_0000, linearBytes(memory));
  client.collect(); // the new region is dirty as a whole
  expect(tables.pageTable.length).toBe(0);
  expect(emitted.load(0x10, 4)).toBe(7);
  emitted.store(0x1010, 4, 8);
  emitted.store(0x10_0010, 4, 9);
  expect([memory.readUint32(0x1010), memory.readUint32(0x10_0010)]).toEqual([8, 9]);
  expect(client.collect()).toEqual([
    [0x1000, 0x1000],
    [0x10_0000, 0x1000],
  ]);
  expect(emitted.callouts).toBe(0);
  expect([memory.tables.pageTable.byteOffset, memory.tables.dirty.byteOffset]).toEqual([table, dirty]);
});

test("a handler may insert the region that is missing, in the middle of a loop, and make memory grow", async () => {
  const { memory, emitted } = await make([0x0, 0x2000]);
  const inserted: number[] = [];
  const page = (address: number) => address & ~0xfff;
  memory.onUnmapped = {
    write(address, size, value) {
      inserted.push(page(address));
      if (inserted.length === 1) memory.insertRegion(page(address), 0x1000);
      else memory.insertRegion(page(address), linearBytes(memory));
      memory.writeUint32(address, Number(value));
      expect(size).toBe(4);
    },
  };
  for (let address = 0; address < 0x2000; address += 4) memory.writeUint32(address, address * 3);
  emitted.of(4).copy(0x10_0000, 0x0, 0x800);
  expect(inserted).toEqual([0x10_0000, 0x10_1000]);
  expect(emitted.callouts).toBe(2);
  expect(memory.readBytes(0x10_0000, 0x2000)).toEqual(memory.readBytes(0x0, 0x2000));
});

test("an error stops the loop where it happens", async () => {
  const { memory, emitted } = await make([0x0, 0x2000], [0x3000, 0x1000]);
  memory.fill(0, 0x5a, 0x2000);
  expect(() => emitted.of(8).copy(0x3000, 0x1800, 0x200)).toThrow(
    expect.objectContaining({ code: "INVALID_GUEST_ADDRESS", address: 0x2000, length: 8 }),
  );
  expect(memory.indexOf(Uint8Array.of(0), 0x3000, 0x1000)).toBe(0x3800);
});

test("the map generation is the word behind the table, and counts every change", async () => {
  const { memory } = await make([0x0, 0x2000]);
  const place = memory.tables.pageTable.byteOffset + 0x40_0000;
  const generation = () => new DataView(memory.wasmMemory.buffer).getUint32(place, true);
  const before = generation();
  expect(memory.mapGeneration).toBe(before);
  memory.writeUint32(0x10, 1);
  memory.reserve(linearBytes(memory));
  expect(generation()).toBe(before);
  memory.insertRegion(0x8000, 0x1000);
  memory.removeRegion(0x8000, 0x1000);
  expect(generation()).toBe(before + 2);
  expect(memory.mapGeneration).toBe(before + 2);
});

test("discarded pages are the slow path's, until the first store gives all of them pages", async () => {
  const { memory, emitted } = await make([0x0, 0x8000]);
  memory.fill(0, 0xff, 0x8000);
  memory.discard(0x2000, 0x4000);
  expect([emitted.load(0x2000, 4), emitted.load(0x5ffc, 8), emitted.load(0x1ffc, 4)]).toEqual([
    0,
    0xffff_ffff_0000_0000n,
    0xffff_ffff,
  ]);
  expect(emitted.callouts).toBe(2);
  emitted.store(0x3000, 4, 7);
  expect(emitted.callouts).toBe(3);
  for (let address = 0x2000; address < 0x6000; address += 0x800) emitted.store(address, 2, address >>> 8);
  expect(emitted.load(0x3000, 2)).toBe(0x30);
  expect(emitted.callouts).toBe(3);
  expect(memory.readUint16(0x5800)).toBe(0x58);
});

test("after disposal the entries are 0", async () => {
  const { memory } = await make([0x0, 0x2000]);
  const { byteOffset } = memory.tables.pageTable;
  const entries = () => [...new Uint32Array(memory.wasmMemory.buffer, byteOffset, 4)].map((entry) => entry & 3);
  expect(entries()).toEqual([3, 3, 0, 0]);
  memory.dispose();
  expect(entries()).toEqual([0, 0, 0, 0]);
});

test("the document's numbers", async () => {
  const { memory } = await make([0x1800, 0x3000]);
  const { pageTable, dirty } = memory.tables;
  const host = memory.hostOffset(0x1800, 0x3000) as number;
  expect(host & 0xfff).toBe(0x800); // 0x52800 in the text
  const page = host >>> 12;
  expect([...pageTable.subarray(0, 5)]).toEqual([0, 0, ((page + 1) << 4) | 7, ((page + 2) << 4) | 7, 0]);
  const at = (address: number) => (((pageTable[address >>> 12] as number) & ~15) << 8) | (address & 0xfff);
  expect(at(0x2ff9) - host).toBe(0x53ff9 - 0x52800);
  expect(at(0x2ff9)).toBe(memory.hostOffset(0x2ff9, 4));
  expect(at(0x3004) - host).toBe(0x54004 - 0x52800);
  const client = memory.dirty.client("display");
  const marked = () => [...dirty.subarray(page, page + 4)].map((mark) => mark & 0x7f);
  memory.writeBigUint64(0x3004, 1n);
  expect(marked()).toEqual([0, 0, 0x7f, 0]);
  expect(client.collect()).toEqual([[0x3000, 0x1000]]);
  memory.writeUint8(0x1900, 1);
  expect(memory.tables.bytes[host + 0x100]).toBe(1); // 0x52900 in the text
  expect((dirty[page] as number) & 0x7f).toBe(0x7f);
  expect(client.collect()).toEqual([[0x1800, 0x800]]);
});
