// Finalisation: memory that no object holds is given back after a collection, exactly once. Memory still held is not.
import { expect, test, vi } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";
import { collect, collectUntil } from "../support.ts";

const MIB = 1 << 20;
const COUNT = 12;

/** How many of these were collected. */
function counter(): { watch: (target: object) => void; count: () => number } {
  let count = 0;
  const registry = new FinalizationRegistry(() => count++);
  return { watch: (target) => registry.register(target, undefined), count: () => count };
}

test("every dropped memory is collected, though it grew, was inserted into, watched and listened to", async () => {
  const { watch, count } = counter();
  await init();
  const make = () => {
    const memory = GuestMemory.fromRangesSync([[0, 0x4000]]);
    memory.insertRegion(0x10_0000, MIB);
    memory.dirty.client("watch");
    memory.watch(0x10, 4, { write: true }, () => memory.readUint8(0));
    memory.trapWrites(0x1000, 4, () => memory.readUint8(0));
    memory.onHostWrite = () => memory.readUint8(0);
    memory.events.addEventListener("viewsdetached", () => memory.readUint8(0));
    memory.onUnmapped = { read: () => memory.regions.length };
    memory.writeUint8(0, 1);
    watch(memory);
  };
  for (let index = 0; index < COUNT; index++) make();
  await collectUntil(() => count() === COUNT);
  expect(count()).toBe(COUNT);
});

test("dropped memories give their regions back: as many again need no more linear memory", async () => {
  vi.resetModules(); // a linear memory of its own
  const fresh = await import("../../../ts/index.ts");
  await fresh.init();
  const { watch, count } = counter();
  const make = () => watch(fresh.GuestMemory.fromRangesSync([[0, 16 * MIB]]));
  const probe = fresh.GuestMemory.fromRangesSync([[0, 0x1000]]);
  const bytes = () => probe.wasmMemory.buffer.byteLength;

  for (let index = 0; index < COUNT; index++) make();
  const afterFirst = bytes();
  expect(afterFirst).toBeGreaterThan(COUNT * 16 * MIB);
  // All of them, and the facade's own finaliser for each, which may run some turns later.
  await collectUntil(() => count() === COUNT);
  await collect();
  for (let index = 0; index < COUNT; index++) make();
  expect(bytes()).toBe(afterFirst);
});

test("who is disposed is not given back once more when it is collected", async () => {
  vi.resetModules();
  const fresh = await import("../../../ts/index.ts");
  await fresh.init();
  const { watch, count } = counter();
  const makeAndDispose = () => {
    const memory = fresh.GuestMemory.fromRangesSync([[0, MIB]]);
    memory.dispose();
    watch(memory);
  };
  for (let index = 0; index < COUNT; index++) makeAndDispose();
  // Their pages belong to others now; a second release would free these under their holders.
  const holders = Array.from({ length: COUNT }, () => fresh.GuestMemory.fromRangesSync([[0, MIB]]));
  for (const [index, memory] of holders.entries()) memory.fill(0, index + 1, MIB);
  await collectUntil(() => count() === COUNT);
  await collect();
  expect(count()).toBe(COUNT);
  const others = Array.from({ length: COUNT }, () => fresh.GuestMemory.fromRangesSync([[0, MIB]]));
  for (const memory of others) memory.fill(0, 0xff, MIB);
  for (const [index, memory] of holders.entries()) {
    expect([memory.readUint8(0), memory.readUint8(MIB - 1)]).toEqual([index + 1, index + 1]);
  }
});

test("an accessor that was taken off keeps its memory's bytes alive", async () => {
  const read = (await withValue()).readUint32;
  await collect();
  using other = await GuestMemory.fromRanges([[0, 0x1000]]);
  other.writeUint32(0x10, 99);
  expect(read(0x10)).toBe(77);
});

test("a dirty client keeps its memory's bytes alive", async () => {
  const memory = await withValue();
  const client = memory.dirty.client("watch");
  const write = memory.writeUint32;
  await collect();
  write(0x10, 5);
  expect(client.collect()).toEqual([[0, 0x1000]]);
});

async function withValue(): Promise<GuestMemory> {
  const memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.writeUint32(0x10, 77);
  return memory;
}
