// Discards and views: a discard ends the views that there may be, and does not pay for views that nobody has taken.
import { expect, test, vi } from "vitest";
import type { GuestMemory } from "../../../ts/index.ts";

const SIZE = 0x10_0000;

/** A memory in a linear memory of its own. */
async function fresh(): Promise<GuestMemory> {
  vi.resetModules();
  const { GuestMemory: Fresh } = await import("../../../ts/index.ts");
  const memory = await Fresh.fromRanges([[0, SIZE]]);
  memory.fill(0, 0xaa, SIZE);
  return memory;
}

/** How often views were detached while every other page was discarded. */
function detached(memory: GuestMemory): number {
  const before = memory.viewGeneration;
  for (let page = 0; page < 16; page += 2) memory.discard(page * 0x1000, 0x1000);
  return memory.viewGeneration - before;
}

test("where no view was taken, none is ended, and freed pages still come back as zeros", async () => {
  const memory = await fresh();
  const told = vi.fn();
  memory.events.addEventListener("viewsdetached", told);
  expect(detached(memory)).toBe(0);
  memory.writeUint8(0, 1); // takes pages again
  memory.insertRegion(0x100_0000, 0x8000); // and this the others
  expect(memory.readBytes(0x100_0000, 0x8000).every((byte) => byte === 0)).toBe(true);
  expect([memory.readUint8(0), memory.readUint8(1), memory.readUint8(0x1000)]).toEqual([1, 0, 0xaa]);
  expect(told).not.toHaveBeenCalled();
});

test.each<[string, (memory: GuestMemory) => { length: number }]>([
  ["view", (memory) => memory.view(0x8_0000, 0x2000)],
  ["views", (memory) => memory.views(0x8_0000, 0x2000)[0] as Uint8Array],
  ["tables", (memory) => memory.tables.bytes],
  ["the page table", (memory) => memory.tables.pageTable],
])("a user's %s ends with the first discard, and later discards are free", async (_, take) => {
  const memory = await fresh();
  expect(detached(memory)).toBe(0);
  memory.fill(0, 0xaa, SIZE);
  const view = take(memory);
  expect(view.length).toBeGreaterThan(0);
  expect(detached(memory)).toBe(1);
  expect(view.length).toBe(0);
  memory.fill(0, 0xaa, SIZE);
  expect(detached(memory)).toBe(0);
});

test("a user who has the memory itself may make views unseen: each discard ends them", async () => {
  const memory = await fresh();
  const { wasmMemory } = memory;
  for (let round = 0; round < 2; round++) {
    const view = new Uint8Array(wasmMemory.buffer);
    expect(detached(memory)).toBe(8);
    expect(view.length).toBe(0);
    memory.fill(0, 0xaa, SIZE);
  }
});

test("accessors copied off a disposed memory do not reach its successor, though no view was taken", async () => {
  const memory = await fresh();
  const { readUint32, writeUint32 } = memory;
  expect(readUint32(0)).toBe(0xaaaa_aaaa);
  const { GuestMemory: Fresh } = await import("../../../ts/index.ts");
  memory.dispose();
  const successor = Fresh.fromRangesSync([[0, SIZE]]);
  expect(() => writeUint32(0, 1)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  expect(() => readUint32(0)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  expect(successor.readUint32(0)).toBe(0);
});
