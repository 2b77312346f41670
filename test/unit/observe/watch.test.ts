// Watches: one event for one access of any kind, which the callback may stop; no cost elsewhere.
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { GuestMemory, type InitOptions, init, type WatchEvent } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched, thrownBy } from "../support.ts";
import { machine, watchAll } from "./watching.ts";

const PAGE = 0x1000;

const READS = [
  ["readUint8", 1],
  ["readInt8", 1],
  ["readUint16", 2],
  ["readInt16BE", 2],
  ["readUint32", 4],
  ["readInt32", 4],
  ["readFloat32BE", 4],
  ["readBigUint64", 8],
  ["readBigInt64BE", 8],
  ["readFloat64", 8],
  ["readBigUint128", 16],
] as const;

const WRITES = [
  ["writeUint8", 1],
  ["writeInt8", 1],
  ["writeUint16BE", 2],
  ["writeInt16", 2],
  ["writeUint32", 4],
  ["writeInt32BE", 4],
  ["writeFloat32", 4],
  ["writeBigUint64", 8],
  ["writeBigInt64BE", 8],
  ["writeFloat64BE", 8],
  ["writeBigUint128", 16],
] as const;

/** Little-endian and unsigned: what an event says of bytes. */
function unsigned(bytes: Uint8Array): number | bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return bytes.length <= 4 ? Number(value) : value;
}

/** Inside a page, across pages, across regions, half in a device. */
const PLACES = [0x100, 0xfff, 0x17ff, 0x1fff, 0x2fff];

for (const [name, size] of READS) {
  test(`${name}: one event, wherever it lies`, async () => {
    using memory = await machine();
    const events = watchAll(memory);
    for (const address of PLACES) {
      const value = unsigned(memory.peek(address, size).bytes);
      const inDevice = address + size > 0x3000;
      memory[name](address);
      const [{ value: told, ...event } = {} as WatchEvent, ...rest] = events.splice(0);
      expect(rest).toEqual([]);
      expect(event).toEqual({ kind: "read", address, size, oldValue: undefined, who: "cpu" });
      if (!inDevice) expect(told).toBe(value);
      else expect(told).toBe(unsigned(Uint8Array.of(...memory.peek(0x2fff, 1).bytes, ...counting(size - 1, 0))));
    }
  });
}

for (const [name, size] of WRITES) {
  test(`${name}: one event, before it happens`, async () => {
    using memory = await machine();
    const before: unknown[] = [];
    const events: WatchEvent[] = [];
    memory.watch(0, 0x1_0000, { write: true }, (event) => {
      events.push(event);
      before.push(unsigned(memory.peek(event.address, event.size).bytes));
    });
    for (const address of PLACES) {
      const oldValue = unsigned(memory.peek(address, size).bytes);
      const write = memory[name] as (address: number, value: number | bigint) => void;
      write(address, name.includes("Big") ? 0x1122_3344n : 0x11);
      const [{ value, ...event } = {} as WatchEvent, ...rest] = events.splice(0);
      expect(rest).toEqual([]);
      const inDevice = address + size > 0x3000;
      expect(event).toEqual({ kind: "write", address, size, oldValue: inDevice ? undefined : oldValue, who: "cpu" });
      expect(before.pop()).toBe(oldValue);
      if (!inDevice) expect(value).toBe(unsigned(memory.peek(address, size).bytes));
    }
  });
}

test("fetches are executes, and only they are", async () => {
  using memory = await machine();
  const events = watchAll(memory);
  expect([memory.fetchUint8(0x10), memory.fetchUint16(0x17ff), memory.fetchUint32(0x2ffe)]).toEqual([
    17,
    0x0100,
    expect.any(Number),
  ]);
  expect(events.map(({ kind, address, size }) => [kind, address, size])).toEqual([
    ["execute", 0x10, 1],
    ["execute", 0x17ff, 2],
    ["execute", 0x2ffe, 4],
  ]);
});

test("ranges, atomics and DMA: one event each, of bytes where it is a range", async () => {
  using memory = await machine();
  using other = await GuestMemory.fromRanges([[0, PAGE]]);
  const events = watchAll(memory);
  const told = (act: () => unknown) => {
    act();
    return events.splice(0).map(({ kind, address, size, value, oldValue, who }) => {
      const list = (what: unknown) => (what instanceof Uint8Array ? [...what] : what);
      return [kind, address, size, list(value), list(oldValue), who];
    });
  };
  const into = new Uint8Array(4);
  const [at, before] = [0x17fe, [255, 0, 1, 2]];
  expect(told(() => memory.read(at, into))).toEqual([["read", at, 4, before, undefined, "cpu"]]);
  expect(told(() => memory.readSlice(at, into))).toEqual([["read", at, 4, before, undefined, "cpu"]]);
  expect(told(() => memory.readBytes(at, 4))).toEqual([["read", at, 4, before, undefined, "cpu"]]);
  expect(told(() => memory.write(at, counting(4, 10)))).toEqual([["write", at, 4, [10, 11, 12, 13], before, "cpu"]]);
  const ten = [10, 11, 12, 13];
  expect(told(() => memory.writeSlice(at, counting(4, 20)))).toEqual([["write", at, 4, [20, 21, 22, 23], ten, "cpu"]]);
  const twenty = [20, 21, 22, 23];
  expect(told(() => memory.fill(at, 7, 4))).toEqual([["write", at, 4, [7, 7, 7, 7], twenty, "cpu"]]);
  expect(told(() => memory.copyWithin(0x100, at, 4))).toEqual([
    ["read", at, 4, [7, 7, 7, 7], undefined, "cpu"],
    ["write", 0x100, 4, [7, 7, 7, 7], [1, 2, 3, 4], "cpu"],
  ]);
  expect(told(() => memory.copyFrom(0x100, other, 0, 4))).toEqual([
    ["write", 0x100, 4, [0, 0, 0, 0], [7, 7, 7, 7], "cpu"],
  ]);
  expect(told(() => other.copyFrom(0, memory, at, 4))).toEqual([["read", at, 4, [7, 7, 7, 7], undefined, "cpu"]]);
  expect(told(() => memory.load32(0x100))).toEqual([["read", 0x100, 4, 0, undefined, "cpu"]]);
  expect(told(() => memory.add16(0x100, -1))).toEqual([["write", 0x100, 2, 0xffff, 0, "cpu"]]);
  expect(told(() => memory.compareExchange8(0x100, 1, 5))).toEqual([["write", 0x100, 1, 0xff, 0xff, "cpu"]]);
  expect(told(() => memory.exchange64(0x100, 5n))).toEqual([["write", 0x100, 8, 5n, 0x0807_0605_0000_ffffn, "cpu"]]);
  const [source, target] = [memory.dma(0x100, 8, "read"), memory.dma(0x100, 8, "write")];
  expect(told(() => source.read(2, new Uint8Array(2)))).toEqual([["read", 0x102, 2, [0, 0], undefined, "dma"]]);
  expect(told(() => target.write(1, Uint8Array.of(9)))).toEqual([["write", 0x101, 1, [9], [0], "dma"]]);
  // A device's old bytes are nobody's business.
  expect(told(() => memory.fill(0x2fff, 1, 2))).toEqual([["write", 0x2fff, 2, [1, 1], undefined, "cpu"]]);
});

test("a watch inside a range sees the bytes that it covers, however long the range is", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 0x1_0000 },
    { kind: "mmio", start: 0x1_0000, size: 0x10, device: { write8: () => {} } },
  ]);
  memory.writeSlice(0x100, counting(8));
  const seen: unknown[] = [];
  memory.watch(0x102, 4, { read: true, write: true }, (event) => {
    seen.push([event.kind, event.address, event.size, event.value, event.oldValue]);
  });
  memory.fill(0, 7, 0x1_0000);
  memory.writeSlice(0x104, counting(8));
  memory.fill(0x104, 9, 0xff0c); // a device further on does not hide what is replaced here
  memory.readBytes(0x100, 4);
  expect(seen).toEqual([
    ["write", 0, 0x1_0000, new Uint8Array(4).fill(7), counting(4, 3)],
    ["write", 0x104, 8, counting(2), new Uint8Array(2).fill(7)],
    ["write", 0x104, 0xff0c, new Uint8Array(2).fill(9), counting(2)],
    ["read", 0x100, 4, new Uint8Array(2).fill(7), undefined],
  ]);
});

test("a write of 4 GiB, to aliases of little memory, is seen", async () => {
  const SIZE = 64 << 20;
  const aliases = Array.from({ length: 63 }, (_, index) => {
    return { kind: "alias", start: (index + 1) * SIZE, of: "RAM" } as const;
  });
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: SIZE }, ...aliases]);
  const stop = new Error("seen, so that not all of it need be written");
  memory.watch(0x10, 4, { write: true }, () => {
    throw stop;
  });
  expect(thrownBy(() => memory.fill(0, 2, 2 ** 32))).toBe(stop);
  expect(thrownBy(() => memory.fill(0n, 2, 2n ** 32n))).toBe(stop);
  expect(memory.readUint32(0x20)).toBe(0);
});

test("a read that a callback stops leaves the array as it was", async () => {
  using memory = await GuestMemory.fromRanges([
    [0, 0x1000],
    [0x1000, 0x1000],
  ]);
  memory.watch(0x1000, 4, { read: true }, () => {
    throw new Error("stop");
  });
  for (const read of [
    (into: Uint8Array) => memory.readSlice(0xffe, into),
    (into: Uint8Array) => memory.read(0xffe, into),
    (into: Uint8Array) => memory.dma(0xffe, 4, "read").read(0, into),
  ]) {
    const into = new Uint8Array(4).fill(0x1b);
    expect(() => read(into)).toThrow("stop");
    expect(into).toEqual(new Uint8Array(4).fill(0x1b));
  }
});

test("copies between two modules are seen, devices in them too", async () => {
  using memory = await machine();
  vi.resetModules(); // for glue that has no module yet
  const glue = (await import("../../../pkg/guest_memory.js")) as NonNullable<InitOptions["glue"]>;
  const wasm = readFileSync(new URL("../../../pkg/guest_memory_bg.wasm", import.meta.url));
  await init({ glue, wasm });
  using other = await GuestMemory.create([{ kind: "ram", start: 0, size: PAGE }]);
  expect(other.wasmMemory).not.toBe(memory.wasmMemory);
  const seen: unknown[] = [];
  memory.watch(0x10, 4, { read: true }, ({ kind, value }) => void seen.push([kind, value]));
  other.watch(0, 1, { write: true }, ({ kind, size, oldValue }) => void seen.push([kind, size, oldValue]));
  other.copyFrom(0, memory, 0x10, 4);
  expect(seen).toEqual([
    ["read", counting(4, 17)],
    ["write", 4, new Uint8Array(1)], // what the watch covers
  ]);
  other.copyFrom(0, memory, 0x3001, 3);
  expect([...other.readBytes(0, 3)]).toEqual([1, 2, 3]);
  // Into a device, from RAM and from a device; whatever is refused calls nobody.
  const said: unknown[] = [];
  const device = {
    read8: (offset: number) => {
      said.push(`read ${offset}`);
      return 0x80 + offset;
    },
    write8: (offset: number, value: number) => {
      said.push(`write ${offset} ${value}`);
      if (value === 0x63) throw new RangeError("jammed");
    },
  };
  other.map({ kind: "mmio", start: PAGE, size: 8, device });
  other.map({ kind: "rom", start: 2 * PAGE, size: PAGE });
  memory.writeSlice(0x20, Uint8Array.of(0x61, 0x62, 0x63, 0x64));
  other.copyFrom(PAGE, memory, 0x20, 2);
  memory.copyFrom(0x2ffe, other, PAGE + 4, 4); // two bytes of it into RAM, two into the device behind
  expect(said.splice(0)).toEqual(["write 0 97", "write 1 98", "read 4", "read 5", "read 6", "read 7"]);
  expect([...memory.readBytes(0x2ffe, 2)]).toEqual([0x84, 0x85]);
  expectCode(() => memory.copyFrom(0x10, other, PAGE + 7, 2), "PARTIAL_BUFFER", { address: PAGE + 7, length: 2 });
  expectCode(() => memory.copyFrom(0x3fff, other, PAGE, 2), "PARTIAL_BUFFER", { address: 0x3fff, length: 2 });
  expectCode(() => other.copyFrom(2 * PAGE, memory, 0x3000, 2), "READ_ONLY", { address: 2 * PAGE, length: 2 });
  expect([said, seen.length]).toEqual([[], 3]); // of the copies before, one more was seen
  const jam = expectCode(() => other.copyFrom(PAGE, memory, 0x20, 4), "HANDLER_FAILED", { address: PAGE, length: 4 });
  expect([jam.completed, said.splice(0).length]).toEqual([2, 3]);
  const stop = other.watch(PAGE, 8, { write: true }, () => {
    throw new RangeError("stopped");
  });
  expect(thrownBy(() => other.copyFrom(PAGE, memory, 0x20, 4))).toBeInstanceOf(RangeError);
  stop.dispose();
  other.watch(PAGE, 8, { write: true }, () => memory.dispose());
  other.copyFrom(PAGE, memory, 0x20, 2); // all was read before
  expect(said).toEqual(["write 0 97", "write 1 98"]);
});

test("what nobody does is no event: refused accesses, peek, poke, views, compare, empty ranges, another kind", async () => {
  using memory = await machine();
  const events = watchAll(memory);
  memory.peek(0, 0x4000);
  memory.poke(0x10, counting(4));
  memory.view(0x10, 4).fill(1);
  memory.compare(0x10, 0x20, 4);
  memory.indexOf(Uint8Array.of(9), 0, 16);
  memory.read(0x10, new Uint8Array(0));
  memory.fill(0x10, 1, 0);
  const range = memory.dma(PAGE, 8, "write");
  memory.protect(PAGE, PAGE, "r--");
  for (const act of [
    () => memory.readUint32(0x3ffe),
    () => memory.writeUint8(0x9000, 1),
    () => memory.writeUint8(PAGE, 1),
    () => memory.writeSlice(0xfff, counting(2)),
    () => memory.fetchUint8(PAGE),
    () => memory.add32(0x2001, 1),
    () => range.write(0, counting(1)),
  ]) {
    expect(thrownBy(act)).toBeInstanceOf(Error);
  }
  expect(events).toEqual([]);
  // A write that stops at a hole is one of what it writes.
  expect(memory.write(0x2ffe, counting(0x3000))).toBe(0x1002);
  expect(events.splice(0).map(({ size, value }) => [size, (value as Uint8Array).length])).toEqual([[0x1002, 0x1002]]);
  const far: unknown[] = [];
  memory.watch(0x9000, 1, { write: true }, (event) => void far.push(event));
  memory.write(0x2ffe, counting(0x7000));
  expect(far).toEqual([]);
  const kinds: string[] = [];
  for (const kind of ["read", "write", "execute"] as const) {
    memory.watch(0x20, 1, { [kind]: true }, (event) => void kinds.push(`${kind} ${event.kind}`));
  }
  memory.readUint8(0x20);
  memory.writeUint8(0x20, 1);
  memory.fetchUint8(0x20);
  memory.readUint8(0x21);
  expect(kinds).toEqual(["read read", "write write", "execute execute"]);
});

test("a range of which nothing is mapped: what a handler serves is seen, and what is mapped there later", async () => {
  using memory = await machine();
  const events = watchAll(memory, 0x9000, 4);
  memory.onUnmapped = { read: () => 0x1_0203, write: () => {} };
  memory.readUint16(0x9003);
  memory.writeUint8(0x9000, 5);
  expect(events.splice(0).map(({ value, oldValue }) => [value, oldValue])).toEqual([
    [0x0203, undefined],
    [5, undefined],
  ]);
  const region = memory.map({ kind: "ram", start: 0x9002, size: 0x10 });
  memory.writeUint8(0x9002, 6);
  region.move(0xa000);
  memory.writeUint8(0xa000, 6);
  expect(events.map(({ address, value, oldValue }) => [address, value, oldValue])).toEqual([[0x9002, 6, 0]]);
});

test("the top of memory: watches up to the last byte, ended again", async () => {
  const top = 2n ** 64n;
  using memory = await GuestMemory.create([{ kind: "ram", start: top - 0x2000n, size: 0x2000 }], {
    addresses: "bigint",
  });
  const told: unknown[] = [];
  const watch = memory.watch(top - 1n, 1, { write: true }, ({ address }) => void told.push(address));
  const trap = memory.trapWrites(top - 0x1800n, 0x1800, (page) => void told.push(page));
  memory.writeUint16(top - 2n, 1);
  expect(told.splice(0)).toEqual([top - 2n, top - 0x1000n]);
  watch.dispose();
  trap.dispose();
  memory.fill(top - 0x2000n, 1, 0x2000);
  expect(told).toEqual([]);
  expect(memory.regions.length).toBe(1);
  const place = { address: top - 1n, length: 2 };
  expectCode(() => memory.watch(top - 1n, 2, { read: true }, () => {}), "GUEST_ADDRESS_OVERFLOW", place);
  expectCode(() => memory.trapWrites(top - 1n, 2, () => {}), "GUEST_ADDRESS_OVERFLOW", place);
});

test("with 10,000 watches elsewhere, and the map changing, other pages keep their flags", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 0x100_0000 },
    { kind: "ram", name: "bank", start: 0x200_0000, size: 0x1_0000 },
  ]);
  // What there is without growth is taken, so that linear memory grows for the watches, in the middle of one.
  using _rest = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x400_0000 }]);
  const before = memory.tables.pageTable.slice(0, PAGE);
  const { viewGeneration } = memory;
  const watches = Array.from({ length: 10_000 }, (_, index) =>
    memory.watch(0x10_0000 + (index % 0xf00) * PAGE + index, 4, { read: true, write: true, execute: true }, () => {}),
  );
  expect(memory.viewGeneration).toBeGreaterThan(viewGeneration);
  const table = () => memory.tables.pageTable.slice(0, PAGE);
  expect(table().slice(0, 0x100)).toEqual(before.slice(0, 0x100));
  expect(
    table()
      .slice(0x100, 0x1000)
      .every((entry) => (entry & 7) === 0),
  ).toBe(true);
  for (let index = 0; index < 100; index++) memory.region("bank")?.move(0x200_0000 + (index % 2) * 0x1_0000);
  expect(table().slice(0, 0x100)).toEqual(before.slice(0, 0x100));
  for (const watch of watches) watch.dispose();
  expect(table()).toEqual(before);
});

test("3,000 watches of one byte are told of one access, each once and in order", async () => {
  using memory = await machine();
  const told: number[] = [];
  for (let index = 0; index < 3000; index++) memory.watch(0x10, 1, { write: true }, () => void told.push(index));
  memory.writeUint32(0xe, 1);
  expect(told).toEqual(Array.from({ length: 3000 }, (_, index) => index));
  memory.writeUint8(0x11, 1);
  expect(told.length).toBe(3000);
});

test("arguments of a wrong kind set no watch", async () => {
  using memory = await machine();
  expectUntouched(memory, () => {
    const ignore = () => {};
    expectCode(() => memory.watch(0, 0, { read: true }, ignore), "EMPTY_REGION", { address: 0, length: 0 });
    expectCode(() => memory.trapWrites(7, 0n, ignore), "EMPTY_REGION", { address: 7, length: 0n });
    expect(thrownBy(() => memory.watch(-1, 1, { read: true }, ignore))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.watch(0, 1, {}, ignore))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => memory.watch(0, 1, null as never, ignore))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => memory.watch(0, 1, { read: true }, "no" as never))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => memory.trapWrites(0, 1, undefined as never))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => memory.trapWrites("0" as never, 1, ignore))).toBeInstanceOf(TypeError);
  });
});
