// Footprints: machines and regions that come and go need no more linear memory than the most of them alive at once.
import { expect, test } from "vitest";
import type { MappedRegion } from "../../ts/index.ts";
import { bytesOf, freshLibrary, isZero, MIB, PAGE, random, rawBytes, soil, soilThrough } from "./machines.ts";

test("1,000 machines of 64 MiB, one after another, need no more than two, and each begins with zeroes", async () => {
  const { GuestMemory, before: initial } = await freshLibrary();
  const size = 64 * MIB;
  const before = bytesOf(GuestMemory.fromRangesSync([[0, initial]])); // who has all that is free at first
  const [first, second] = [GuestMemory.fromRangesSync([[0, size]]), GuestMemory.fromRangesSync([[0, size]])];
  const limit = bytesOf(first);
  // All but what a Wasm page, 64 KiB, may have had free.
  expect(limit - before).toBeGreaterThanOrEqual(2 * size - 0x1_0000);
  first.dispose();
  second.dispose();

  const next = random(1);
  const kept: Uint8Array[] = [];
  for (let count = 0; count < 1000; count++) {
    const memory = GuestMemory.fromRangesSync([[0, size]]);
    if (count % 20 === 1) expect(isZero(rawBytes(memory, size)), `machine ${count}`).toBe(true);
    soil(memory, size, next, kept);
    memory.dispose();
    soilThrough(kept);
    expect(bytesOf(memory)).toBeLessThanOrEqual(limit);
  }
});

test("machines and regions that cannot be made leave nothing behind", async () => {
  const { GuestMemory } = await freshLibrary();
  const memory = GuestMemory.fromRangesSync([[0, PAGE]]);
  const attempts = (size: number) => [
    () => GuestMemory.fromRangesSync([[0, size]]),
    () => GuestMemory.fromRangesSync([[0, 16 * MIB]], { reserve: size }),
    () => memory.insertRegion(2 ** 32, size),
    () =>
      GuestMemory.fromRangesSync([
        [0, 16 * MIB],
        [2 ** 40, size],
      ]),
  ];
  const attemptAll = () => {
    for (const attempt of [...attempts(2 ** 32 - 1), ...attempts(2 ** 33)]) {
      expect(attempt).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    }
  };
  attemptAll();
  const once = bytesOf(memory);
  for (let count = 0; count < 100; count++) attemptAll();
  expect(bytesOf(memory)).toBe(once);
});

test("regions that come and go in any order need no more than the most there were, and merge into one again", async () => {
  const { GuestMemory } = await freshLibrary();
  const memory = GuestMemory.fromRangesSync([[0, PAGE]]);
  const indices = Array.from({ length: 16 }, (_, index) => index + 1);
  const [start, size] = [(index: number) => index * 2 ** 24 + index, (index: number) => 5 * MIB + index];
  const churn = () => {
    for (const index of indices) memory.insertRegion(start(index), size(index));
    memory.fill(start(1), 0xff, size(1));
    for (const parity of [0, 1]) {
      for (const index of indices.filter((index) => index % 2 === parity))
        memory.removeRegion(start(index), size(index));
    }
  };
  churn();
  const once = bytesOf(memory);
  for (let count = 0; count < 200; count++) churn();
  expect(bytesOf(memory)).toBe(once);
  memory.insertRegion(2 ** 24, 16 * 5 * MIB);
  expect(bytesOf(memory)).toBe(once);
  expect(memory.compare(2 ** 24, 2 ** 24 + 40 * MIB, 40 * MIB)).toBe(0);
  expect(memory.readUint8(2 ** 24)).toBe(0);
});

test("where linear memory is full, a region that finds no room is refused, and the memory goes on working", async () => {
  const { GuestMemory } = await freshLibrary();
  using memory = GuestMemory.fromRangesSync([[0, 0x1000]]);
  for (let size = 2 ** 31; size >= 0x1000; ) {
    try {
      memory.insertRegion((memory.lastAddress as number) + 1, size);
    } catch {
      size /= 2;
    }
  }
  const map = (index: number) =>
    memory.map({ kind: "reserved", name: "x".repeat(index % 64), start: 2 ** 41 + index * 0x2000, size: 0x1000 });
  let count = 0;
  const fill = () => {
    for (; count < 20_000; count++) map(count);
  };
  expect(fill).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
  expect(count).toBeGreaterThan(0);
  const mapped = memory.mapped.length;
  memory.writeSlice(0x10, Uint8Array.of(1, 2, 3));
  memory.transaction(() => {
    for (const region of memory.mapped.slice(-64)) region.disable();
  });
  memory.protect(0, 0x1000, "r--");
  expect([memory.mapped.at(-1)?.enabled, memory.readUint16(0x10)]).toEqual([false, 0x0201]);
  memory.unmap(memory.mapped.at(-1) as MappedRegion);
  expect(memory.mapped.length).toBe(mapped - 1);
});
