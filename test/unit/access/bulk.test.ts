// Bulk: arrays in and out of guest memory, whole or partial, fill, copy, compare, search.
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryError } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched } from "../support.ts";

/** Two regions that touch at 0x2000, a hole from 0x2800, one more region of 16 bytes at 0x4000. */
const layout = () =>
  GuestMemory.fromRanges([
    [0x1000, 0x1000],
    [0x2000, 0x800],
    [0x4000, 16],
  ]);

test("write and read stop at a hole and say how far they came", async () => {
  using memory = await layout();
  const bytes = counting(0x20);
  expect(memory.write(0x1ff0, bytes)).toBe(0x20); // across two regions
  expect(memory.write(0x27f8, bytes)).toBe(8);
  expect(memory.readBytes(0x27f8, 8)).toEqual(bytes.slice(0, 8));
  const into = new Uint8Array(0x20).fill(0xee);
  expect(memory.read(0x27f8, into)).toBe(8);
  expect(into).toEqual(Uint8Array.of(...bytes.slice(0, 8), ...new Uint8Array(0x18).fill(0xee)));
  expect(memory.read(0x1ff0, into)).toBe(0x20);
  expect(into).toEqual(bytes);
});

test("where nothing is at the start, partial reads and writes are errors too", async () => {
  using memory = await layout();
  const into = new Uint8Array(4).fill(7);
  expectUntouched(memory, () => {
    for (const address of [0, 0xfff, 0x2800, 0x4010, 2 ** 40, 2n ** 63n]) {
      expectCode(() => memory.write(address, into), "INVALID_GUEST_ADDRESS", { address, length: 4 });
      expectCode(() => memory.read(address, into), "INVALID_GUEST_ADDRESS", { address, length: 4 });
    }
  });
  expect(into).toEqual(new Uint8Array(4).fill(7));
});

test("slices move whole or not at all", async () => {
  using memory = await layout();
  const bytes = counting(0x1800);
  memory.writeSlice(0x1000, bytes);
  const into = new Uint8Array(0x1800);
  memory.readSlice(0x1000, into);
  expect(into).toEqual(bytes);
  const longer = new Uint8Array(0x801).fill(9);
  expectUntouched(memory, () => {
    const place = { address: 0x2000, length: 0x801 };
    expectCode(() => memory.writeSlice(0x2000, longer), "PARTIAL_BUFFER", place);
    expectCode(() => memory.readSlice(0x2000, longer), "PARTIAL_BUFFER", place);
    expectCode(() => memory.readBytes(0x2000, 0x801), "PARTIAL_BUFFER", place);
  });
  expect(longer.every((byte) => byte === 9)).toBe(true);
});

test("readBytes is a copy", async () => {
  using memory = await layout();
  const bytes = memory.readBytes(0x1ffe, 4);
  bytes.fill(9);
  expect(memory.readUint32(0x1ffe)).toBe(0);
  expect(bytes.buffer.byteLength).toBe(4);
  expectCode(() => memory.readBytes(0x1000, 2n ** 64n - 1n), "PARTIAL_BUFFER", {
    address: 0x1000,
    length: 2n ** 64n - 1n,
  });
});

test("what is on the other side of a write is left alone", async () => {
  using memory = await layout();
  memory.fill(0x1000, 0x11, 0x1800);
  for (const [address, length] of [
    [0x1001, 1],
    [0x1ffe, 4],
    [0x27ff, 1],
    [0x1000, 0x1800],
    [0x17ff, 0x802],
  ] as const) {
    const before = memory.readBytes(0x1000, 0x1800);
    memory.write(address, new Uint8Array(length).fill(0x22));
    before.fill(0x22, address - 0x1000, address - 0x1000 + length);
    expect(memory.readBytes(0x1000, 0x1800)).toEqual(before);
    memory.fill(address, 0x111, length); // its low eight bits
    expect(memory.readBytes(0x1000, 0x1800).every((byte) => byte === 0x11)).toBe(true);
  }
});

test("copyWithin is right for every overlap, also across regions", async () => {
  using memory = await layout();
  const model = counting(0x1800).map((byte, index) => byte ^ (index >> 8));
  for (const [to, from, length] of [
    [0, 1, 0x17ff],
    [1, 0, 0x17ff],
    [0xff0, 0xff8, 0x20],
    [0xff8, 0xff0, 0x20],
    [0, 0x1000, 0x800],
    [0x1000, 0, 0x800],
    [0x800, 0x7f0, 0x1000],
    [5, 5, 9],
  ] as const) {
    memory.writeSlice(0x1000, model);
    const expected = model.slice().copyWithin(to, from, from + length);
    memory.copyWithin(0x1000 + to, 0x1000 + from, length);
    expect(memory.readBytes(0x1000, 0x1800)).toEqual(expected);
  }
});

test("copies into or out of a hole change nothing, and the source is judged first", async () => {
  using memory = await layout();
  memory.fill(0x1000, 1, 0x1000);
  expectUntouched(memory, () => {
    expectCode(() => memory.copyWithin(0x1000, 0x2000, 0x801), "PARTIAL_BUFFER", { address: 0x2000, length: 0x801 });
    expectCode(() => memory.copyWithin(0x2000, 0x1000, 0x801), "PARTIAL_BUFFER", { address: 0x2000, length: 0x801 });
    expectCode(() => memory.copyWithin(0x9000, 0x8000, 1), "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 1 });
  });
});

test("copyFrom takes bytes from another memory, whatever its addresses", async () => {
  using memory = await layout();
  using other = await GuestMemory.fromRanges([[2n ** 63n, 0x3000]], { addresses: "bigint" });
  const bytes = counting(0x1800, 3);
  other.writeSlice(2n ** 63n + 5n, bytes);
  using client = memory.dirty.client("target");
  memory.copyFrom(0x1000, other, 2n ** 63n + 5n, 0x1800);
  expect(memory.readBytes(0x1000, 0x1800)).toEqual(bytes);
  expect(client.collect()).toEqual([[0x1000, 0x1800]]);
  expectUntouched(memory, () => {
    const source = { address: 2n ** 63n + 0x2fffn, length: 2 };
    expectCode(() => memory.copyFrom(0x1000, other, source.address, 2), "PARTIAL_BUFFER", source);
    expectCode(() => memory.copyFrom(0x27ff, other, 2n ** 63n, 2), "PARTIAL_BUFFER", { address: 0x27ff, length: 2 });
  });
});

test("compare is Buffer.compare's, byte by byte and unsigned", async () => {
  using memory = await layout();
  expect(memory.compare(0x1000, 0x2000, 0x800)).toBe(0);
  memory.writeUint8(0x17ff, 0x80);
  expect(memory.compare(0x1000, 0x2000, 0x800)).toBe(1);
  expect(memory.compare(0x2000, 0x1000, 0x800)).toBe(-1);
  expect(memory.compare(0x1000, 0x2000, 0x7ff)).toBe(0);
  memory.writeUint8(0x27fe, 1);
  expect(memory.compare(0x1000, 0x2000, 0x800)).toBe(-1);
  expect(memory.compare(0x1800, 0x1800, 0x1000)).toBe(0);
  expectCode(() => memory.compare(0x1000, 0x2000, 0x801), "PARTIAL_BUFFER", { address: 0x2000, length: 0x801 });
  expectCode(() => memory.compare(0x2000, 0, 0x801), "PARTIAL_BUFFER", { address: 0x2000, length: 0x801 });
});

test("indexOf finds the first place, over boundaries, and needles longer than a page", async () => {
  using memory = await layout();
  const needle = counting(9);
  memory.writeSlice(0x1ffc, needle);
  memory.writeSlice(0x2700, needle);
  expect(memory.indexOf(needle, 0x1000, 0x1800)).toBe(0x1ffc);
  expect(memory.indexOf(needle, 0x1ffc, 9)).toBe(0x1ffc);
  expect(memory.indexOf(needle, 0x1ffc, 8)).toBe(-1);
  expect(memory.indexOf(needle, 0x1ffd, 0x800)).toBe(0x2700);
  expect(memory.indexOf(needle, 0x2701, 0xff)).toBe(-1);
  const long = counting(0x1200).map((byte, index) => byte * 31 + (index >> 7));
  memory.writeSlice(0x1234, long);
  expect(memory.indexOf(long, 0x1000, 0x1800)).toBe(0x1234);
  expect(memory.indexOf(long, 0x1234, 0x1200)).toBe(0x1234);
  expect(memory.indexOf(long, 0x1234, 0x11ff)).toBe(-1);
  long[0x11ff] = (long[0x11ff] ?? 0) ^ 1;
  expect(memory.indexOf(long, 0x1000, 0x1800)).toBe(-1);
  expect(memory.indexOf(new Uint8Array(0x1801), 0x1000, 0x1800)).toBe(-1);
});

test("indexOf: what almost matches does not hide what does", async () => {
  using memory = await layout();
  memory.fill(0x1000, 0xaa, 0x1800);
  const needle = new Uint8Array(0x1100).fill(0xaa);
  needle[0x10ff] = 0xbb;
  memory.writeUint8(0x2500, 0xbb);
  expect(memory.indexOf(needle, 0x1000, 0x1800)).toBe(0x2500 - 0x10ff);
});

test("no bytes are found at the address, and a hole is an error", async () => {
  using memory = await layout();
  expect(memory.indexOf(new Uint8Array(0), 0x1234, 5)).toBe(0x1234);
  expect(memory.indexOf(new Uint8Array(0), 0x9999, 0)).toBe(0x9999);
  expect(memory.indexOf(counting(1), 0x1234, 0)).toBe(-1);
  expectCode(() => memory.indexOf(new Uint8Array(0), 0x2000, 0x801), "PARTIAL_BUFFER", {
    address: 0x2000,
    length: 0x801,
  });
  using wide = await GuestMemory.fromRanges([[2n ** 60n, 64]], { addresses: "bigint" });
  expect(wide.indexOf(counting(1), 2n ** 60n, 64)).toBe(-1n);
  wide.writeUint8(2n ** 60n + 63n, 1);
  expect(wide.indexOf(counting(1), 2n ** 60n, 64)).toBe(2n ** 60n + 63n);
});

test("a range that begins below 2^53 and ends above is not rounded into the region", async () => {
  using memory = await GuestMemory.fromRanges([[2 ** 53 - 0x1000, 0x1000]]);
  expect(memory.write(2 ** 53 - 8, counting(8))).toBe(8); // the region of the last access from here on
  for (const length of [3, 4, 5]) {
    const place = { address: 2 ** 53 - 2, length };
    expectCode(() => memory.readSlice(place.address, new Uint8Array(length)), "PARTIAL_BUFFER", place);
    expectCode(() => memory.writeSlice(place.address, new Uint8Array(length)), "PARTIAL_BUFFER", place);
    expect(memory.read(place.address, new Uint8Array(length))).toBe(2);
    expect(memory.write(place.address, new Uint8Array(length))).toBe(2);
  }
});

test("partial transfers stop at 2^64 without an error", async () => {
  using memory = await GuestMemory.fromRanges([[2n ** 64n - 4n, 4]], { addresses: "bigint" });
  const [at, bytes] = [2n ** 64n - 3n, counting(8)];
  expect(memory.write(at, bytes)).toBe(3);
  expect(memory.read(at, new Uint8Array(8))).toBe(3);
  expectCode(() => memory.writeSlice(at, bytes), "GUEST_ADDRESS_OVERFLOW", { address: at, length: 8 });
  expect(memory.readBytes(2n ** 64n - 4n, 4)).toEqual(Uint8Array.of(0, 1, 2, 3));
});

test("the message of a bulk error names start, length and the first byte that is not there", async () => {
  using memory = await layout();
  try {
    memory.writeSlice(0x1ff0, new Uint8Array(0x1000));
    expect.unreachable();
  } catch (error) {
    expect((error as GuestMemoryError).message).toMatch(/writeSlice.*0x1ff0.*4096 bytes.*0x2800/);
  }
});

test("a slice one byte longer than what is left of a region that was just used stops at its end", async () => {
  // The second lies right behind the first in linear memory, and elsewhere in the guest's.
  using memory = await GuestMemory.fromRanges([
    [0, 0x1000],
    [0x8000, 0x1000],
  ]);
  memory.fill(0x8000, 0x77, 0x1000);
  const into = new Uint8Array(4);
  for (let round = 0; round < 3; round++) {
    memory.writeSlice(0xffc, Uint8Array.of(1, 2, 3, 4));
    memory.readSlice(0xffc, into);
    expect(() => memory.readSlice(0xffd, into)).toThrow(expect.objectContaining({ code: "PARTIAL_BUFFER" }));
    expect(() => memory.writeSlice(0xffd, into)).toThrow(expect.objectContaining({ code: "PARTIAL_BUFFER" }));
    expect([memory.read(0xffd, into), memory.write(0xffd, Uint8Array.of(5, 6, 7, 8))]).toEqual([3, 3]);
  }
  expect(memory.indexOf(Uint8Array.of(8), 0x8000, 0x1000)).toBe(-1);
});
