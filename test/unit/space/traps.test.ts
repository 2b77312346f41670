// Write traps: they belong to the bytes of regions, whatever shows them and whoever writes them.
import { expect, test } from "vitest";
import { GuestMemory, init, type MappedRegion, type Watch } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";

await init();

/** RAM of 16 KiB with a mirror, and a bus of its own for a DMA master, which shows the RAM's second page at 0. */
function machine() {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "ram", start: 0x8000_0000, size: 0x4000 },
    { kind: "alias", name: "mirror", start: 0xa000_0000, of: "ram" },
  ]);
  const ram = memory.region("ram") as MappedRegion;
  const bus = memory.space([{ kind: "alias", start: 0, of: ram, offset: 0x1000, size: 0x1000 }]);
  const sprung: [number, number][] = [];
  const trap = (address: number, length: number, exact = false) =>
    memory.trapWrites(address, length, (...part) => void sprung.push(part), { exact });
  return { memory, ram, bus, sprung, trap };
}

const PAGE = 0x8000_1000;

test("every way of writing the bytes springs the trap, at the address where it was set", () => {
  const { memory, bus, sprung, trap } = machine();
  const external = new Uint8Array(8);
  const ways: [string, () => unknown][] = [
    ["a scalar", () => memory.writeUint32(PAGE + 0x100, 1)],
    ["a mirror", () => memory.writeUint8(0xa000_1fff, 1)],
    ["a sibling", () => bus.writeUint16BE(0, 1)],
    ["DMA of a sibling", () => bus.dma(0x100, 4, "write").writeUint32(0, 2)],
    ["DMA in bulk", () => memory.dma(PAGE, 8, "write").write(0, external)],
    ["poke", () => bus.poke(0x100, external)],
    ["an atomic", () => memory.add32(0xa000_1000, 1)],
    ["bulk over the page's end", () => memory.writeSlice(PAGE - 4, external)],
    ["a partial write", () => bus.write(0xffc, external)],
    ["fill", () => memory.fill(0xa000_0000, 1, 0x4000)],
    ["copyWithin", () => memory.copyWithin(0xa000_1000, 0x8000_0000, 4)],
    ["copyFrom", () => bus.copyFrom(0, memory, 0x8000_0000, 4)],
    ["discard", () => memory.discard(0xa000_1000, 0x1000)],
    ["a write to what was discarded", () => memory.writeUint8(PAGE, 1)],
    ["markDirty, for a view", () => bus.markDirty(4, 1)],
  ];
  for (const [name, write] of ways) {
    trap(PAGE + 0x100, 4);
    write();
    expect(sprung.splice(0), name).toEqual([[PAGE, 0x1000]]);
    write();
    expect(sprung, `${name}, again`).toEqual([]);
  }
});

test("reads, and writes beside the page, to another bank or that fail, spring nothing", () => {
  const { memory, ram, bus, sprung, trap } = machine();
  const other = memory.map({ kind: "ram", start: 0x8000_0000, size: 0x4000, priority: 1, enabled: false });
  trap(PAGE, 1);
  memory.readUint32(PAGE);
  memory.fetchUint32(PAGE);
  memory.compareExchange32(0xa000_2000, 1, 1);
  memory.writeUint8(PAGE - 1, 1);
  memory.writeUint8(PAGE + 0x1000, 1);
  other.enable();
  memory.writeUint32(PAGE, 5);
  other.disable();
  memory.protect(PAGE, 0x1000, "r--");
  expectCode(() => memory.writeUint8(PAGE, 1), "PERMISSION_DENIED", { address: PAGE, length: 1 });
  expectCode(() => bus.poke(0xffe, new Uint8Array(4)), "PARTIAL_BUFFER", { address: 0xffe, length: 4 });
  expect(sprung).toEqual([]);
  ram.move(0x1_0000);
  memory.writeUint8(0x1_1000, 1);
  expect(sprung).toEqual([[PAGE, 0x1000]]);
});

test("an exact trap is for its bytes alone: code and data share a page", () => {
  const { memory, bus, sprung, trap } = machine();
  const ends = trap(PAGE - 2, 4, true);
  memory.writeUint32(PAGE - 6, 1);
  memory.writeUint8(PAGE + 2, 1);
  bus.fill(2, 1, 0xffe);
  expect(sprung).toEqual([]);
  bus.writeUint8(1, 1);
  expect(sprung.splice(0)).toEqual([[PAGE, 2]]);
  memory.writeUint16(PAGE - 1, 1);
  expect(sprung.splice(0)).toEqual([[PAGE - 2, 2]]);
  ends.dispose();
  trap(PAGE - 2, 4, true).dispose();
  memory.fill(0x8000_0000, 1, 0x4000);
  expect(sprung).toEqual([]);
});

test("a callback that throws stops the write and leaves the trap; the others are called at the next write", () => {
  const { memory, bus } = machine();
  const called: string[] = [];
  let stops = true;
  memory.trapWrites(PAGE, 4, () => {
    called.push("first");
    if (stops) throw new Error("stop");
  });
  bus.trapWrites(0, 4, () => void called.push("second"));
  expect(() => bus.writeUint32(0, 7)).toThrow("stop");
  expect([called.splice(0), memory.readUint32(PAGE)]).toEqual([["first"], 0]);
  stops = false;
  memory.writeUint32(PAGE, 7);
  expect([called.splice(0), memory.readUint32(PAGE)]).toEqual([["first", "second"], 7]);
  memory.writeUint32(PAGE, 8);
  expect(called).toEqual([]);
});

test("a callback may set the trap again, end others, change the map, dispose a memory", () => {
  const { memory, ram, bus, sprung } = machine();
  let count = 0;
  const again = () => {
    count++;
    memory.trapWrites(0xa000_1000, 4, again);
  };
  again();
  for (const _ of [1, 2, 3]) memory.writeUint8(PAGE, 1);
  expect(count).toBe(4);
  const later: Watch[] = [];
  memory.trapWrites(PAGE + 0x800, 4, () => {
    for (const each of later) each.dispose();
    memory.unmap(ram);
  });
  later.push(memory.trapWrites(PAGE + 0x1000, 4, () => void sprung.push([0, 0])));
  memory.writeUint32(0xa000_1ffe, 5);
  expect([sprung, memory.readUint32(0xa000_1ffe)]).toEqual([[], 5]);
  bus.trapWrites(0, 1, () => bus.dispose());
  memory.writeUint8(0xa000_1000, 1);
  expect(memory.readUint8(0xa000_1000)).toBe(1);
});

test("a loader's write is whole or not at all, even if a callback takes a part of its range away", () => {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "low", start: 0, size: 0x1000 },
    { kind: "ram", name: "high", start: 0x1000, size: 0x1000 },
  ]);
  memory.trapWrites(0x10, 4, () => memory.unmap("high"));
  expectCode(() => memory.poke(0, counting(0x1001)), "PARTIAL_BUFFER", { address: 0, length: 0x1001 });
  expect(memory.readUint8(0)).toBe(0);
});

test("setting and springing a trap moves the permission generation, and tells no listener", () => {
  const { memory, bus, sprung, trap } = machine();
  const heard: string[] = [];
  for (const each of [memory, bus]) each.events.addEventListener("mapchanged", () => heard.push("mapchanged"));
  const [map, permissions, busPermissions] = [
    memory.mapGeneration,
    memory.permissionGeneration,
    bus.permissionGeneration,
  ];
  trap(PAGE, 4);
  expect(memory.permissionGeneration).not.toBe(permissions);
  expect(bus.permissionGeneration).not.toBe(busPermissions);
  const armed = memory.permissionGeneration;
  memory.writeUint8(PAGE, 1);
  expect(memory.permissionGeneration).not.toBe(armed);
  const last = memory.permissionGeneration;
  memory.protect(PAGE, 0x1000, "r-x");
  expect(memory.permissionGeneration).not.toBe(last);
  using watch = memory.watch(PAGE, 1, { read: true }, () => {});
  expect([memory.mapGeneration, heard, sprung.length, watch !== undefined]).toEqual([map, [], 1, true]);
  const end = memory.permissionGeneration;
  memory.dispose();
  expect([memory.permissionGeneration, memory.mapGeneration]).toEqual([end, map]);
});

test("the page table of every space knows of the trap, also where banks come and go", () => {
  const { memory, ram, bus, trap } = machine();
  const flags = (of: GuestMemory, page: number) => (of.tables.pageTable[page] as number) & 7;
  const watch = trap(PAGE, 4);
  const seen = () => [flags(memory, 0x8_0001), flags(memory, 0xa_0001), flags(bus, 0), flags(memory, 0x8_0002)];
  expect(seen()).toEqual([5, 5, 5, 7]);
  ram.disable();
  ram.enable();
  memory.protect(PAGE, 0x1000, "rwx");
  expect(seen()).toEqual([5, 5, 5, 7]);
  expect(memory.hostOffset(PAGE, 4, "write")).toBeUndefined();
  expect(memory.hostOffset(PAGE, 4, "read")).toBeDefined();
  watch.dispose();
  expect(seen()).toEqual([7, 7, 7, 7]);
});

test("a trap needs memory, a function, and options that are options", () => {
  const { memory, bus } = machine();
  memory.map({ kind: "mmio", start: 0x8000_4000, size: 4, device: { peek: () => undefined } });
  const at = (address: number | bigint, length: number) => () => memory.trapWrites(address, length, () => {});
  expectCode(at(0x8000_3fff, 2), "NOT_MEMORY", { address: 0x8000_3fff, length: 2 });
  expectCode(at(0x8000_4000, 1), "NOT_MEMORY", { address: 0x8000_4000, length: 1 });
  expectCode(at(0x1000, 1), "NOT_MEMORY", { address: 0x1000, length: 1 });
  expectCode(at(PAGE, 0), "EMPTY_REGION", { address: PAGE, length: 0 });
  expectCode(at(2n ** 64n - 1n, 2), "GUEST_ADDRESS_OVERFLOW", { address: 2n ** 64n - 1n, length: 2 });
  const given = (callback: unknown, options?: unknown) => () =>
    memory.trapWrites(PAGE, 1, callback as () => void, options as { exact?: boolean });
  for (const wrong of [given(undefined), given(() => {}, null), given(() => {}, 5), given(() => {}, { exact: "no" })]) {
    expect(thrownBy(wrong)).toBeInstanceOf(TypeError);
  }
  memory.trapWrites(PAGE, 1, () => expect.unreachable());
  memory.dispose();
  bus.writeUint8(0, 1);
});

test("external memory: stores through this library spring its traps", () => {
  const source = new ArrayBuffer(0x2000);
  const memory = GuestMemory.createSync([{ kind: "external", start: 0x800, size: 0x2000, source }]);
  const pages: number[] = [];
  memory.trapWrites(0x900, 0x1000, (page) => void pages.push(page));
  new Uint8Array(source)[0x800] = 1;
  expect(pages).toEqual([]);
  memory.writeUint32(0x1ffe, 1);
  expect(pages.splice(0)).toEqual([0x1000]);
  memory.fill(0x800, 1, 0x2000);
  expect(pages).toEqual([0]);
});

test("thousands of pages are sprung by one write, each once, in the order of addresses", () => {
  using memory = GuestMemory.fromRangesSync([[0, 0x1000 * 3000]]);
  const pages: number[] = [];
  memory.trapWrites(0, 0x1000 * 3000, (page) => void pages.push(page));
  memory.fill(0x800, 1, 0x1000 * 3000 - 0x800);
  expect(pages).toEqual(Array.from({ length: 3000 }, (_, page) => page * 0x1000));
});

/** RAM of three regions that touch in the middle of a page. */
function adjacent() {
  return GuestMemory.create([
    { kind: "ram", name: "one", start: 0, size: 0x1800, contents: counting(0x1800) },
    { kind: "ram", name: "two", start: 0x1800, size: 0x800, contents: counting(0x800) },
    { kind: "ram", name: "three", start: 0x2000, size: 0x1000, contents: counting(0x1000) },
  ]);
}

test("a trap springs once on each page, before the first write to it, and then never again", async () => {
  using memory = await adjacent();
  const flags = () => [...memory.tables.pageTable.slice(0, 5)].map((entry) => entry & 7);
  const pages: [number, number][] = [];
  const trap = memory.trapWrites(
    0x0ff0,
    0x1020,
    (page) => void pages.push([page, memory.peek(0x1000, 1).bytes[0] as number]),
  );
  const first = memory.peek(0x1000, 1).bytes[0] as number;
  expect(flags()).toEqual([5, 0, 5, 0, 0]); // page 1 holds two regions
  memory.readUint8(0x1000);
  expect(pages).toEqual([]);
  memory.writeUint8(0x1000, first + 1);
  memory.writeUint8(0x1000, first + 2);
  expect(pages.splice(0)).toEqual([[0x1000, first]]);
  memory.writeUint32(0xffe, 0); // two pages, of which one was told of
  expect([pages.splice(0).map(([page]) => page), flags()]).toEqual([[0], [7, 0, 5, 0, 0]]);
  trap.dispose(); // what is left
  expect(flags()).toEqual([7, 0, 7, 0, 0]);
  memory.writeUint8(0x2000, 1);
  expect(pages).toEqual([]);
  // A write across all pages tells of each; one that is stopped in the middle leaves the trap on that page and the rest.
  const told: number[] = [];
  let stops = true;
  memory.trapWrites(0, 0x3000, (page) => {
    told.push(page);
    if (page === 0x1000 && stops) throw new Error("stop");
  });
  expect(() => memory.fill(0, 1, 0x3000)).toThrow("stop");
  expect(told.splice(0)).toEqual([0, 0x1000]);
  stops = false;
  memory.fill(0, 1, 0x3000);
  expect(told).toEqual([0x1000, 0x2000]);
});

test("a trap with holes in it, when disposed, leaves no page slow; one that is used up leaves nothing", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x8000]]);
  const trap = memory.trapWrites(0, 0x8000, () => {});
  memory.writeUint8(0x3000, 1);
  memory.writeUint8(0x5000, 1);
  trap.dispose();
  expect([...memory.tables.pageTable.slice(0, 8)].map((entry) => entry & 7)).toEqual(new Array(8).fill(7));
  const used = memory.trapWrites(0, 1, () => {});
  memory.writeUint8(0, 1);
  const generation = memory.permissionGeneration;
  used.dispose();
  expect(memory.permissionGeneration).toBe(generation);
});
