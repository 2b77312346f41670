// Rust code behind the facade's back: it makes linear memory grow, and it changes the map.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type GuestMemory, init } from "../../ts/index.ts";
import { expectCode } from "../unit/support.ts";
import { build, type Devices, importGlue, wasm } from "./build.ts";
import { fnv, make } from "./support.ts";

let devices: Devices;

beforeAll(async () => {
  build();
  devices = await importGlue("changes");
  await init({ glue: devices, wasm });
});

describe("when Rust makes linear memory grow", () => {
  /** A memory whose typed arrays are dead, and what was known before. */
  function grown() {
    const memory = make();
    memory.writeUint32(0x10, 0x0403_0201);
    const before = { view: memory.view(0x10, 4), viewGeneration: memory.viewGeneration, tables: memory.tables };
    const detached = vi.fn();
    memory.events.addEventListener("viewsdetached", detached);
    expect(devices.grow_heap()).toBeGreaterThan(0);
    return { memory, before, detached };
  }

  test("every older view is dead", () => {
    const { before } = grown();
    expect(before.view.length).toBe(0);
    expect(before.tables.pageTable.length).toBe(0);
  });

  test.each<[string, (memory: GuestMemory) => unknown, unknown]>([
    ["a scalar is read", (memory) => memory.readUint32(0x10), 0x0403_0201],
    ["an unaligned scalar is read", (memory) => memory.readUint16(0x11), 0x0302],
    ["a float is read", (memory) => memory.readFloat64(0x100), 0],
    ["an atomic is loaded", (memory) => memory.load32(0x10), 0x0403_0201],
    ["an atomic is added to", (memory) => memory.add8(0x10, 1), 1],
    ["bytes are read", (memory) => [...memory.readBytes(0x10, 2)], [1, 2]],
    ["a view is taken", (memory) => [...memory.view(0x10, 2)], [1, 2]],
    ["a range is compared", (memory) => memory.compare(0x10, 0x20, 4), 1],
    ["a needle is sought", (memory) => memory.indexOf(Uint8Array.of(3, 4), 0, 0x4000), 0x12],
    ["the tables are asked for", ({ tables }) => (tables.pageTable[0] as number) & 3, 3],
    ["a place is asked for", (memory) => memory.hostOffset(0x3fff, 1) !== undefined, true],
    ["the generation is asked for", (memory) => memory.viewGeneration > 0, true],
  ])("%s as if nothing was, and listeners hear of it once", (_, act, expected) => {
    const { memory, before, detached } = grown();
    expect(act(memory)).toEqual(expected);
    expect(detached).toHaveBeenCalledTimes(1);
    expect(memory.viewGeneration).toBe(before.viewGeneration + 1);
    memory.writeUint32(0x20, 5);
    expect(memory.readUint32(0x20)).toBe(5);
    expect(detached).toHaveBeenCalledTimes(1);
  });

  test.each<[string, (memory: GuestMemory) => unknown]>([
    ["a scalar", (memory) => memory.writeUint32(0x1234, 0xff)],
    ["an unaligned scalar", (memory) => memory.writeUint16(0x1233, 0xff00)],
    ["bytes", (memory) => memory.writeSlice(0x1234, Uint8Array.of(0xff))],
    ["an atomic", (memory) => memory.store8(0x1234, 0xff)],
    ["a fill", (memory) => memory.fill(0x1234, 0xff, 1)],
  ])("%s is written, and its page is dirty", (_, act) => {
    const { memory } = grown();
    const client = memory.dirty.client("display");
    devices.grow_heap();
    act(memory);
    expect(memory.readUint8(0x1234)).toBe(0xff);
    expect(client.collect()).toEqual([[0x1000, 0x1000]]);
  });

  test("the tables keep their byte offsets", () => {
    const memory = make();
    const place = ({ tables }: GuestMemory) => [tables.pageTable.byteOffset, tables.dirty.byteOffset];
    const before = place(memory);
    devices.grow_heap();
    memory.insertRegion(0x10_0000, 0x40_0000);
    expect(place(memory)).toEqual(before);
  });

  test("guest memory and Rust's heap never overlap", () => {
    const memories: GuestMemory[] = [];
    for (let round = 0; round < 8; round++) {
      const memory = make([0, 0x30_0000]);
      expect(memory.indexOf(Uint8Array.of(0xa5), 0, 0x30_0000)).toBe(-1);
      memory.fill(0, round + 1, 0x30_0000);
      memories.push(memory);
      devices.grow_heap();
    }
    memories.forEach((memory, round) => {
      expect(devices.checksum(memory.handle, 0n, 0x30_0000)).toBe(fnv(new Uint8Array(0x30_0000).fill(round + 1)));
      memory.dispose();
    });
    expect(devices.heap_is_intact()).toBe(true);
  });
});

describe("when Rust changes the map", () => {
  test("an inserted region is there at once", () => {
    const memory = make();
    const changed = vi.fn();
    memory.events.addEventListener("mapchanged", changed);
    const { mapGeneration } = memory;
    const { handle } = memory;
    expect(memory.findRegion(0x8000)).toBeUndefined();
    devices.insert(handle, 0x8000n, 0x2000n);
    memory.writeUint32(0x8000, 0x0102_0304);
    expect(memory.readUint32(0x8000)).toBe(0x0102_0304);
    expect(memory.mapGeneration).not.toBe(mapGeneration);
    expect(memory.findRegion(0x8000)?.size).toBe(0x2000);
    expect(memory.readBytes(0x8000, 4)).toEqual(Uint8Array.of(4, 3, 2, 1));
    expect(memory.view(0x8000, 4)[0]).toBe(4);
    expect(devices.checksum(handle, 0x8000n, 4)).toBe(fnv(Uint8Array.of(4, 3, 2, 1)));
    expect(changed).toHaveBeenCalledTimes(1);
    memory.removeRegion(0x8000, 0x2000);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  test("a removed region is gone at once, also where the last access was", () => {
    const memory = make([0, 0x4000], [0x8000, 0x4000]);
    const into = new Uint8Array(4);
    memory.readSlice(0x8000, into); // the facade remembers this region
    const changed = vi.fn();
    memory.events.addEventListener("mapchanged", changed);
    devices.remove(memory.handle, 0x8000n, 0x4000n);
    expectCode(() => memory.readSlice(0x8000, into), "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 4 });
    expectCode(() => memory.readUint32(0x8000), "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 4 });
    expectCode(() => memory.load32(0x8000), "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 4 });
    expect(memory.regions.map(({ start }) => start)).toEqual([0]);
    expect(memory.lastAddress).toBe(0x3fff);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test("a change is told once, also where a listener of growth uses the memory in between", () => {
    const memory = make();
    const events: string[] = [];
    memory.events.addEventListener("viewsdetached", () => events.push(`detached, ${memory.checkRange(0x8000, 1)}`));
    memory.events.addEventListener("mapchanged", () => events.push("changed"));
    memory.insertRegion(0x8000, memory.tables.bytes.length); // more than is free: it must grow
    expect(events).toEqual(["changed", "detached, true"]);
  });

  test("the events name the region that Rust has put in or taken away", () => {
    const memory = make();
    const heard: unknown[] = [];
    for (const type of ["regionadd", "regionremove"] as const)
      memory.events.addEventListener(type, (event) => heard.push(type, event.region));
    devices.insert(memory.handle, 0x8000n, 0x1000n);
    expect(heard).toEqual([]); // told at the next call
    const region = memory.mapped[1];
    expect(region).toMatchObject({ start: 0x8000, size: 0x1000 });
    expect(heard).toEqual(["regionadd", region]);
    devices.remove(memory.handle, 0x8000n, 0x1000n);
    expect(memory.mapped.length).toBe(1);
    expect(heard.slice(2)).toEqual(["regionremove", region]);
  });

  test("changes between two calls are told as one, and none of a memory that is disposed", () => {
    const memory = make();
    const changed = vi.fn();
    memory.events.addEventListener("mapchanged", changed);
    devices.insert(memory.handle, 0x7000n, 0x1000n);
    devices.remove(memory.handle, 0x7000n, 0x1000n);
    const { mapGeneration } = memory;
    expect(changed).toHaveBeenCalledTimes(1);
    devices.insert(memory.handle, 0x7000n, 0x1000n);
    memory.dispose();
    expect(memory.mapGeneration).not.toBe(mapGeneration);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test("a region put elsewhere is read from there", () => {
    const memory = make([0, 0x4000], [0x8000, 0x4000]);
    memory.fill(0x8000, 1, 0x4000);
    const into = new Uint8Array(1);
    memory.readSlice(0xbfff, into);
    devices.remove(memory.handle, 0x8000n, 0x4000n);
    devices.insert(memory.handle, 0x8000n, 0x8000n);
    memory.readSlice(0xbfff, into);
    expect([into[0], memory.readUint8(0xbfff), memory.load8(0xbfff)]).toEqual([0, 0, 0]);
    memory.writeUint8(0xffff, 3);
    expect(devices.checksum(memory.handle, 0xffffn, 1)).toBe(fnv(Uint8Array.of(3)));
  });
});

test.each<[string, (memory: GuestMemory) => unknown]>([
  ["a store", ({ handle }) => devices.poke(handle, 0x1100n, 1)],
  ["a fill", ({ handle }) => devices.fill(handle, 0x1000n, 1, 0x1000)],
  ["a store to external memory", ({ handle }) => devices.poke(handle, 0x8100n, 1)],
  ["a discard of a part", ({ handle }) => devices.discard(handle, 0x1103n, 1)],
  ["a discard of a page", ({ handle }) => devices.discard(handle, 0x1000n, 0x1000)],
  ["a mark", ({ handle }) => devices.mark(handle, 0x1103n, 1)],
  ["a mark on external memory", ({ handle }) => devices.mark(handle, 0x8100n, 1)],
])("%s springs a trap: the generation moves at once, the callback is told once", (_, act) => {
  const memory = make();
  memory.map({ kind: "external", start: 0x8000, size: 0x1000, source: new ArrayBuffer(0x1000) });
  const sprung = vi.fn();
  for (const start of [0x1100, 0x8100]) memory.trapWrites(start, 4, sprung, { exact: true });
  devices.mark(memory.handle, 0x1104n, 4); // beside it
  const { permissionGeneration } = memory;
  act(memory);
  expect(memory.permissionGeneration).not.toBe(permissionGeneration);
  memory.mapped.at(0); // a call that leaves the fast path
  expect(sprung).toHaveBeenCalledTimes(1);
  act(memory);
  memory.mapped.at(0);
  expect(sprung).toHaveBeenCalledTimes(1);
});
