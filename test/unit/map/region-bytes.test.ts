// The bytes of one region by their offsets: hidden banks, ROM, discarded and external bytes, and what is told of a write.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";

const board: RegionSpec[] = [
  { kind: "ram", name: "bank 0", start: 0x8001, size: 0x2800, contents: counting(0x2800) },
  { kind: "ram", name: "bank 1", start: 0x8001, size: 0x2800, enabled: false },
  { kind: "rom", name: "ROM", start: 0x1_0000, size: 0x1000 },
  { kind: "romDevice", name: "flash", start: 0x2_0000, size: 0x1000, device: { write8: () => {} } },
  { kind: "mmio", name: "UART", start: 0x3_0000, size: 0x100, device: { read8: () => 1 } },
  { kind: "reserved", name: "hole", start: 0x4_0000, size: 0x1000 },
  { kind: "alias", name: "mirror", start: 0x5_0000, of: "bank 0", offset: 0x800, size: 0x1000 },
  { kind: "external", name: "shared", start: 0x6_0000, source: new SharedArrayBuffer(0x1000) },
];

const regionOf = (memory: GuestMemory, name: string) => memory.region(name) as MappedRegion;

function bytesOf(region: MappedRegion, offset: number, length: number): number[] {
  const into = new Uint8Array(length);
  region.read(offset, into);
  return [...into];
}

test.each(["bank 0", "bank 1", "ROM", "flash", "mirror", "shared"])("%s is written, filled and read", async (name) => {
  using memory = await GuestMemory.create(board);
  memory.protect(0x1_0000, 0x1000, "---");
  const region = regionOf(memory, name);
  const { mapGeneration } = memory;
  region.fill(1, 0x1aa, 0xfff);
  region.write(0xff0, counting(8, 0x40));
  expect(bytesOf(region, 0xfee, 12)).toEqual([0xaa, 0xaa, ...counting(8, 0x40), 0xaa, 0xaa]);
  expect(region.view(0xff0, 4)).toEqual(counting(4, 0x40));
  region.view(0xff1, 1)[0] = 9;
  expect(bytesOf(region, 0xff0, 2)).toEqual([0x40, 9]);
  region.write(region.size, new Uint8Array(0));
  region.read(0, new Uint8Array(0));
  expect(memory.mapGeneration).toBe(mapGeneration);
  const { start } = region;
  if (region.enabled && name !== "ROM") expect(memory.readUint8(start + 0xff1)).toBe(9);
});

test("a write marks pages, springs traps and tells listeners, in every space of the machine", async () => {
  using memory = await GuestMemory.create(board);
  const mirror = regionOf(memory, "mirror");
  using bus = memory.space([{ kind: "alias", start: 0x100, of: mirror, size: 0x10 }]);
  using client = memory.dirty.client("state");
  const told: unknown[] = [];
  memory.trapWrites(0x8801, 16, (address, length) => told.push(["trap", address, length]), { exact: true });
  memory.watch(0x8801, 16, { write: true }, () => told.push("watch"));
  memory.onHostWrite = (address, length) => told.push(["memory", address, length]);
  bus.onHostWrite = (address, length) => told.push(["bus", address, length]);
  regionOf(memory, "bank 0").write(0x804, Uint8Array.of(1, 2));
  expect(told.splice(0)).toEqual([
    ["trap", 0x8801, 0x10],
    ["memory", 0x8805, 2],
    ["memory", 0x5_0004, 2],
    ["bus", 0x104, 2],
  ]);
  expect(client.collect()).toEqual([[0x8001, 0xfff]]);
  const hidden = regionOf(memory, "bank 1");
  hidden.fill(0, 7, 1);
  expect([told, client.collect(hidden, 0, hidden.size)]).toEqual([[], [[0, 0xfff]]]);
});

test("an access may be made in the callback of another", async () => {
  using memory = await GuestMemory.create(board);
  const [zero, one] = [regionOf(memory, "bank 0"), regionOf(memory, "bank 1")];
  memory.onHostWrite = () => {
    if (bytesOf(one, 0, 1)[0] === 0) one.fill(0, bytesOf(zero, 0, 1)[0] as number, 4);
  };
  zero.write(0, Uint8Array.of(5, 6));
  expect(bytesOf(one, 0, 5)).toEqual([5, 5, 5, 5, 0]);
});

test("discarded bytes read 0 and come back", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x8_0000]]);
  const region = memory.mapped[0] as MappedRegion;
  region.fill(0, 1, 0x8_0000);
  memory.discard(0x2_0000, 0x4_0000);
  expect([bytesOf(region, 0x1_ffff, 2), bytesOf(region, 0x5_ffff, 2)]).toEqual([
    [1, 0],
    [0, 1],
  ]);
  region.write(0x3_0000, Uint8Array.of(3));
  expect([memory.readUint8(0x3_0000), memory.readUint8(0x3_0001)]).toEqual([3, 0]);
});

test("what is refused changes nothing, and says why", async () => {
  using memory = await GuestMemory.create(board);
  const bank = regionOf(memory, "bank 1");
  expect(() => bank.write(0x27ff, new Uint8Array(2))).toThrow(
    new RangeError('write of 2 bytes from byte 10239 on: the region "bank 1" has 10240 bytes'),
  );
  expect(() => bank.view(2n ** 64n - 1n, 1)).toThrow(RangeError);
  expect(() => bank.fill(-1, 0, 1)).toThrow(RangeError);
  expect(() => bank.fill(0, "1" as unknown as number, 1)).toThrow(TypeError);
  expect(() => bank.read(0, [] as unknown as Uint8Array)).toThrow(TypeError);
  expect(() => bank.write("0" as unknown as number, new Uint8Array(1))).toThrow(TypeError);
  for (const name of ["UART", "hole"]) {
    const error = expectCode(() => regionOf(memory, name).read(0, new Uint8Array(1)), "NOT_MEMORY");
    expect(error.message).toContain(`the region "${name}" of kind`);
  }
  memory.unmap(bank);
  expectCode(() => bank.read(0, new Uint8Array(1)), "NO_MEMORY_REGION");
  memory.dispose();
  expectCode(() => bank.read(0, new Uint8Array(1)), "DISPOSED");
});

test("the window of a machine goes with its last memory", async () => {
  const slots = async () => {
    const three = await Promise.all([1, 2, 3].map(() => GuestMemory.create([])));
    for (const one of three) one.dispose();
    return three.map(({ handle }) => handle & 0xf_ffff);
  };
  const before = await slots();
  const memory = await GuestMemory.create(board);
  const bus = memory.space([{ kind: "alias", start: 0, of: regionOf(memory, "ROM") }]);
  const rom = regionOf(memory, "ROM");
  rom.write(0, Uint8Array.of(1));
  memory.dispose();
  expect(bus.readUint8(0)).toBe(1);
  bus.dispose();
  expect(await slots()).toEqual(before);
  using next = await GuestMemory.create(board);
  expect(bytesOf(regionOf(next, "ROM"), 0, 1)).toEqual([0]);
});
