// Views: the bytes that they show, the events that end their life, and that nothing else ends it.
import { expect, test, vi } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";

const LAYOUT = [
  [0x800, 0x2000],
  [0x2800, 0x801],
  [2 ** 33, 0x3000],
] as const;

const layout = () => GuestMemory.fromRanges(LAYOUT);

/** The library on a linear memory of its own. */
async function fresh() {
  vi.resetModules();
  const { GuestMemory } = await import("../../../ts/index.ts");
  return { GuestMemory, memory: await GuestMemory.fromRanges(LAYOUT), other: await GuestMemory.fromRanges(LAYOUT) };
}

/** More bytes than are free in linear memory: a region of so many makes it grow. */
const moreThanFree = ({ wasmMemory }: GuestMemory) => wasmMemory.buffer.byteLength;

test("a view is the guest's own bytes, both ways", async () => {
  using memory = await layout();
  const view = memory.view(0x1ffe, 4);
  memory.writeUint32(0x1ffe, 0x0403_0201);
  expect(view).toEqual(counting(4));
  view[3] = 9;
  expect(memory.readUint8(0x2001)).toBe(9);
  expect(view.buffer).toBe(memory.wasmMemory.buffer);
});

test("a view lies in one region; views has one for each", async () => {
  using memory = await layout();
  memory.writeSlice(0x2700, counting(0x200));
  expectCode(() => memory.view(0x2700, 0x200), "CROSSES_REGIONS", { address: 0x2700, length: 0x200 });
  const views = memory.views(0x2700, 0x200);
  expect(views.map((view) => view.length)).toEqual([0x100, 0x100]);
  expect(Buffer.concat(views)).toEqual(Buffer.from(counting(0x200)));
  expect(memory.views(0x800, 0x2000).map((view) => view.length)).toEqual([0x2000]);
  for (const name of ["view", "views"] as const) {
    expectCode(() => memory[name](0x3000, 2), "PARTIAL_BUFFER", { address: 0x3000, length: 2 });
    expectCode(() => memory[name](0x2700, 0x902), "PARTIAL_BUFFER", { address: 0x2700, length: 0x902 });
    expectCode(() => memory[name](0x3001, 1), "INVALID_GUEST_ADDRESS", { address: 0x3001, length: 1 });
  }
});

test("views of no bytes", async () => {
  using memory = await layout();
  for (const address of [0, 0x800, 0x2801, 2 ** 40]) {
    expect(memory.view(address, 0).length).toBe(0);
    expect(memory.views(address, 0)).toEqual([]);
  }
});

test("a view lives through 100,000 operations that neither create nor insert", async () => {
  using memory = await layout();
  memory.insertRegion(0x10_0000, 0x8000);
  const views = [memory.view(0x800, 0x2000), ...memory.views(0x2700, 0x200), memory.view(2 ** 33, 1)];
  const generation = memory.viewGeneration;
  let detached = 0;
  memory.events.addEventListener("viewsdetached", () => detached++);
  const array = counting(5000);
  const operations = [
    (at: number) => memory.write(at, array),
    (at: number) => memory.read(at, array.slice(0, 600)),
    (at: number) => memory.readBytes(at, 1000),
    (at: number) => memory.fill(at, 7, 900),
    (at: number) => memory.copyWithin(at, 0x900, 1500),
    (at: number) => memory.compare(at, 0x900, 1500),
    (at: number) => memory.indexOf(array, at, 0x1800),
    (at: number) => memory.view(at, 16),
    (at: number) => memory.views(at, 1500).length,
    (at: number) => memory.writeBigUint64(at, 1n),
    (at: number) => memory.readFloat64BE(at),
    (at: number) => memory.add32(at & ~3, 1),
    (at: number) => memory.markDirty(at, 1500),
    (at: number) => memory.regions.length + at,
    (at: number) => memory.hostOffset(at, 4, "write"),
    (at: number) => memory.checkRange(at, 2 ** 40),
    (at: number) => memory.findRegion(at),
    (at: number) => memory.writeUint8(2 ** 33 + (at & 0xfff), 1),
    () => memory.dirty.client("one of many").dispose(),
    () => memory.tables.bytes.length,
    () => fails(() => memory.readUint32(0x3000)),
    () => fails(() => memory.writeSlice(0x3000, array)),
    () => fails(() => memory.insertRegion(0, 0x1000)), // refused: nothing is inserted
    () => fails(() => memory.removeRegion(0, 0x1000)),
  ];
  let seed = 12345;
  for (let count = 0; count < 100_000; count++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    operations[(seed >>> 8) % operations.length]?.(0x900 + ((seed >>> 12) & 0x7ff));
  }
  memory.removeRegion(0x10_0000, 0x8000);
  expect(views.map((view) => view.length)).toEqual([0x2000, 0x100, 0x100, 1]);
  expect(memory.viewGeneration).toBe(generation);
  expect(detached).toBe(0);
});

function fails(act: () => unknown): void {
  expect(act).toThrow();
}

test("views die when linear memory grows; the event and viewGeneration tell, before the call returns", async () => {
  const { GuestMemory, memory, other } = await fresh();
  const grow: (() => unknown)[] = [
    () => memory.insertRegion(0x100_0000, moreThanFree(memory)),
    () => memory.reserve(moreThanFree(memory)),
    () => GuestMemory.fromRangesSync([[0, moreThanFree(memory)]]),
    () => GuestMemory.fromRangesSync([[0, 4096]], { reserve: moreThanFree(memory) }),
  ];
  for (const act of grow) {
    const views = [memory.view(0x800, 16), ...other.views(0x2700, 0x200)];
    const before = [memory.viewGeneration, other.viewGeneration];
    const told: string[] = [];
    const listen = (name: string, target: typeof memory) => {
      const listener = () => told.push(`${name} ${views[0]?.length}`);
      target.events.addEventListener("viewsdetached", listener, { once: true });
    };
    listen("memory", memory);
    listen("other", other);
    act();
    expect(views.map((view) => view.length)).toEqual([0, 0, 0]);
    expect([memory.viewGeneration, other.viewGeneration].map((now, index) => now > (before[index] ?? now))).toEqual([
      true,
      true,
    ]);
    expect(told.sort()).toEqual(["memory 0", "other 0"]);
    // New views show the same bytes; accessors were renewed.
    memory.writeUint8(0x800, 0x5a);
    expect(memory.view(0x800, 1)[0]).toBe(0x5a);
    expect(memory.readUint8(0x800)).toBe(0x5a);
  }
});

test("after reserve, an insertion that fits lets views live", async () => {
  using memory = await layout();
  memory.reserve(1 << 20);
  const view = memory.view(0x800, 16);
  const generation = memory.viewGeneration;
  memory.insertRegion(0x100_0abc, 1 << 20);
  expect(view.length).toBe(16);
  expect(memory.viewGeneration).toBe(generation);
});

test("a listener may use memory, and make another", async () => {
  const { GuestMemory, memory } = await fresh();
  memory.writeUint32(0x1000, 77);
  const seen: (number | undefined)[] = [];
  let made = 0;
  memory.events.addEventListener("viewsdetached", () => {
    seen.push(memory.readUint32(0x1000), memory.view(0x1000, 4)[0]);
    if (made++ < 2) GuestMemory.fromRangesSync([[0, moreThanFree(memory)]]);
  });
  memory.insertRegion(0x100_0000, moreThanFree(memory));
  expect(made).toBe(3);
  expect(seen).toEqual([77, 77, 77, 77, 77, 77]);
  expect(memory.regions.length).toBe(4);
  expect(memory.readUint8(0x100_0000)).toBe(0);
});

test("tables keep their byte offsets for life, and are renewed by growth", async () => {
  const { memory } = await fresh();
  const before = memory.tables;
  const offsets = [before.pageTable.byteOffset, before.dirty.byteOffset, before.bytes.byteOffset];
  expect(before.pageTable.length).toBe(2 ** 20);
  memory.insertRegion(0x100_0000, moreThanFree(memory));
  expect(before.pageTable.length).toBe(0);
  const { pageTable, dirty, bytes } = memory.tables;
  expect([pageTable.byteOffset, dirty.byteOffset, bytes.byteOffset]).toEqual(offsets);
  expect(bytes.byteOffset).toBe(0);
  memory.writeUint8(0x100_0005, 0x77);
  const entry = pageTable[0x1000] ?? 0;
  expect(entry & 3).toBe(3);
  expect(bytes[(entry >>> 4) * 4096 + 5]).toBe(0x77);
  expect(dirty[entry >>> 4]).toBe(0xff);
  expect(memory.hostOffset(0x100_0005, 1, "read")).toBe((entry >>> 4) * 4096 + 5);
});
