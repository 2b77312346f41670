// The library's objects for a person: console.log, JSON, messages about what was given.
import { inspect } from "node:util";
import { reactive, ref } from "@vue/reactivity";
import { GuestMemory, type GuestMemoryError } from "guest-memory";
import { beforeAll, expect, test } from "vitest";
import { thrownBy } from "../support.ts";

let memory: GuestMemory;
beforeAll(async () => {
  memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 0x4000 },
    { kind: "rom", name: "flash", start: 0x8000, size: 0x1000 },
    { kind: "alias", name: "mirror", start: 0xc000, of: "flash", offset: 0x800, enabled: false },
  ]);
});

test("console.log shows a memory as its map, and of a large one the first lines", async () => {
  expect(inspect(memory)).toBe(`GuestMemory ${memory.tree()}`);
  using large = await GuestMemory.create(
    Array.from({ length: 1000 }, (_, index) => ({ kind: "reserved", start: index * 0x1000, size: 0x800 }) as const),
  );
  const lines = inspect(large).split("\n");
  expect(lines.length).toBe(41);
  expect(lines.at(-1)).toBe("    ... and 962 more");
  const gone = await GuestMemory.create([]);
  gone.dispose();
  expect(inspect({ gone })).toContain("GuestMemory (disposed)");
  expect(Object.prototype.toString.call(memory)).toBe("[object GuestMemory]");
});

test("a region shows where it is, in JSON too", async () => {
  const mirror = memory.region("mirror");
  const data = { name: "mirror", kind: "alias", start: 0xc000, size: 0x800, priority: 0, enabled: false };
  expect(mirror?.toJSON()).toEqual({ ...data, of: "flash", offset: 0x800 });
  expect(memory.toJSON().regions[2]).toEqual(mirror?.toJSON());
  expect(inspect(mirror)).toMatch(/^MappedRegion \{[\s\S]*start: 49152/);
  expect(inspect(memory.regions[0])).toBe("GuestRegion { start: 0, size: 16384, lastAddress: 16383 }");

  using high = await GuestMemory.create([{ kind: "ram", start: 2n ** 60n, size: 4096 }], { addresses: "bigint" });
  const [region, range] = [high.mapped[0], high.regions[0]];
  expect(JSON.parse(JSON.stringify([region, range]))).toMatchObject([
    { start: String(2n ** 60n), size: 4096 },
    { start: String(2n ** 60n), lastAddress: String(2n ** 60n + 4095n) },
  ]);
  expect(region?.isMapped).toBe(true);
  high.unmap("ram");
  expect(region?.toJSON()).toMatchObject({ start: String(2n ** 60n), enabled: false });
});

test("sizes are numbers where addresses are, however they were given", async () => {
  using numbers = await GuestMemory.create([{ kind: "ram", start: 0n, size: 0x1000n }]);
  expect(numbers.mapped[0]?.size).toBe(0x1000);
});

test("an error is data for JSON and for another thread", () => {
  const error = thrownBy(() => memory.readUint32(0x7000)) as GuestMemoryError;
  const data = { name: "GuestMemoryError", code: "INVALID_GUEST_ADDRESS", address: 0x7000, length: 4 };
  expect(structuredClone(error.toJSON())).toEqual({
    ...data,
    message: error.message,
    region: undefined,
    completed: undefined,
  });
  expect(JSON.parse(JSON.stringify(error))).toEqual({ ...data, message: error.message });
});

test("in Vue's ref and reactive a memory is itself", () => {
  expect(ref(memory).value).toBe(memory);
  expect(reactive({ memory }).memory.readUint8(0)).toBe(0);
});

test("a class that is no constructor says which functions are", () => {
  const Any = GuestMemory as unknown as new () => unknown;
  expect(() => new Any()).toThrow("GuestMemory has no public constructor: await GuestMemory.create([...])");
});

test("a message says what was given, and what would do", () => {
  const wrong = (bytes: unknown) => (thrownBy(() => memory.write(0, bytes as Uint8Array)) as Error).message;
  expect(wrong([1, 2])).toBe("bytes must be a Uint8Array, not an array: Uint8Array.from(bytes)");
  expect(wrong(new Uint16Array(2))).toBe(
    "bytes must be a Uint8Array, not a Uint16Array: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)",
  );
  expect(wrong(new DataView(new ArrayBuffer(2)))).toContain("not a DataView: new Uint8Array(bytes.buffer");
  expect(wrong(new ArrayBuffer(2))).toBe("bytes must be a Uint8Array, not a buffer: new Uint8Array(bytes)");
  expect(wrong("text")).toBe("bytes must be a Uint8Array, not a string");

  const make = (specs: unknown) => (thrownBy(() => GuestMemory.createSync(specs as never)) as Error).message;
  const flash = { kind: "rom", name: "flash", start: 0 };
  expect(make([{ kind: "ram", start: 0x8000, size: 1 }, flash])).toBe(
    'region 1 ("flash"): size must be a number or a bigint, not undefined',
  );
  expect(thrownBy(() => memory.map(flash as never))).toMatchObject({
    message: 'region "flash": size must be a number or a bigint, not undefined',
  });
});

test("unmap takes a name", async () => {
  using named = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  named.unmap("RAM");
  expect(named.mapped).toEqual([]);
});

test("an overlap names both regions and their ranges", async () => {
  const says = (act: () => unknown) => {
    const error = thrownBy(act) as GuestMemoryError;
    expect(error.code).toBe("MEMORY_REGION_OVERLAP");
    return error.message;
  };
  const both = (one: string, other: string) => `region ${one} overlaps region ${other}, which has the same priority`;
  const ram = '"RAM" (0x0 to 0x3fff)';
  expect(says(() => memory.map({ kind: "ram", name: "more", start: 0x3000, size: 0x2000 }))).toBe(
    `map: ${both('"more" (0x3000 to 0x4fff)', ram)}`,
  );
  const bank = memory.map({ kind: "reserved", name: "bank", start: 0x2000, size: 0x1000, enabled: false });
  expect(says(() => bank.enable())).toBe(`enable: ${both('"bank" (0x2000 to 0x2fff)', ram)}`);
  bank.move(0x5000);
  bank.enable();
  expect(says(() => bank.move(0x3fff))).toBe(`move: ${both('"bank" (0x3fff to 0x4ffe)', ram)}`);
  expect(says(() => bank.move(0x8fff))).toContain('overlaps region "flash" (0x8000 to 0x8fff)');
  memory.unmap(bank);
  const pair = [
    { kind: "ram", name: "a", start: 0, size: 0x1000 },
    { kind: "rom", name: "b", start: 0x800, size: 0x1000 },
  ] as const;
  expect(says(() => GuestMemory.createSync(pair))).toBe(
    `transaction: ${both('"b" (0x800 to 0x17ff)', '"a" (0x0 to 0xfff)')}`,
  );
  // In a map of many regions the core's own words do, because each failure would walk all of them.
  using large = await GuestMemory.create(
    Array.from({ length: 1200 }, (_, index) => ({ kind: "reserved", start: index * 0x1000, size: 0x1000 }) as const),
  );
  expect(says(() => large.map({ kind: "reserved", start: 1100 * 0x1000, size: 1 }))).toContain("overlaps another");
});
