// Sections of pages: what the facade remembers of a page that the page table does not serve is what the core says now.
import { expect, test, vi } from "vitest";
import { type Device, GuestMemory, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";

const PAGE = 0x1000;

/** A device that tells its name and the offset, and keeps what is written. */
function device(name: number) {
  const written: string[] = [];
  const made: Device = {
    read8: (offset) => (name << 4) | offset,
    read32: (offset) => (name << 16) | offset,
    write8: (offset, value) => void written.push(`${offset}=${value}`),
    write32: (offset, value) => void written.push(`${offset}=${value}`),
  };
  return { ...made, written };
}

/** 2 KiB of RAM, three mirrors, as an NES has them. */
function nes(): RegionSpec[] {
  const mirrors = [1, 2, 3].map((at) => ({ kind: "alias", start: at * 0x800, of: "ram" }) as const);
  return [{ kind: "ram", name: "ram", start: 0, size: 0x800 }, ...mirrors];
}

test("devices that share a page: each gets its accesses, at its offsets", async () => {
  const devices = Array.from({ length: 16 }, (_, index) => device(index));
  using memory = await GuestMemory.create(
    devices.map((made, index) => ({ kind: "mmio", start: 0x5000 + index * 0x100, size: 0x100, device: made })),
  );
  for (let round = 0; round < 2; round++) {
    for (const [index, { written }] of devices.entries()) {
      const at = 0x5000 + index * 0x100;
      expect(memory.readUint32(at + 8)).toBe((index << 16) | 8);
      expect(memory.readInt8(at + 3) & 0xff).toBe(((index << 4) | 3) & 0xff);
      expect(memory.fetchUint8(at + 3)).toBe((index << 4) | 3);
      memory.writeUint32(at + 0xfc, -1);
      memory.writeUint8(at + 1, 0x102);
      memory.writeFloat32(at, 0);
      expect(written.splice(0)).toEqual(["252=4294967295", "1=2", "0=0"]);
    }
  }
});

test("devices of one byte and of three, beside RAM: every boundary counts", async () => {
  const [one, three] = [device(1), device(3)];
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x20, contents: counting(0x20) },
    { kind: "mmio", start: 0x20, size: 1, device: one },
    { kind: "mmio", start: 0x21, size: 3, device: three },
    { kind: "ram", start: 0x24, size: 0x20, contents: counting(0x20) },
  ]);
  for (let round = 0; round < 2; round++) {
    const bytes = Array.from({ length: 6 }, (_, at) => memory.readUint8(0x1f + at));
    expect(bytes).toEqual([0x20, 0x10, 0x30, 0x31, 0x32, 1]);
    expect(memory.readUint32(0x1e)).toBe(0x3010_201f);
    memory.writeUint32(0x1e, 0x0403_0201);
    expect([one.written.splice(0), three.written.splice(0)]).toEqual([["0=3"], ["0=4"]]);
    expect(memory.readUint16(0x1e)).toBe(0x0201);
    memory.writeUint16(0x1e, 0x201f);
    expectCode(() => memory.readUint16(0x43), "PARTIAL_BUFFER", { address: 0x43, length: 2 });
    expectCode(() => memory.writeUint16(0x43, 1), "PARTIAL_BUFFER", { address: 0x43, length: 2 });
    expect(memory.readUint8(0x43)).toBe(0x20);
  }
});

test("RAM of 2 KiB and its mirrors: every accessor, and the dirty page", async () => {
  using memory = await GuestMemory.create(nes());
  const client = memory.dirty.client("test");
  for (let round = 0; round < 2; round++) {
    memory.writeUint8(0x1801, 0x1ff);
    memory.writeUint16(0x0802, 0x1_ffee);
    memory.writeUint32(0x1004, -2);
    memory.writeFloat64BE(0x1808, 0.5);
    memory.writeBigUint128(0x0810, 2n ** 127n);
    memory.writeInt16BE(0x1020, -2);
    expect(memory.readUint8(1)).toBe(0xff);
    expect(memory.readUint16(0x1002)).toBe(0xffee);
    expect([memory.readUint32(4), memory.readInt32(0x804)]).toEqual([0xffff_fffe, -2]);
    expect(memory.readFloat64BE(0x808)).toBe(0.5);
    expect(memory.readBigUint128(0x1010)).toBe(2n ** 127n);
    expect([memory.readInt16BE(0x820), memory.fetchUint16(0x821)]).toEqual([-2, 0x00fe]);
    expect(memory.readUint32(0x0ffe)).toBe((memory.readUint16(0x7fe) | (memory.readUint16(0) << 16)) >>> 0);
    expect(client.collect().length).toBeGreaterThan(0);
    memory.writeUint8(0x1fff, round);
    expect(client.collect()).not.toEqual([]);
    expect(client.collect()).toEqual([]);
  }
});

test("an access over two host pages marks both", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "ram", start: 0x1_0000, size: 2 * PAGE },
    { kind: "alias", start: 0, of: "ram", offset: 0x800, size: 0x1000 }, // byte 0x800 of the page is the second page's
  ]);
  const client = memory.dirty.client("test");
  const narrow = () => memory.writeUint32(0x7fe, -1);
  for (const write of [narrow, narrow, () => memory.writeBigUint64(0x7fc, 2n ** 64n - 1n)]) {
    write();
    const ranges = client.collect().filter(([start]) => start >= 0x1_0000);
    expect(ranges).toEqual([[0x1_0000, 2 * PAGE]]);
  }
  expect(memory.readBigUint64(0x1_0ffc)).toBe(2n ** 64n - 1n);
});

test("every change of the map counts at the next access", async () => {
  const found = device(7);
  using memory = await GuestMemory.create([...nes(), { kind: "rom", name: "rom", start: 0x8000, size: 0x800 }]);
  memory.onUnmapped = { read: () => 0xee, write: () => {} };
  const read = () => memory.readUint8(0x1801);
  const write = (value: number) => memory.writeUint8(0x1801, value);
  write(1);
  expect(read()).toBe(1);
  const over = memory.map({ kind: "mmio", start: 0x1800, size: 0x100, device: found, priority: 1 });
  expect(read()).toBe(0x71);
  write(2);
  expect(found.written).toEqual(["1=2"]);
  over.disable();
  expect(read()).toBe(1);
  over.enable();
  over.move(0x1000);
  expect([read(), memory.readUint8(0x1001)]).toEqual([1, 0x71]);
  memory.unmap(over);
  expect(memory.readUint8(0x1001)).toBe(1);
  memory.protect(0x1000, PAGE, "r--");
  expectCode(() => write(3), "PERMISSION_DENIED", { address: 0x1801, length: 1 });
  memory.protect(0x1000, PAGE, "rwx");
  write(3);
  expect(memory.readUint8(1)).toBe(3);
  const seen: unknown[] = [];
  const watch = memory.watch(0x1801, 1, { read: true, write: true }, ({ kind, value }) => void seen.push(kind, value));
  write(4);
  read();
  expect(seen.splice(0)).toEqual(["write", 4, "read", 4]);
  watch.dispose();
  write(5);
  expect([seen, read()]).toEqual([[], 5]);
  for (const mirror of memory.mapped.filter(({ start }) => start === 0x1800)) memory.unmap(mirror);
  expect(read()).toBe(0xee);
  const kept = memory.readUint8;
  memory.readUint8(1);
  memory.dispose();
  expectCode(() => kept(1), "DISPOSED");
  expectCode(() => read(), "DISPOSED");
});

test("a change counts for registers of a few bytes, too", async () => {
  const found = device(7);
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x10 }]);
  const over = memory.map({ kind: "mmio", start: 0x20, size: 8, device: found });
  for (let round = 0; round < 3; round++) {
    expect([memory.readUint8(0x21), memory.readUint32(0x24)]).toEqual([0x71, 0x7_0004]);
    memory.writeUint32(0x24, round);
    expect(found.written.splice(0)).toEqual([`4=${round}`]);
    over.disable();
    expectCode(() => memory.readUint8(0x21), "INVALID_GUEST_ADDRESS", { address: 0x21, length: 1 });
    expectCode(() => memory.writeUint32(0x24, 1), "INVALID_GUEST_ADDRESS", { address: 0x24, length: 4 });
    over.enable();
  }
});

test("a transaction that is undone is forgotten, too", async () => {
  using memory = await GuestMemory.create(nes());
  memory.writeUint8(1, 9);
  const undone = () =>
    memory.transaction(() => {
      for (const mirror of memory.mapped.slice(1)) memory.unmap(mirror);
      memory.map({ kind: "mmio", start: 0x800, size: 4, device: device(1), priority: 1 });
      memory.readUint8(0x801);
      throw new Error("undone");
    });
  expect(undone).toThrow("undone");
  expect([memory.readUint8(1), memory.readUint8(0x801)]).toEqual([9, 9]);
});

test("discarded RAM beside a device reads 0, and its first write takes a page", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "ram", start: 0, size: 0x3800 },
    { kind: "mmio", start: 0x3800, size: 0x800, device: device(1) },
    { kind: "alias", start: 0x8000, of: "ram", offset: 0x800, size: 0x1000 },
  ]);
  for (let round = 1; round < 4; round++) {
    memory.writeUint8(0x8801, round);
    memory.writeUint8(0x1002, round + 1);
    expect([memory.readUint8(0x8801), memory.readUint8(0x8802)]).toEqual([round, round + 1]);
    memory.discard(0, 0x3000);
    expect([memory.readUint8(0x8801), memory.readUint8(0x8802), memory.readUint8(0x1001)]).toEqual([0, 0, 0]);
  }
});

test("a watch sees its bytes alone, each kind of access, and an access that overlaps them", async () => {
  using memory = await GuestMemory.create([...nes(), { kind: "ram", start: 0x8000, size: 2 * PAGE }]);
  for (const base of [0x1800, 0x8000]) {
    const seen: string[] = [];
    using _watch = memory.watch(base + 0x40, 4, { write: true }, ({ address, size }) => {
      seen.push(`${address - base}+${size}`);
    });
    using _other = memory.watch(base + 0x46, 1, { read: true }, () => void seen.push("read"));
    for (let round = 0; round < 2; round++) {
      for (const [at, sees] of [
        [0x3c, 0],
        [0x3d, 1],
        [0x40, 1],
        [0x43, 1],
        [0x44, 0],
        [0x7fc, 0],
        [0, 0],
      ] as const) {
        memory.writeUint32(base + at, round);
        expect([at, seen.splice(0)]).toEqual([at, sees ? [`${at}+4`] : []]);
        memory.writeInt32BE(base + at, round);
        expect([at, seen.splice(0).length]).toEqual([at, sees]);
      }
      expect([memory.readUint8(base + 0x45), memory.readUint8(base + 0x47)]).toEqual([0, round]);
      expect(seen).toEqual([]);
      memory.readUint16(base + 0x45);
      expect(seen.splice(0)).toEqual(["read"]);
    }
  }
});

test("a watch over a hole sees what a handler serves", async () => {
  using memory = await GuestMemory.create([{ kind: "rom", start: 0, size: 0x100 }]);
  memory.onUnmapped = { read: () => 1, write: () => {} };
  memory.onDenied = { write: () => {} };
  memory.readUint8(0x200);
  memory.writeUint8(0x10, 1);
  const seen: unknown[] = [];
  memory.watch(0x210, 1, { read: true, write: true }, ({ kind }) => void seen.push(kind));
  memory.watch(0x11, 1, { write: true }, ({ kind }) => void seen.push(`denied ${kind}`));
  for (let round = 0; round < 2; round++) {
    memory.readUint8(0x20f);
    memory.writeUint8(0x211, 1);
    memory.writeUint8(0x10, 1);
    expect(seen).toEqual([]);
    memory.readUint8(0x210);
    memory.writeUint16(0x20f, 1);
    memory.writeUint8(0x11, 1);
    expect(seen.splice(0)).toEqual(["read", "write", "denied write"]);
  }
});

test("handlers for holes and refusals are those of the moment", async () => {
  using memory = await GuestMemory.create([{ kind: "rom", start: 0, size: 0x100 }]);
  const got: unknown[] = [];
  memory.onDenied = { write: (...args) => void got.push(...args) };
  memory.writeUint32(4, -1);
  memory.writeUint32(8, 1);
  expect(got.splice(0)).toEqual([4, 4, 0xffff_ffff, 8, 4, 1]);
  memory.onDenied = { read: () => 1 };
  expectCode(() => memory.writeUint32(4, 1), "READ_ONLY", { address: 4, length: 4 });
  for (const [given, expected] of [
    [0x1ff, 0xff],
    [-1, 0xff],
    [2.9, 2],
    [Number.NaN, 0],
    [0x1_0000_0103n, 3],
  ] as const) {
    memory.onUnmapped = { read: () => given };
    expect([memory.readUint8(0x400), memory.readUint8(0x400)]).toEqual([expected, expected]);
  }
  memory.onUnmapped = { read: () => undefined };
  expectCode(() => memory.readUint8(0x400), "INVALID_GUEST_ADDRESS", { address: 0x400, length: 1 });
  memory.onUnmapped = { read: () => "1" as never };
  expect(thrownBy(() => memory.readUint8(0x400))).toBeInstanceOf(TypeError);
  memory.onUnmapped = undefined;
  expectCode(() => memory.writeUint8(0x400, 1), "INVALID_GUEST_ADDRESS", { address: 0x400, length: 1 });
});

test("addresses from 4 GiB on, up to the last number; no number but an address", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0xffff_f000, size: 0x3000 },
    { kind: "ram", start: 2 ** 53 - PAGE, size: PAGE },
    { kind: "mmio", start: 2 ** 40, size: 0x100, device: device(5) },
  ]);
  for (let round = 0; round < 2; round++) {
    for (const at of [0x1_0000_0000, 0x1_0000_1ffc, 2 ** 53 - 4]) {
      memory.writeUint32(at, at % 1000);
      expect([memory.readUint32(at), memory.readUint32(BigInt(at)), memory.readInt32BE(at)]).toEqual([
        at % 1000,
        at % 1000,
        new DataView(Uint32Array.of(at % 1000).buffer).getInt32(0, false),
      ]);
    }
    memory.writeUint32(0xffff_fffe, 0x0403_0201);
    expect([memory.readUint16(0xffff_fffe), memory.readUint16(0x1_0000_0000)]).toEqual([0x0201, 0x0403]);
    expect(memory.readUint32(2 ** 40 + 4)).toBe(0x5_0004);
    for (const wrong of [0x1_0000_0000 + 0.5, 2 ** 53, -1, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 40)]) {
      expect(thrownBy(() => memory.readUint8(wrong))).toBeInstanceOf(RangeError);
    }
    for (const wrong of [-1n, 2n ** 64n]) expect(thrownBy(() => memory.readUint8(wrong))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.readUint8("0x100000000" as never))).toBeInstanceOf(TypeError);
    expectCode(() => memory.readUint8(2n ** 53n + 1n), "INVALID_GUEST_ADDRESS", { address: 2n ** 53n + 1n, length: 1 });
    expectCode(() => memory.readUint8(0x2_0000_0000), "INVALID_GUEST_ADDRESS", { address: 0x2_0000_0000, length: 1 });
  }
});

test("a memory with bigint addresses gives its handlers bigints", async () => {
  using memory = await GuestMemory.create([{ kind: "rom", start: 0x8000, size: 0x100 }], { addresses: "bigint" });
  const got: unknown[] = [];
  memory.onUnmapped = { read: (address) => got.push(address), write: (address) => void got.push(address) };
  memory.onDenied = { write: (address) => void got.push(address) };
  for (let round = 0; round < 2; round++) {
    memory.readUint8(0x1_0000_0000);
    memory.writeUint8(0x400n, 1);
    memory.writeUint8(0x8000, 1);
    expect(got.splice(0)).toEqual([0x1_0000_0000n, 0x400n, 0x8000n]);
  }
});

test("a listener that runs while a page is learned does not change the value that is stored", async () => {
  using owner = await GuestMemory.fromRanges([[0, 4 * PAGE]]);
  using memory = owner.space([
    { kind: "alias", start: 0, size: 0x800, of: owner.mapped[0] as MappedRegion },
    { kind: "alias", start: 0x8000, of: owner.mapped[0] as MappedRegion },
  ]);
  memory.writeUint8(0x100, 1);
  const heard = vi.fn(() => memory.writeBigUint64(0x200, 2n ** 64n - 1n));
  memory.events.addEventListener("mapchanged", heard);
  owner.discard(2 * PAGE, PAGE); // changes the map of both, and tells only the owner's listeners at once
  expect(heard).not.toHaveBeenCalled();
  memory.writeFloat32(0x104, 1.5);
  expect([heard.mock.calls.length, memory.readFloat32(0x104)]).toEqual([1, 1.5]);
});

test("a page of more devices than are remembered, and more pages than are remembered", async () => {
  const read8 = vi.fn((offset: number) => offset);
  using memory = await GuestMemory.create(
    Array.from({ length: 300 }, (_, at) => ({ kind: "mmio", start: at * 4, size: 4, device: { read8 } }) as const),
  );
  for (const at of [0, 255, 256, 299, 0]) expect([at, memory.readUint8(at * 4 + 3)]).toEqual([at, 3]);
  expect(thrownBy(() => memory.readUint8(1200))).toBeInstanceOf(Error);
  memory.onUnmapped = { read: (address) => address };
  for (let page = 1; page < 20_000; page += 7) {
    expect(memory.readUint32(page * PAGE)).toBe(page * PAGE);
    expect(memory.readUint32(2 ** 45 + page * 2 ** 24)).toBe((page * 2 ** 24) >>> 0);
  }
});

test("an access over two pages: every width, both dirty marks, and nothing written unless both pages allow it", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "b", start: 0x1000, size: PAGE }, // the pages are not adjacent in linear memory
    { kind: "ram", name: "a", start: 0, size: PAGE },
    { kind: "ram", start: 0xffff_f000, size: PAGE },
    { kind: "ram", start: 0x1_0000_0000, size: 2 * PAGE },
    { kind: "rom", start: 0x2000, size: PAGE, contents: counting(PAGE) },
  ]);
  const client = memory.dirty.client("test");
  for (const boundary of [0x1000, 0x1_0000_0000, 0x1_0000_1000]) {
    for (let round = 0; round < 3; round++) {
      for (let before = 1; before < 4; before++) {
        const at = boundary - before;
        const value = 0x8491_a2b3 + round;
        memory.writeUint32(at, value);
        expect(client.collect()).toEqual(boundary === 0x1000 ? [[0, 2 * PAGE]] : [[boundary - PAGE, 2 * PAGE]]);
        expect([memory.readUint32(at), memory.readInt32(at)]).toEqual([value, value | 0]);
        const bytes = [0, 1, 2, 3].map((index) => memory.readUint8(at + index));
        expect(bytes).toEqual([0xb3 + round, 0xa2, 0x91, 0x84]);
        expect([memory.fetchUint32(at), memory.readUint32(BigInt(at))]).toEqual([value, value]);
      }
      memory.writeUint16(boundary - 1, 0x1_8002 + round);
      expect(memory.readUint16(boundary - 1)).toBe(0x8002 + round);
      expect([memory.readUint8(boundary - 1), memory.readUint8(boundary)]).toEqual([2 + round, 0x80]);
      expect(client.collect()).toHaveLength(1);
      memory.writeBigUint128(boundary - 5, (0x0102_0304n << 96n) | BigInt(round));
      expect(memory.readBigUint128(boundary - 5)).toBe((0x0102_0304n << 96n) | BigInt(round));
      memory.writeFloat64BE(boundary - 3, round + 0.5);
      expect(memory.readFloat64BE(boundary - 3)).toBe(round + 0.5);
      expect(client.collect()).toHaveLength(1);
    }
  }
  expect(memory.readUint32(0x1ffe)).toBe(0x0201_0000);
  memory.writeUint16(0x1ffe, 0x5555);
  client.collect();
  for (const write of [() => memory.writeUint32(0x1ffe, 1), () => memory.writeUint16(0x1fff, 1)]) {
    expect((thrownBy(write) as { code?: string }).code).toBe("READ_ONLY");
  }
  memory.protect(0x1000, PAGE, "-w-");
  expectCode(() => memory.readUint32(0xffe), "PERMISSION_DENIED", { address: 0xffe, length: 4 });
  expectCode(() => memory.readUint16(0xfff), "PERMISSION_DENIED", { address: 0xfff, length: 2 });
  memory.protect(0x1000, PAGE, "rw-");
  expect([memory.readUint16(0x1ffe), client.collect()]).toEqual([0x5555, []]);
  const seen: unknown[] = [];
  memory.watch(0x1000, 1, { read: true, write: true }, ({ kind, value }) => void seen.push(kind, value));
  memory.writeUint32(0xffe, 7);
  memory.readUint16(0xfff);
  expect(seen).toEqual(["write", 7, "read", 0]);
});
