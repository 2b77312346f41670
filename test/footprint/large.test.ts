// Large guests: one region of 3 GiB, and regions of a gigabyte side by side.
import { expect, test, vi } from "vitest";
import { type GuestMemory, init } from "../../ts/index.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** A memory that has a linear memory to itself. */
async function alone(ranges: [number, number][]): Promise<GuestMemory> {
  vi.resetModules();
  const { GuestMemory } = await import("../../ts/index.ts");
  return GuestMemory.fromRanges(ranges);
}

test("one region of 3 GiB: scalars, fill, copies across 2 GiB, search, views", async () => {
  await init();
  const size = 3 * GIB;
  const memory = await alone([[0, size]]);
  const client = memory.dirty.client("watch");

  // Scalars on both sides of 1, 2 and 3 GiB, on the fast path, over page ends, and as bigints.
  const places = [GIB, 2 * GIB, size].flatMap((at) => [
    at - 4096,
    at - 9,
    at - 8,
    ...(at < size ? [at - 4, at - 1, at, at + 1] : []),
  ]);
  for (const [index, at] of places.entries()) {
    memory.writeBigUint64(at, BigInt(index) * 0x0101_0101_0101_0101n);
    expect(memory.readBigUint64(BigInt(at))).toBe(BigInt(index) * 0x0101_0101_0101_0101n);
    memory.writeUint32BE(at, 0xfedc_ba98);
    expect([memory.readUint8(at), memory.readUint16BE(at), memory.readInt32BE(at)]).toEqual([
      0xfe,
      0xfedc,
      0xfedc_ba98 | 0,
    ]);
    memory.writeFloat32(at, 1.5);
    expect(memory.readFloat32(at)).toBe(1.5);
  }
  memory.writeUint16(2 * GIB - 1, 0x0201);
  expect([memory.readUint8(2 * GIB - 1), memory.readUint8(2 * GIB)]).toEqual([1, 2]);
  memory.store32(2 * GIB, 5);
  expect([memory.add32(2 * GIB, 0xffff_ffff), memory.load32(2 * GIB), memory.exchange64(size - 8, 7n) >= 0n]).toEqual([
    5,
    4,
    true,
  ]);
  expect(() => memory.readUint16(size - 1)).toThrow(expect.objectContaining({ code: "PARTIAL_BUFFER" }));
  expect(() => memory.readUint8(size)).toThrow(expect.objectContaining({ code: "INVALID_GUEST_ADDRESS" }));

  // Slices far apart and far into the region, each where the one before left what is remembered, then by that.
  for (const at of [5, 2 * GIB + 3, GIB - 2, size - 8, 2 * GIB - 1, GIB + 1, 5]) {
    for (const value of [1, 2]) {
      memory.writeSlice(at, Uint8Array.of(value, at >>> 24, 0x77));
      expect([memory.readUint8(at), memory.readUint8(at + 1), memory.readUint8(at + 2)]).toEqual([
        value,
        at >>> 24,
        0x77,
      ]);
      const bytes = new Uint8Array(3);
      memory.readSlice(at, bytes);
      expect(bytes).toEqual(Uint8Array.of(value, at >>> 24, 0x77));
    }
  }
  expect(() => memory.writeSlice(size - 2, new Uint8Array(3))).toThrow(
    expect.objectContaining({ code: "PARTIAL_BUFFER" }),
  );

  // Fill across 2 GiB, and only there.
  const start = 2 * GIB - 8 * MIB;
  memory.fill(start - 4096, 0, 24 * MIB);
  client.collect();
  memory.fill(start, 0xab, 16 * MIB);
  expect(client.collect()).toEqual([[start, 16 * MIB]]);
  expect([
    memory.readUint8(start - 1),
    memory.readUint8(start),
    memory.readUint8(start + 16 * MIB - 1),
    memory.readUint8(start + 16 * MIB),
  ]).toEqual([0, 0xab, 0xab, 0]);

  // Copies: across 2 GiB, overlapping either way, and from below to above.
  const pattern = Uint8Array.from({ length: 5 * MIB }, (_, index) => index ^ (index >> 8) ^ (index >> 16));
  memory.writeSlice(2 * GIB - 2 * MIB - 3, pattern);
  memory.copyWithin(2 * GIB - 2 * MIB + 5, 2 * GIB - 2 * MIB - 3, pattern.length);
  expect(Buffer.compare(memory.readBytes(2 * GIB - 2 * MIB + 5, pattern.length), pattern)).toBe(0);
  memory.copyWithin(2 * GIB - 2 * MIB - 9, 2 * GIB - 2 * MIB + 5, pattern.length);
  expect(memory.compare(2 * GIB - 2 * MIB - 9, 2 * GIB - 2 * MIB - 9, pattern.length)).toBe(0);
  memory.copyWithin(0x1001, 2 * GIB - 2 * MIB - 9, pattern.length);
  memory.copyWithin(size - pattern.length, 0x1001, pattern.length);
  expect(Buffer.compare(memory.readBytes(size - pattern.length, pattern.length), pattern)).toBe(0);
  expect(memory.compare(size - pattern.length, 0x1001, pattern.length)).toBe(0);

  // Search through all of it: what is found lies behind 2 GiB, across it, and nowhere.
  const needle = new TextEncoder().encode("a needle in three gibibytes");
  memory.writeSlice(size - needle.length, needle);
  expect(memory.indexOf(needle, 0, size)).toBe(size - needle.length);
  memory.writeSlice(2 * GIB - 7, needle);
  expect(memory.indexOf(needle, 0, size)).toBe(2 * GIB - 7);
  expect(memory.indexOf(needle, 1, 2 * GIB - 8 + needle.length)).toBe(2 * GIB - 7);
  expect(memory.indexOf(needle, 1, 2 * GIB - 9 + needle.length)).toBe(-1);
  expect(memory.indexOf(needle, 2 * GIB - 6, GIB - needle.length)).toBe(-1);

  // Views: of all, and past 2 GiB.
  expect(memory.view(0, size).length).toBe(size);
  expect(memory.views(0, size).map((view) => view.length)).toEqual([size]);
  const view = memory.view(2 * GIB + 100, 4096);
  view.fill(0x77);
  expect(memory.readUint32(2 * GIB + 100)).toBe(0x7777_7777);
  memory.markDirty(2 * GIB + 100, 4096);
  expect(memory.view(size - 1, 1)[0]).toBe(needle.at(-1));
  expect(new Uint8Array(memory.wasmMemory.buffer)[memory.hostOffset(2 * GIB + 100, 4096, "read") ?? -1]).toBe(0x77);
  expect(
    client.collect().some(([address, length]) => address <= 2 * GIB + 100 && 2 * GIB + 4196 <= address + length),
  ).toBe(true);
  memory.dispose();
});

test("adjacent regions of whole gigabytes are two views, though their bytes touch", async () => {
  const memory = await alone([
    [0, GIB],
    [GIB, 0x1000],
  ]);
  expect(memory.views(0, GIB + 0x1000).map((view) => view.length)).toEqual([GIB, 0x1000]);
  expect(memory.views(GIB - 1, 2).map((view) => view.length)).toEqual([1, 1]);
  memory.writeUint32(GIB - 2, 0x0403_0201);
  expect(memory.readUint16(GIB)).toBe(0x0403);
});

test("a slice of more than 2 GiB moves whole, over a boundary past 2 GiB", async () => {
  const first = 2 * GIB + 0x1234;
  const memory = await alone([
    [0x10, first],
    [0x10 + first, MIB],
  ]);
  memory.fill(first, 0x5a, 64);
  const views = memory.views(0x10, first + MIB);
  expect(views.map((view) => view.length)).toEqual([first, MIB]);
  expect([views[0]?.at(-1), views[1]?.[0]]).toEqual([0x5a, 0x5a]);
  expect(() => memory.fill(0x10, 1, first + MIB + 1)).toThrow(expect.objectContaining({ code: "PARTIAL_BUFFER" }));
  expect(memory.readUint8(0x10)).toBe(0);
  expect(memory.checkRange(0x10, first + MIB)).toBe(true);
});
