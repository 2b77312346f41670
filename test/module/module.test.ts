// The facade on a user's own module: devices in Rust and the facade share one linear memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { lockedVersion, root } from "../../scripts/toolchain.mjs";
import { GuestMemory, init } from "../../ts/index.ts";
import { expectCode } from "../unit/support.ts";
import { build, type Devices, importGlue, wasm } from "./build.ts";

let devices: Devices;
let packaged: GuestMemory;

beforeAll(async () => {
  build();
  packaged = await GuestMemory.fromRanges([[0x0, 0x4000]]); // before init({ glue }): in pkg/'s module, and it stays there
  devices = await importGlue("first");
  await init({ glue: devices, wasm });
}, 300_000);

/** A memory in the user's module. */
const make = (...ranges: [number, number][]) => GuestMemory.fromRangesSync(ranges.length > 0 ? ranges : [[0, 0x4000]]);

/** FNV-1a, for comparison. */
function fnv(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5) >>> 0;
}

describe("the module", () => {
  test("exports all that pkg/ exports, and its own functions", () => {
    const names = (path: string | URL) =>
      WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(path))).map(({ name }) => name);
    const ours = names(join(root, "pkg", "guest_memory_bg.wasm")).filter((name) =>
      /^gm_|^guest_memory_abi$/.test(name),
    );
    expect(ours.length).toBeGreaterThan(20);
    expect(names(wasm)).toEqual(expect.arrayContaining([...ours, "checksum", "fill"]));
  });

  test("is built by the version of wasm-bindgen that builds pkg/", () => {
    const text = (name: string) => readFileSync(join(root, "test", "module", name), "utf8");
    const version = lockedVersion("wasm-bindgen");
    expect(text("Cargo.toml")).toContain(`wasm-bindgen = "=${version}"`);
    expect(text("Cargo.lock")).toContain(`name = "wasm-bindgen"\nversion = "${version}"`);
  });

  test("has one instance, however often the facade is given its glue", async () => {
    const memory = make();
    await init({ glue: devices });
    await init();
    expect(make().wasmMemory).toBe(memory.wasmMemory);
  });

  test("may be instantiated before the facade has it", async () => {
    const second = await importGlue("second");
    const exports = (await second.default({ module_or_path: readFileSync(wasm) })) as { memory: WebAssembly.Memory };
    await init({ glue: second });
    const memory = make();
    expect(memory.wasmMemory).toBe(exports.memory);
    expect(second.checksum(memory.handle, 0n, 4)).toBe(fnv(new Uint8Array(4)));
    await init({ glue: devices });
    expect(make().wasmMemory).not.toBe(exports.memory);
    memory.writeUint8(0, 1); // lives on in its module
    expect(second.checksum(memory.handle, 0n, 1)).toBe(fnv(Uint8Array.of(1)));
  });
});

describe("both sides see one memory", () => {
  test("what the facade writes, Rust reads", () => {
    const memory = make([0x800, 0x1000], [0x1800, 0x1000]);
    const bytes = Uint8Array.from({ length: 0x1800 }, (_, index) => index * 7);
    memory.writeSlice(0xa00, bytes);
    expect(devices.checksum(memory.handle, 0xa00n, 0x1800)).toBe(fnv(bytes));
    memory.writeUint32(0x17fe, 0xdead_beef);
    expect(devices.checksum(memory.handle, 0x17fen, 4)).toBe(fnv(Uint8Array.of(0xef, 0xbe, 0xad, 0xde)));
  });

  test("what Rust writes, the facade reads and finds dirty", () => {
    const memory = make();
    const client = memory.dirty.client("display");
    devices.fill(memory.handle, 0x1ffcn, 0xab, 8);
    devices.poke(memory.handle, 0x3002n, 0x0403_0201);
    expect(memory.readUint32(0x1ffc)).toBe(0xabab_abab);
    expect(memory.readBytes(0x3002, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(client.collect()).toEqual([[0x1000, 0x3000]]);
  });

  test("a guest in JavaScript and a device in Rust pass values through a ring", () => {
    const memory = make();
    const [base, slots] = [0x100, 16];
    const ring = new devices.Ring(memory.handle, BigInt(base));
    const client = memory.dirty.client("migration");
    const taken: number[] = [];
    for (let value = 0; value < 100; value++) {
      const head = memory.load32(base);
      memory.writeUint32(base + 8 + (head % slots) * 4, value * 0x0101_0101);
      memory.store32(base, head + 1);
      if (value % 3 === 0) for (let got = ring.take(); got !== undefined; got = ring.take()) taken.push(got);
    }
    for (let got = ring.take(); got !== undefined; got = ring.take()) taken.push(got);
    expect(taken).toEqual(Array.from({ length: 100 }, (_, value) => (value * 0x0101_0101) >>> 0));
    expect(memory.load32(base + 4)).toBe(100);
    expect(client.collect()).toEqual([[0, 0x1000]]);
    ring.free();
  });

  test("Rust's errors arrive as errors and leave memory as it was", () => {
    const memory = make();
    expect(() => devices.fill(memory.handle, 0x3ffen, 1, 4)).toThrow(/0x4000/);
    expect(memory.readUint16(0x3ffe)).toBe(0);
    expect(() => devices.checksum(memory.handle, 2n ** 64n - 1n, 2)).toThrow(Error);
    const { handle } = memory;
    memory.dispose();
    for (const stale of [handle, 0, 0xffff_ffff]) {
      expect(() => devices.fill(stale, 0n, 1, 1)).toThrow(/names no memory/);
    }
    expect(new devices.Ring(handle, 0n)).toBeDefined();
    expect(() => new devices.Ring(handle, 0n).take()).toThrow(/names no memory/);
  });
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

describe("two modules at once", () => {
  test("have a linear memory each, and bytes are copied between them", () => {
    const memory = make([0, 0x2000], [0x2000, 0x2000]);
    expect(memory.wasmMemory).not.toBe(packaged.wasmMemory);
    const bytes = Uint8Array.from({ length: 0x3000 }, (_, index) => index * 13);
    packaged.writeSlice(0x800, bytes);
    const client = memory.dirty.client("migration");
    memory.copyFrom(0x1000, packaged, 0x800, 0x3000);
    expect(devices.checksum(memory.handle, 0x1000n, 0x3000)).toBe(fnv(bytes));
    expect(client.collect()).toEqual([[0x1000, 0x3000]]);
    devices.fill(memory.handle, 0x1ffen, 0xee, 4);
    packaged.copyFrom(0x10, memory, 0x1ffc, 8);
    const [a, b] = [bytes.subarray(0xffc, 0xffe), bytes.subarray(0x1002, 0x1004)];
    expect([...packaged.readBytes(0x10, 8)]).toEqual([...a, 0xee, 0xee, 0xee, 0xee, ...b]);
  });

  test("a copy that does not fit moves nothing", () => {
    const memory = make();
    packaged.fill(0, 7, 0x4000);
    expectCode(() => memory.copyFrom(0x3000, packaged, 0, 0x1001), "PARTIAL_BUFFER", {
      address: 0x3000,
      length: 0x1001,
    });
    expectCode(() => memory.copyFrom(0, packaged, 0x4000, 1), "INVALID_GUEST_ADDRESS", { address: 0x4000, length: 1 });
    expect(memory.indexOf(Uint8Array.of(7), 0, 0x4000)).toBe(-1);
  });

  test("growth of one leaves the views of the other alive", () => {
    const memory = make();
    const [mine, other] = [memory.view(0, 4), packaged.view(0, 4)];
    const { viewGeneration } = packaged;
    devices.grow_heap();
    expect([mine.length, other.length]).toEqual([0, 4]);
    expect(packaged.viewGeneration).toBe(viewGeneration);
  });

  test("a handle means nothing in the other module", () => {
    const memory = make();
    devices.fill(memory.handle, 0n, 9, 1);
    expect(memory.readUint8(0)).toBe(9);
    packaged.fill(0, 0, 0x4000);
    expect(() => devices.fill(packaged.handle, 0n, 9, 1)).not.toThrow(TypeError);
    expect(packaged.readUint8(0)).toBe(0);
  });
});

describe("a glue of something else", () => {
  const exportsOf = (exports: object) => ({ glue: { default: async () => exports } });
  test.each<[string, object, RegExp]>([
    ["without our exports", { memory: new WebAssembly.Memory({ initial: 1 }) }, /version none.*export_bindings!/s],
    ["of another version", { guest_memory_abi: () => 0x7fff_ffff }, /version 2147483647/],
    ["whose export is no function", { guest_memory_abi: 1 }, /version none/],
  ])("%s is ABI_MISMATCH, and the module in use stays", async (_, exports, message) => {
    const before = make();
    const error = await init(exportsOf(exports)).catch((reason: unknown) => reason);
    expect(
      expectCode(() => {
        throw error;
      }, "ABI_MISMATCH").message,
    ).toMatch(message);
    expect(make().wasmMemory).toBe(before.wasmMemory);
  });
});
