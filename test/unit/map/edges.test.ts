// Edges: the smallest region, regions past 4 GiB beside watches, regions of the wrong kind, and defaults of options.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { expectCode, expectUntouched } from "../support.ts";

const GIB = 2 ** 30;

test("removeRegion takes RAM alone, whatever region of another kind has this start and size", async () => {
  const placed = (start: number) => ({ start, size: 0x10 });
  using memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 0x1000 },
    { kind: "rom", ...placed(0x1000) },
    { kind: "romDevice", ...placed(0x2000), device: { peek: () => undefined } },
    { kind: "mmio", ...placed(0x3000), device: { peek: () => undefined } },
    { kind: "alias", ...placed(0x4000), of: "RAM" },
    { kind: "reserved", ...placed(0x5000) },
    { kind: "external", ...placed(0x6000), source: new ArrayBuffer(16) },
  ]);
  expectUntouched(memory, () => {
    for (let start = 0x1000; start <= 0x6000; start += 0x1000) {
      expectCode(() => memory.removeRegion(start, 0x10), "NO_MEMORY_REGION", { address: start, length: 0x10 });
    }
  });
  expect(memory.removeRegion(0, 0x1000)).toMatchObject({ start: 0, size: 0x1000 });
  expect(memory.mapped.length).toBe(6);
});

test("a region of one byte, of each kind, at every place in its page", async () => {
  for (const start of [0, 0xfff, 0x1000, 0x1fff, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    const ram = { kind: "ram", name: "target", start: 0x8000, size: 3, contents: Uint8Array.of(7, 8, 9) } as const;
    const kinds: RegionSpec[] = [
      { kind: "ram", start, size: 1, contents: Uint8Array.of(8) },
      { kind: "rom", start, size: 1, contents: Uint8Array.of(8) },
      { kind: "alias", start, of: "target", offset: 1, size: 1 },
      { kind: "external", start, source: Uint8Array.of(7, 8, 9).buffer, offset: 1, size: 1 },
      { kind: "mmio", start, size: 1, device: { read8: () => 8, write8: () => {} } },
    ];
    for (const spec of kinds) {
      using memory = await GuestMemory.create([ram, spec]);
      const what = `${spec.kind} at ${start}`;
      expect(memory.readUint8(start), what).toBe(8);
      expect([...memory.readBytes(start, 1)], what).toEqual([8]);
      expect(memory.checkRange(start, 1), what).toBe(spec.kind !== "mmio");
      expect(memory.checkRange(start, 2), what).toBe(false);
      for (const address of [start - 1, start + 1]) {
        if (address < 0 || address >= 2 ** 53) continue;
        expectCode(() => memory.readUint8(address), "INVALID_GUEST_ADDRESS", { address, length: 1 });
      }
      if (start < 2 ** 53 - 1)
        expectCode(() => memory.readUint16(start), "PARTIAL_BUFFER", { address: start, length: 2 });
      if (spec.kind === "rom") {
        expectCode(() => memory.writeUint8(start, 9), "READ_ONLY", { address: start, length: 1 });
        continue;
      }
      const client = memory.dirty.client("dirty");
      memory.writeUint8(start, 9);
      if (spec.kind !== "mmio") expect(memory.readUint8(start), what).toBe(9);
      const target = spec.kind === "alias" ? [[0x8000, 3]] : [];
      // Behind its target, the alias shows no byte that was not reported.
      const own = spec.kind === "ram" || (spec.kind === "alias" && start < 0x8000) ? [[start, 1]] : [];
      const written = [...target, ...own].sort(([one = 0], [two = 0]) => one - two);
      expect(client.collect(), what).toEqual(written);
    }
  }
});

test("accesses and lengths of 4 GiB and more, beside watches", async () => {
  const calls: number[] = [];
  const device = {
    read32: (offset: number) => calls.push(offset),
    write32: (offset: number) => void calls.push(offset),
    narrower: "split",
  } as const;
  using memory = await GuestMemory.create([
    { kind: "mmio", name: "far", start: 0x1000, size: 8 * GIB, device },
    { kind: "alias", name: "window", start: 16 * GIB, of: "far", offset: 5 * GIB, size: GIB },
  ]);
  const seen: unknown[] = [];
  memory.watch(0x1000 + 6 * GIB, 16, { read: true, write: true }, ({ address, kind }) => seen.push(kind, address));
  memory.watch(0x2000, 7 * GIB, { execute: true }, ({ address }) => seen.push("fetch", address));
  const beside = 0x1000 + 6 * GIB - 4;
  memory.readUint32(beside);
  memory.writeUint32(beside + 20, 1);
  memory.readUint32(16 * GIB + 4);
  expect([seen, calls.splice(0)]).toEqual([[], [6 * GIB - 4, 6 * GIB + 16, 5 * GIB + 4]]);
  memory.readUint32(beside + 4);
  memory.writeUint32(beside + 16, 1);
  memory.fetchUint32(beside);
  memory.fetchUint32(0x1ffc);
  memory.fetchUint32(0x2000 + 7 * GIB); // directly behind the watched range
  expect(seen.splice(0)).toEqual(["read", beside + 4, "write", beside + 16, "fetch", beside]);
  expect(calls.splice(0)).toEqual([6 * GIB, 6 * GIB + 12, 6 * GIB - 4, 0xffc, 7 * GIB + 0x1000]);

  const dma = memory.dma(0x1000, 8 * GIB, "read");
  expect(dma.length).toBe(8 * GIB);
  dma.readUint32(6 * GIB + 8);
  dma.readUint32(8 * GIB - 4);
  dma.read(4 * GIB, new Uint8Array(8));
  expectCode(() => dma.readUint32(8 * GIB - 3), "PARTIAL_BUFFER", { address: 0x1000, length: 8 * GIB });
  expectCode(() => dma.readUint32(2n ** 64n - 1n), "PARTIAL_BUFFER", { address: 0x1000, length: 8 * GIB });
  expect(seen.splice(0)).toEqual(["read", 0x1000 + 6 * GIB + 8]);
  expect(calls.splice(0)).toEqual([6 * GIB + 8, 8 * GIB - 4, 4 * GIB, 4 * GIB + 4]);
  expect(memory.checkRange(0x1000, 8 * GIB)).toBe(false); // no memory
  expect([...memory.readBytes(16 * GIB + 8, 4)].length).toBe(4);
  expect(calls).toEqual([5 * GIB + 8]);
});

test("a device's access that fails at the last number, 2^53 - 1, names it as a number", async () => {
  const last = 2 ** 53 - 1;
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: last - 0xfff, size: 0x1000 }]);
  const [reading, writing] = [memory.dma(last - 15, 16, "read"), memory.dma(last - 15, 16, "write")];
  writing.writeUint8(15, 7);
  expect([reading.readUint8(15), memory.readUint8(last)]).toEqual([7, 7]);
  memory.unmap(memory.mapped[0] as MappedRegion);
  for (const [offset, address] of [
    [14, last - 1],
    [15, last],
  ] as const) {
    expectCode(() => reading.readUint8(offset), "INVALID_GUEST_ADDRESS", { address, length: 1 });
    expectCode(() => writing.write(offset, Uint8Array.of(1)), "INVALID_GUEST_ADDRESS", { address, length: 1 });
  }
});

test("a write that a handler takes has no old value", async () => {
  using memory = await GuestMemory.create([
    { kind: "rom", start: 0, size: 0x1000, contents: new Uint8Array(16).fill(5) },
    { kind: "ram", start: 0x1000, size: 0x1000, contents: new Uint8Array(16).fill(6) },
  ]);
  const [seen, taken]: [unknown[], unknown[]] = [[], []];
  memory.watch(0, 0x9000, { write: true }, ({ value, oldValue }) => seen.push([value, oldValue]));
  const handlers = { write: (_address: number, _size: number, value: number | bigint) => void taken.push(value) };
  memory.onDenied = handlers;
  memory.onUnmapped = handlers;
  memory.protect(0x1000, 0x1000, "r--");
  memory.writeUint32(0, 1);
  memory.writeUint16(0x1000, 2);
  memory.writeBigUint64(0x8000, 3n);
  memory.writeUint16(0x1fff, 4);
  memory.fill(0x8000, 5, 2);
  const [five] = [Uint8Array.of(5, 5)];
  expect(seen).toEqual([
    [1, undefined],
    [2, undefined],
    [3n, undefined],
    [4, undefined],
    [five, undefined],
  ]);
  expect(taken).toEqual([1, 2, 3n, 4, 0x0505]);
  memory.protect(0x1000, 0x1000, "rw-");
  memory.writeUint16(0x1000, 2);
  expect(seen.at(-1)).toEqual([2, 0x0606]);
});

test("options that are not given have the documented defaults", async () => {
  const source = Uint8Array.of(1, 2, 3, 4).buffer;
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x2000, contents: Uint8Array.of(9) },
    { kind: "alias", start: 0x4000, of: "ram" },
    { kind: "alias", name: "tail", start: 0x8000, of: "ram", offset: 0x1800 },
    { kind: "external", start: 0xc000, source },
    { kind: "mmio", start: 0xd000, size: 4, device: { peek: () => undefined } },
  ]);
  const shown = memory.mapped.map(({ name, start, size, priority, enabled }) => [name, start, size, priority, enabled]);
  expect(shown).toEqual([
    ["ram", 0, 0x2000, 0, true],
    ["alias", 0x4000, 0x2000, 0, true],
    ["tail", 0x8000, 0x800, 0, true],
    ["external", 0xc000, 4, 0, true],
    ["mmio", 0xd000, 4, 0, true],
  ]);
  expect([memory.readUint8(0x4000), memory.readUint32(0xc000)]).toEqual([9, 0x0403_0201]);
  expect(memory.tree()).toBe(memory.tree({ flat: false }));
  expect(memory.tree()).toMatch(/^address-space: memory\n/);
  // What can be read but not written tells the default of `hostOffset`.
  memory.protect(0, 0x1000, "r--");
  expect(memory.hostOffset(0, 4)).toBe(memory.hostOffset(0, 4, "read"));
  expect(memory.hostOffset(0, 4)).toBeTypeOf("number");
  expect(memory.hostOffset(0, 4, "write")).toBeUndefined();
  expect(typeof memory.lastAddress).toBe("number");
  using bus = memory.space([]);
  expect(bus.tree()).toMatch(/^address-space: memory\n/);
  expect(() => memory.watch(0, 1, {}, () => {})).toThrow(TypeError);
});

test("insertRegion and removeRegion return their region, also where it is disabled, or others hide it", async () => {
  for (const addresses of ["number", "bigint"] as const) {
    using memory = await GuestMemory.create([], { addresses });
    const at = (address: number) => (addresses === "bigint" ? BigInt(address) : address);
    const ram = memory.map({ kind: "ram", start: 0x1000, size: 0x2000 });
    const place = { start: at(0x1000), size: 0x2000, lastAddress: at(0x2fff) };
    ram.disable();
    const disabled = memory.removeRegion(0x1000, 0x2000);
    expect(disabled).toMatchObject(place);
    expect(disabled.mapped).toBe(undefined);
    memory.map({ kind: "rom", start: 0x1000, size: 0x1000, priority: 1 });
    expect(memory.insertRegion(0x1000, 0x2000)).toMatchObject(place);
    expect(memory.removeRegion(0x1000, 0x2000)).toMatchObject(place);
    expect(memory.regions.map(({ start, size }) => [start, size])).toEqual([[at(0x1000), 0x1000]]);
  }
});
