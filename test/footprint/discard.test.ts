// The purpose of discard: another memory can use the pages, without growth and without a trace of their old bytes.
import { expect, test } from "vitest";
import { thrownBy } from "../unit/support.ts";
import { bytesOf, freshLibrary, isZero, MIB, PAGE, random, rawBytes, soil, soilThrough } from "./machines.ts";

test("a second machine has the pages of the first, which has others when it writes", async () => {
  const { GuestMemory } = await freshLibrary();
  const size = 64 * MIB;
  const first = GuestMemory.fromRangesSync([[0, size]]);
  const kept: Uint8Array[] = [];
  soil(first, size, random(1), kept);
  first.fill(0, 0xff, size);
  first.discard(0, size);
  expect(kept.every(({ length }) => length === 0)).toBe(true);
  const before = bytesOf(first);
  const second = GuestMemory.fromRangesSync([[0, size - 8 * MIB]]);
  expect(bytesOf(second) - before).toBeLessThan(6 * MIB); // its page table, where the zone for these is not there yet
  const grown = bytesOf(second);
  const third = GuestMemory.fromRangesSync([[0, PAGE]]);
  expect(isZero(rawBytes(second, size - 8 * MIB))).toBe(true);
  soilThrough(kept);
  second.fill(0, 0x11, size - 8 * MIB);
  expect(isZero(first.readBytes(0, size))).toBe(true);
  for (let address = 0; address < 4 * MIB; address += 0x4_0000) first.writeUint32(address + 0x1234, address);
  for (let address = 0; address < 4 * MIB; address += 0x4_0000)
    expect(first.readUint32(address + 0x1234)).toBe(address);
  expect(second.readBytes(0, size - 8 * MIB).every((byte) => byte === 0x11)).toBe(true);
  expect(bytesOf(second)).toBe(grown);
  for (const memory of [first, second, third]) memory.dispose();
});

test("views end where pages are given back, also without growth, and where none are they live", async () => {
  const { GuestMemory } = await freshLibrary();
  const memory = GuestMemory.fromRangesSync([[0, MIB]]);
  memory.discard(0, MIB); // whatever grows at the first time
  const views = [memory.view(0, 0x1_0000), memory.view(0x1_0000, 0x1_0000)];
  const before = bytesOf(memory);
  memory.discard(0x800, PAGE); // no page as a whole
  expect(views.map(({ length }) => length)).toEqual([0x1_0000, 0x1_0000]);
  memory.discard(0, PAGE);
  expect(views.map(({ length }) => length)).toEqual([0, 0]);
  expect(bytesOf(memory)).toBe(before);
  memory.dispose();
});

test("machines one after the other, each discarded and not disposed, need the pages of one", async () => {
  const { GuestMemory } = await freshLibrary();
  const size = 256 * MIB;
  const make = () => GuestMemory.fromRangesSync([[0, size]]);
  const first = make();
  const machines = [first];
  first.discard(0, size);
  const start = bytesOf(first);
  for (let round = 0; round < 5; round++) {
    const before = bytesOf(first);
    const next = make();
    expect(bytesOf(first)).toBe(before);
    for (const address of [0, size / 2, size - PAGE]) next.fill(address, 1, PAGE);
    next.discard(0, size);
    machines.push(next);
  }
  expect(bytesOf(first) - start).toBeLessThan(5 * MIB); // blocks and ranges: some hundred bytes for each 256 KiB
  expect(machines.every((machine) => isZero(machine.readBytes(size / 2, MIB)))).toBe(true);
  for (const machine of machines) machine.dispose();
});

test("a balloon that gives back and takes page by page needs no more memory than at first", async () => {
  const { GuestMemory } = await freshLibrary();
  const [size, next] = [8 * MIB, random(3)];
  const memory = GuestMemory.fromRangesSync([[0, size]]);
  memory.fill(0, 0xff, size);
  memory.discard(0, PAGE); // makes the zeros
  let most = 0;
  for (let round = 0; round < 3_000; round++) {
    const page = next(size / PAGE) * PAGE;
    if (round % 2) memory.writeUint8(page, round);
    else memory.discard(page, PAGE * Math.min(1 + next(64), (size - page) / PAGE));
    if (round === 1_000) most = bytesOf(memory);
  }
  expect(bytesOf(memory)).toBeLessThanOrEqual(most + MIB);
  expect(memory.regions.length).toBe(1);
  memory.discard(0, size);
  const after = bytesOf(memory);
  const other = GuestMemory.fromRangesSync([[0, size - MIB]]);
  expect(bytesOf(other)).toBe(after);
  expect(isZero(rawBytes(other, size - MIB))).toBe(true);
  memory.dispose();
  other.dispose();
});

test("a write for which there are no pages fails as a whole, and a read does not", async () => {
  const { GuestMemory } = await freshLibrary();
  const gib = 1024 * MIB;
  const memory = GuestMemory.fromRangesSync([[0, gib]]);
  memory.discard(PAGE, gib - PAGE);
  let others: ReturnType<typeof GuestMemory.fromRangesSync> | undefined;
  // All that is left, in smaller and smaller pieces.
  for (let size = 2 * gib; size >= PAGE; size /= 2) {
    try {
      for (;;) {
        if (others) others.insertRegion((others.lastAddress ?? 0) + 1, size);
        else others = GuestMemory.fromRangesSync([[0, size]]);
      }
    } catch (error) {
      expect(error).toHaveProperty("code", "OUT_OF_MEMORY");
    }
  }
  expect(isZero(memory.readBytes(0, 4 * MIB))).toBe(true);
  const [address, bytes] = [PAGE - 4, new Uint8Array(8).fill(9)];
  const place = { address, length: 8 };
  // The class is that of the fresh library.
  const refused = (act: () => unknown, where: object) =>
    expect(thrownBy(act)).toMatchObject({ name: "GuestMemoryError", code: "OUT_OF_MEMORY", ...where });
  for (const act of [
    () => memory.writeBigUint64(address, 1n),
    () => memory.write(address, bytes),
    () => memory.writeSlice(address, bytes),
    () => memory.poke(address, bytes),
    () => memory.fill(address, 9, 8),
    () => memory.dma(address, 8, "write").write(0, bytes),
  ]) {
    refused(act, place);
  }
  refused(() => memory.copyWithin(address, 0, 8), place);
  refused(() => memory.view(PAGE, 8), { address: PAGE, length: 8 });
  refused(() => memory.views(address, 8), place);
  refused(() => memory.store32(PAGE, 1), { address: PAGE, length: 4 });
  expect(isZero(memory.readBytes(0, 4 * MIB))).toBe(true);
  others?.dispose();
  memory.writeBigUint64(address, 1n << 63n);
  expect(memory.readBigUint64(address)).toBe(1n << 63n);
  memory.dispose();
});
