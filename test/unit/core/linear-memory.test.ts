// The initial linear memory: small guests fit in it without growth, so no typed array of the process becomes slower.
import { expect, test, vi } from "vitest";

const MIB = 1 << 20;

/** The library on a linear memory of its own. */
async function fresh() {
  vi.resetModules();
  const { GuestMemory } = await import("../../../ts/index.ts");
  const first = await GuestMemory.fromRanges([[0x800, 0x2000]]);
  const { buffer } = first.wasmMemory;
  return { GuestMemory, first, buffer, view: first.view(0x800, 16) };
}

test("a guest of 16 MiB, its banks, ROM, external memory, watches and clients do not make linear memory grow", async () => {
  const { GuestMemory, first, buffer, view } = await fresh();
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0, size: 16 * MIB },
    { kind: "rom", name: "BIOS", start: 0xfff0_0000, size: MIB },
    { kind: "external", start: 0xe000_0000, source: new ArrayBuffer(MIB) },
  ]);
  memory.reserve(2 * MIB);
  memory.insertRegion(0x1000_0000, 2 * MIB);
  for (let count = 0; count < 7; count++) memory.dirty.client(`client ${count}`);
  for (let page = 0; page < 2000; page++) memory.watch(page * 4096, 1, { write: true }, () => {});
  memory.fill(0, 1, 16 * MIB);
  memory.view(0, 4096);
  expect(memory.indexOf(Uint8Array.of(2, 3), 0, 16 * MIB)).toBe(-1);
  expect(memory.wasmMemory.buffer).toBe(buffer);
  expect(view.length).toBe(16);
  expect([first.viewGeneration, memory.viewGeneration]).toEqual([0, 0]);
});

test("guests get bytes of their own, which are zero", async () => {
  const { GuestMemory, buffer } = await fresh();
  const sizes = [5 * MIB + 1, 3, MIB - 1, 7 * MIB, 0x1_0000];
  const guests = sizes.map((size, index) => {
    const guest = GuestMemory.fromRangesSync([[0x123, size]]);
    expect(Buffer.from(guest.view(0x123, size)).equals(Buffer.alloc(size))).toBe(true);
    guest.fill(0x123, index + 1, size);
    return { guest, size, index };
  });
  for (const { guest, size, index } of guests) {
    expect(Buffer.from(guest.view(0x123, size)).equals(Buffer.alloc(size, index + 1))).toBe(true);
  }
  expect(guests[0]?.guest.wasmMemory.buffer).toBe(buffer);
});

test("a guest that is larger takes along what is left, and growth is the rest", async () => {
  const { GuestMemory, first, buffer, view } = await fresh();
  const bytes = buffer.byteLength;
  const large = GuestMemory.fromRangesSync([[0, bytes]]);
  const grown = large.wasmMemory.buffer.byteLength;
  expect(view.length).toBe(0);
  expect(first.viewGeneration).toBe(1);
  // The static data, eight page tables and a little heap were in use: less than 36 MiB.
  expect(grown - bytes).toBeGreaterThan(33 * MIB);
  expect(grown - bytes).toBeLessThan(36 * MIB);
  large.writeUint32(bytes - 4, 7);
  expect(large.readUint32(bytes - 4)).toBe(7);
  expect(Buffer.from(large.view(0, bytes - 4)).equals(Buffer.alloc(bytes - 4))).toBe(true);
});

test("where somebody else has made linear memory grow, what came by that stays theirs", async () => {
  const { GuestMemory, first, buffer } = await fresh();
  const bytes = buffer.byteLength;
  const { wasmMemory } = first;
  wasmMemory.grow(1);
  new Uint8Array(wasmMemory.buffer, bytes, 0x1_0000).fill(0xa5);
  // As large as what is left, larger, and small again.
  for (const size of [bytes, 2 * MIB, 2 * bytes, 4096]) {
    const guest = GuestMemory.fromRangesSync([[0, size]]);
    expect(Buffer.from(guest.view(0, size)).equals(Buffer.alloc(size))).toBe(true);
    guest.fill(0, 0xff, size);
  }
  const theirs = Buffer.from(wasmMemory.buffer, bytes, 0x1_0000);
  expect(theirs.equals(Buffer.alloc(0x1_0000, 0xa5))).toBe(true);
});
