// Isolation: a view that was kept shows nothing, and reaches nothing, once its bytes belong to another owner.
import { expect, test } from "vitest";
import { GuestMemory, init } from "../../ts/index.ts";
import { collect, collectUntil } from "../unit/support.ts";

const MIB = 1 << 20;

/** Every way to get typed arrays over guest memory. */
function viewsOf(memory: GuestMemory, address: number, length: number): Uint8Array[] {
  return [memory.view(address, length), ...memory.views(address, length)];
}

const bytesIn = (memory: GuestMemory) => memory.wasmMemory.buffer.byteLength;

/** Whether all of a memory is 0, seen without a view that the library knows of. */
function isZero(memory: GuestMemory): boolean {
  return memory.regions.every(({ start, size }) =>
    Buffer.from(memory.wasmMemory.buffer, placeOf(memory, start), size).equals(Buffer.alloc(size)),
  );
}

/** Bytes of a memory's page table and of the control words behind it. */
const TABLE = (4 << 20) + 4096;

/** A memory that has all of `[place, place + size)`: it takes whatever is free, in large pieces and then in small ones. */
function successorAt(place: number, size: number): GuestMemory {
  const memory = GuestMemory.fromRangesSync([[0, 4096]]);
  const overlap = (start: number, length: number) =>
    Math.max(0, Math.min(place + size, start + length) - Math.max(place, start));
  let covered = overlap(memory.tables.pageTable.byteOffset, TABLE) + overlap(placeOf(memory, 0), 4096);
  let address = 4096;
  for (const piece of [size, 0x1_0000, 0x1000]) {
    // Growth says that nothing of this size is free any more.
    for (const before = bytesIn(memory); bytesIn(memory) === before && covered < size; address += piece) {
      memory.insertRegion(address, piece);
      covered += overlap(placeOf(memory, address), piece);
    }
  }
  if (covered < size) throw new Error("the bytes were never used again, so that this test proves nothing");
  return memory;
}

const placeOf = (memory: GuestMemory, address: number) => memory.hostOffset(address, 1, "read") ?? -1;

/** How somebody stops owning the megabyte at 0x10_0000, and keeps views of it. */
const LOSSES: Record<string, () => Promise<{ views: Uint8Array[]; place: number }>> = {
  "a disposed memory": async () => {
    const memory = GuestMemory.fromRangesSync([[0x10_0000, MIB]]);
    const kept = { views: viewsOf(memory, 0x10_0000, MIB), place: placeOf(memory, 0x10_0000) };
    memory.dispose();
    return kept;
  },
  "a removed region": async () => {
    const memory = GuestMemory.fromRangesSync([
      [0, 0x1000],
      [0x10_0000, MIB],
    ]);
    const kept = { views: viewsOf(memory, 0x10_0000, MIB), place: placeOf(memory, 0x10_0000) };
    memory.removeRegion(0x10_0000, MIB);
    return kept;
  },
  "a memory that was dropped and collected": async () => {
    let collected = false;
    const registry = new FinalizationRegistry(() => {
      collected = true;
    });
    const make = () => {
      const memory = GuestMemory.fromRangesSync([[0x10_0000, MIB]]);
      registry.register(memory, undefined);
      return { views: viewsOf(memory, 0x10_0000, MIB), place: placeOf(memory, 0x10_0000) };
    };
    const kept = make();
    await collectUntil(() => collected);
    await collect();
    expect(collected).toBe(true);
    return kept;
  },
};

for (const [name, lose] of Object.entries(LOSSES)) {
  test(`views kept from ${name} have length 0 once the bytes are somebody else's`, async () => {
    await init();
    const { views, place } = await lose();
    // Until then they may live, and what is written through them must not reach the next owner.
    for (const view of views) if (view.length > 0) view.fill(0xee);
    using successor = successorAt(place, MIB);
    expect(views.map((view) => view.length)).toEqual(views.map(() => 0));
    for (const view of views) view[0] = 0xee; // no error, as in any detached array, and no effect
    expect(isZero(successor)).toBe(true);
    for (const { start, size } of successor.regions) successor.fill(start, 0x55, size);
    expect(views.map((view) => view[0])).toEqual(views.map(() => undefined));
  });
}

test("views of a page here and there: each page's next owner finds zero, whoever wrote it and how", async () => {
  await init();
  const pages = 64;
  const memory = GuestMemory.fromRangesSync([[0, pages * 4096]]);
  const place = placeOf(memory, 0);
  // Each page by another way; the last ones through views that were never written while it lived.
  const ways: ((address: number) => unknown)[] = [
    (address) => memory.writeUint8(address + 4095, 1),
    (address) => memory.writeUint16BE(address + 1, 0xffff),
    (address) => memory.writeFloat64(address + 8, Math.PI),
    (address) => memory.writeBigUint64(BigInt(address + 4088), 2n ** 64n - 1n),
    (address) => memory.write(address + 7, new Uint8Array(100).fill(1)),
    (address) => memory.writeSlice(address + 4000, new Uint8Array(96).fill(1)),
    (address) => memory.fill(address, 1, 4096),
    (address) => memory.copyWithin(address, 0xfff, 1),
    (address) => memory.copyFrom(address + 5, memory, 0xfff, 1),
    (address) => memory.add8(address + 9, 1),
    (address) => memory.exchange64(address + 16, 5n),
    (address) => memory.view(address + 100, 1).fill(1),
    (address) => memory.views(address + 4095, 1)[0]?.fill(1),
  ];
  const late: Uint8Array[] = [];
  for (let page = 0; page < pages; page++) {
    const way = ways[page];
    if (way) way(page * 4096);
    else late.push(memory.view(page * 4096 + (page % 4096), 1));
  }
  memory.dispose();
  for (const view of late) view.fill(0xee);
  using successor = successorAt(place, pages * 4096);
  expect(isZero(successor)).toBe(true);
  expect(late.every((view) => view.length === 0)).toBe(true);
});

test("the tables of a disposed memory are not the next one's", async () => {
  await init();
  const memory = GuestMemory.fromRangesSync([[0, 64 * 4096]]);
  const { pageTable, bytes } = memory.tables;
  const { byteOffset } = pageTable;
  memory.dispose();
  pageTable.fill(0xffff_ffff);
  using successor = successorAt(byteOffset, TABLE);
  expect(isZero(successor)).toBe(true);
  const { regions, tables } = successor;
  const mapped = regions.reduce((pages, { size }) => pages + size / 4096, 0);
  expect(tables.pageTable.filter((entry) => entry !== 0).length).toBe(mapped);
  expect([pageTable.length, bytes.length]).toEqual([0, 0]);
});

test("neighbours do not reach each other: every byte around a region stays", async () => {
  await init();
  const memories = Array.from({ length: 9 }, () => GuestMemory.fromRangesSync([[0x123, 0x2000]]));
  for (const [index, memory] of memories.entries()) memory.fill(0x123, index + 1, 0x2000);
  const middle = memories[4] as GuestMemory;
  for (const act of [
    () => middle.fill(0x123, 0xff, 0x2001),
    () => middle.writeSlice(0x2122, Uint8Array.of(0xff, 0xff)),
    () => middle.writeUint32(0x2121, 0xffff_ffff),
    () => middle.writeUint8(0x122, 0xff),
    () => middle.copyWithin(0x2122, 0x123, 2),
    () => middle.writeUint16(0x122, 0xffff),
  ]) {
    expect(act).toThrow();
  }
  expect(middle.write(0x2122, new Uint8Array(0x2000).fill(5))).toBe(1);
  for (const [index, memory] of memories.entries()) {
    expect(memory.readBytes(0x123, 0x2000)).toEqual(new Uint8Array(0x2000).fill(index + 1));
    memory.dispose();
  }
});
