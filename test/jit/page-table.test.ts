// Emitted code against the facade, situation by situation: each memory has a twin that only the facade writes.
import { afterEach, describe, expect, test, vi } from "vitest";
import { type DirtyClient, GuestMemory } from "../../ts/index.ts";
import { Emitted, read, type Size, sizes, write } from "./emit.ts";

const made: GuestMemory[] = [];
afterEach(() => {
  for (const memory of made.splice(0)) memory.dispose();
});

interface Twins {
  memory: GuestMemory;
  twin: GuestMemory;
  emitted: Emitted;
  clients: [DirtyClient, DirtyClient];
}

/** A memory with code emitted for it, and its twin. */
async function twins(...ranges: [number, number][]): Promise<Twins> {
  const memory = await GuestMemory.fromRanges(ranges);
  const twin = await GuestMemory.fromRanges(ranges);
  made.push(memory, twin);
  return { memory, twin, emitted: new Emitted(memory), clients: [memory.dirty.client("a"), twin.dirty.client("b")] };
}

/** Stores and loads at an address on both sides; everything that can be seen afterwards is the same. */
function bothWays({ memory, twin, emitted, clients }: Twins, address: number, size: Size): void {
  const value = size === 8 ? 0x8877_6655_c4b3_a291n : 0xc4b3_a291 % 2 ** (size * 8);
  emitted.store(address, size, value);
  write(twin, address, size, value);
  const seen = emitted.load(address, size);
  expect(seen).toBe(value);
  expect(seen).toBe(read(twin, address, size));
  expect(read(memory, address, size)).toBe(value);
  const [ours, theirs] = clients.map((client) => client.collect());
  expect(ours).toEqual(theirs);
  expect(ours).not.toEqual([]);
}

describe.each(sizes)("%i bytes", (size) => {
  test("inside a page: no call, at any alignment", async () => {
    const both = await twins([0x0, 0x4000]);
    for (const address of [0x1000, 0x1001, 0x1003, 0x1ffd - size, 0x2000 - size, 0x0, 0x4000 - size]) {
      bothWays(both, address, size);
    }
    expect(both.emitted.callouts).toBe(0);
  });

  test("in pages where a region begins or ends: a call, and memory", async () => {
    const both = await twins([0x800, 0x1000], [0x1800, 0x900]);
    for (const address of [0x800, 0xfff - size, 0x1000, 0x1800 - size, 0x1800, 0x20ff - size]) {
      bothWays(both, address, size);
    }
    expect(both.emitted.callouts).toBe(12);
  });

  test("in a hole: the facade's error passes through", async () => {
    const { emitted, clients } = await twins([0x0, 0x1800]);
    for (const address of [0x1800, 0x2000, 0x8000_0000, 0xffff_f000]) {
      const error = expect.objectContaining({ code: "INVALID_GUEST_ADDRESS", address, length: size });
      expect(() => emitted.load(address, size)).toThrow(error);
      expect(() => emitted.store(address, size, size === 8 ? 1n : 1)).toThrow(error);
    }
    expect(emitted.callouts).toBe(8);
    expect(clients[0].collect()).toEqual([]);
  });

  test("in a hole that onUnmapped serves", async () => {
    const { memory, emitted } = await twins([0x0, 0x1000]);
    const written = vi.fn();
    const value = size === 8 ? 0xf1f2_f3f4_f5f6_f7f8n : 0xf5f6_f7f8 % 2 ** (size * 8);
    memory.onUnmapped = { read: (_, bytes) => (bytes === size ? value : undefined), write: written };
    expect(emitted.load(0x9001, size)).toBe(value);
    emitted.store(0xffff_fff0, size, value);
    expect(written.mock.calls).toEqual([[0xffff_fff0, size, value]]);
    expect(emitted.callouts).toBe(2);
  });

  test("at the last addresses that have an entry", async () => {
    const both = await twins([0xffff_e000, 0x4000]);
    bothWays(both, 2 ** 32 - size, size);
    bothWays(both, 0xffff_e000, size);
    expect(both.emitted.callouts).toBe(0);
  });
});

describe.each(sizes.filter((size) => size > 1))("%i bytes", (size) => {
  test("across two pages, in one region and from one into the next: a call", async () => {
    const both = await twins([0x0, 0x2000], [0x2000, 0x2000]);
    both.memory.removeRegion(0x0, 0x2000);
    both.memory.insertRegion(0x0, 0x2000); // its pages do not lie before those of the other any more
    for (const end of [0x1000, 0x2000, 0x3000]) {
      for (let before = 1; before < size; before++) bothWays(both, end - before, size);
    }
    expect(both.emitted.callouts).toBe(2 * 3 * (size - 1));
  });

  test("from the last page that has an entry into the first that has none: a call", async () => {
    const both = await twins([0xffff_e000, 0x4000]);
    bothWays(both, 2 ** 32 - 1, size);
    expect(both.emitted.callouts).toBe(2);
  });

  test("from memory into a hole: the facade's error passes through, and nothing is written", async () => {
    const { memory, emitted, clients } = await twins([0x0, 0x1800]);
    const address = 0x1801 - size;
    const error = expect.objectContaining({ code: "PARTIAL_BUFFER", address, length: size });
    expect(() => emitted.load(address, size)).toThrow(error);
    expect(() => emitted.store(address, size, size === 8 ? -1n : -1)).toThrow(error);
    expect(memory.indexOf(Uint8Array.of(0xff), 0, 0x1800)).toBe(-1);
    expect(clients[0].collect()).toEqual([]);
  });
});

test("host offsets past 2 GiB are unsigned", async () => {
  const memory = await GuestMemory.fromRanges([[0x0, 0x9000_0000]]);
  made.push(memory);
  const emitted = new Emitted(memory);
  const client = memory.dirty.client("display");
  const address = 0x8fff_f123;
  expect(memory.hostOffset(address, 4)).toBeGreaterThan(2 ** 31);
  emitted.store(address, 4, 0x1234_5678);
  expect(emitted.load(address, 4)).toBe(0x1234_5678);
  expect(memory.readUint32(address)).toBe(0x1234_5678);
  expect(client.collect()).toEqual([[0x8fff_f000, 0x1000]]);
  expect(emitted.callouts).toBe(0);
});
