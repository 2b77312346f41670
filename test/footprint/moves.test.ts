// Moves: a region that is moved in linear memory, to make room for another machine's, stays the same to its own machine.
import { expect, test } from "vitest";
import { bytesOf, freshLibrary, MIB } from "./machines.ts";

const SIZE = 64 * MIB;

/** A machine that was moved: its lower neighbour went, and the next machine fits only if it moves down. */
async function moved() {
  const { GuestMemory } = await freshLibrary();
  const make = (size: number) => GuestMemory.fromRangesSync([[0x800, size]]);
  const [below, memory, above] = [make(SIZE), make(SIZE), make(SIZE)];
  const client = memory.dirty.client("test");
  memory.writeUint32(0x1000, 1);
  client.collect();
  memory.writeUint32(0x800, 0x0102_0304);
  memory.fill(0x10_0fff, 0xaa, 2);
  const view = memory.view(0x20_0000, 4);
  view.set([5, 6, 7, 8]);
  const before = { host: memory.hostOffset(0x800, SIZE, "read"), generation: memory.mapGeneration };
  let events = 0;
  memory.events.addEventListener("mapchanged", () => events++);
  const { tables } = memory;
  const tableOffset = tables.pageTable.byteOffset;
  below.writeUint8(0x9999, 0xff);
  below.fill(0x80_0000, 0xff, MIB);
  below.dispose();
  above.dispose();
  const bytes = bytesOf(memory);
  const next = make(100 * MIB);
  return { memory, client, view, before, next, bytes, tableOffset, events: () => events };
}

test("it lies elsewhere, and says so", async () => {
  const { memory, before, next, bytes, view, tableOffset, events } = await moved();
  expect(bytesOf(memory)).toBe(bytes);
  expect(memory.hostOffset(0x800, SIZE, "read")).toBeLessThan(before.host as number);
  expect(memory.mapGeneration).not.toBe(before.generation);
  expect(events()).toBe(1);
  expect(view.length).toBe(0);
  expect(memory.tables.pageTable.byteOffset).toBe(tableOffset);
  const [one, other] = [memory.hostOffset(0x800, SIZE), next.hostOffset(0x800, 100 * MIB)] as [number, number];
  expect(one + SIZE <= other || other + 100 * MIB <= one).toBe(true);
});

test("it holds the same bytes, by every way to them, and zeroes where nothing was written", async () => {
  const { memory, next } = await moved();
  expect(memory.readUint32(0x800)).toBe(0x0102_0304);
  expect(memory.readUint16(0x10_0fff)).toBe(0xaaaa);
  expect([...memory.readBytes(0x20_0000, 4)]).toEqual([5, 6, 7, 8]);
  expect(memory.load32(0x1000)).toBe(1);
  memory.fill(0x800, 0, 4);
  memory.fill(0x1000, 0, 4);
  memory.fill(0x10_0fff, 0, 2);
  memory.fill(0x20_0000, 0, 4);
  expect(memory.compare(0x800, 0x801, SIZE - 1)).toBe(0);
  expect(next.compare(0x800, 0x801, 100 * MIB - 1)).toBe(0);
  expect(next.readUint8(0x800)).toBe(0);
});

test("its dirty pages are those that were dirty", async () => {
  const { memory, client } = await moved();
  expect(client.collect()).toEqual([
    [0x800, 0x800],
    [0x10_0000, 0x2000],
  ]);
  memory.writeUint8(0x3000, 1);
  expect(client.collect()).toEqual([[0x3000, 0x1000]]);
});
