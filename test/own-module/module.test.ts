// The facade on a user's own module: devices in Rust and the facade share one linear memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { lockedVersion, root } from "../../scripts/toolchain.mjs";
import { GuestMemory, init } from "../../ts/index.ts";
import { expectCode } from "../unit/support.ts";
import { build, type Devices, exampleWasm, importGlue, wasm } from "./build.ts";
import { fnv, make } from "./support.ts";

let devices: Devices;
let packaged: GuestMemory;

beforeAll(async () => {
  build();
  packaged = await GuestMemory.fromRanges([[0x0, 0x4000]]); // before init({ glue }): in pkg/'s module, and it stays there
  devices = await importGlue("first");
  await init({ glue: devices, wasm });
});

describe("the module", () => {
  const names = (path: string | URL) =>
    WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(path))).map(({ name }) => name);
  const ours = names(join(root, "pkg", "guest_memory_bg.wasm")).filter((name) => /^gm_|^guest_memory_abi$/.test(name));

  test("exports all that pkg/ exports, and its own functions", () => {
    expect(ours.length).toBeGreaterThan(20);
    expect(names(wasm)).toEqual(expect.arrayContaining([...ours, "checksum", "fill"]));
  });

  test("has the exports by the macro, and not by listing the library as a dependency", () => {
    const exported = (path: string) => names(path).map((name) => name.replace(/_[0-9a-f]{16}$/, ""));
    expect(exported(exampleWasm("exports"))).toEqual(expect.arrayContaining(ours));
    expect(exported(exampleWasm("silent")).filter((name) => ours.includes(name))).toEqual([]);
  });

  test("is built by the version of wasm-bindgen that builds pkg/", () => {
    const text = (name: string) => readFileSync(join(root, "test", "own-module", name), "utf8");
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

describe("external memory", () => {
  test("Rust reaches it by copies, through its growth, beside RAM", async () => {
    const theirs = new WebAssembly.Memory({ initial: 1 });
    const memory = await GuestMemory.create([
      { kind: "ram", start: 0, size: 0x1000 },
      { kind: "external", start: 0x1000, source: theirs, offset: 0x234, size: 0x1000 },
      { kind: "ram", start: 0x2000, size: 0x1000 },
    ]);
    const bytes = Uint8Array.from({ length: 0x3000 }, (_, index) => index * 7);
    memory.writeSlice(0, bytes);
    theirs.grow(1);
    expect(devices.checksum(memory.handle, 0n, 0x3000)).toBe(fnv(bytes));
    for (const address of [0xffe, 0x1000, 0x1801, 0x1ffe]) {
      devices.poke(memory.handle, BigInt(address), 0x0403_0201);
      theirs.grow(1);
      expect(memory.readUint32(address)).toBe(0x0403_0201);
    }
    expect([...new Uint8Array(theirs.buffer, 0x234, 4)]).toEqual([1, 2, 3, 4]);
  });

  test("a function that throws, or makes linear memory grow, is an error for Rust or none, and no more", async () => {
    const buffer = new ArrayBuffer(0x1000);
    let act = () => {};
    const source = () => {
      act();
      return buffer;
    };
    const memory = await GuestMemory.create([{ kind: "external", start: 0, source }]);
    act = () => void devices.grow_heap();
    devices.poke(memory.handle, 4n, 5);
    expect(memory.readUint32(4)).toBe(5);
    act = () => {
      throw new Error("not now");
    };
    expect(() => devices.poke(memory.handle, 4n, 6)).toThrow(Error);
    expect(() => devices.checksum(memory.handle, 0n, 8)).toThrow(Error);
    act = () => {};
    expect(devices.checksum(memory.handle, 4n, 4)).toBe(fnv(Uint8Array.of(5, 0, 0, 0)));
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => devices.poke(memory.handle, 4n, 6)).toThrow(Error);
    expect(devices.heap_is_intact()).toBe(true);
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
