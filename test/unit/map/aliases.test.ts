// Aliases that show other bytes: by offset and by region, in siblings, in transactions, and refused.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { expectCode, thrownBy } from "../support.ts";

/** 4 KiB banks, each filled with its number. */
const banks = (count: number, first: number) =>
  Uint8Array.from({ length: count * 0x1000 }, (_, index) => first + Math.floor(index / 0x1000));

const board: RegionSpec[] = [
  { kind: "rom", name: "ROM", start: 0x10_0000, size: 0x4000, contents: banks(4, 10) },
  { kind: "ram", name: "RAM", start: 0x20_0000, size: 0x2000, contents: banks(2, 20) },
  { kind: "alias", name: "window", start: 0x8000, of: "ROM", size: 0x1000 },
  { kind: "alias", name: "upper half", start: 0xf800, of: "window", offset: 0x800, size: 0x800 },
];

const regionOf = (memory: GuestMemory, name: string) => memory.region(name) as MappedRegion;

test("a mapper switches banks, and puts RAM where ROM was", async () => {
  using memory = await GuestMemory.create(board);
  const window = regionOf(memory, "window");
  const changes: number[] = [];
  memory.events.addEventListener("mapchanged", () => changes.push(memory.peek(0x8000, 1).bytes[0] as number));
  const seen = () => [memory.readUint8(0x8000), memory.readUint8(0xffff), window.target?.name, window.offset];
  expect(seen()).toEqual([10, 10, "ROM", 0]);
  window.offset = 0x3000;
  expect(seen()).toEqual([13, 13, "ROM", 0x3000]);
  expectCode(() => memory.writeUint8(0x8000, 1), "READ_ONLY", { address: 0x8000, length: 1 });
  window.show("RAM", 0x1000);
  memory.writeUint8(0x8001, 99);
  expect([...seen(), memory.readUint8(0x20_1001)]).toEqual([21, 21, "RAM", 0x1000, 99]);
  window.show(regionOf(memory, "ROM"));
  expect(seen()).toEqual([10, 10, "ROM", 0]);
  window.offset = 0; // the same
  expect(changes).toEqual([13, 21, 10]);
  expect(window.toJSON()).toMatchObject({ of: "ROM", offset: 0 });
  window.offset = 0xfffn;
  expect([memory.readUint8(0x8000), memory.readUint16(0x8000), window.offset]).toEqual([10, 0x0b0a, 0xfff]);
  memory.unmap(window);
  expect([window.target?.name, window.offset, regionOf(memory, "ROM").offset]).toEqual(["ROM", 0xfff, undefined]);
});

test("siblings follow, and bytes are what a trap and a dirty client go by", async () => {
  using memory = await GuestMemory.create(board);
  using dma = memory.space([{ kind: "alias", name: "DMA window", start: 0, of: regionOf(memory, "window") }]);
  const window = regionOf(memory, "window");
  window.show("RAM");
  expect([dma.readUint8(0), dma.region("DMA window")?.target]).toEqual([20, window]);
  using client = memory.dirty.client("bank");
  const sprung: string[] = [];
  memory.trapWrites(0x8000, 0x1000, () => sprung.push("no change since"));
  dma.writeUint8(0x10, 1);
  expect(sprung.splice(0)).toEqual(["no change since"]);
  client.collect();
  memory.trapWrites(0x8000, 0x1000, () => sprung.push("bank 0"));
  window.offset = 0x1000;
  dma.writeUint8(0x10, 1); // bank 1, at the address that the trap was set at
  expect([sprung, client.collect()]).toEqual([[], [[0x8000, 0x1000]]]);
  window.offset = 0;
  expect(client.collect()).toEqual([]);
  dma.writeUint8(0x10, 1);
  expect(sprung).toEqual(["bank 0"]);
});

test("an alias shows devices, external memory, addresses past 2^53", async () => {
  using memory = await GuestMemory.create(
    [
      { kind: "mmio", name: "UART", start: 1n << 60n, size: 0x100, device: { read8: (offset) => offset } },
      { kind: "external", name: "shared", start: 1n << 61n, source: new ArrayBuffer(0x1000) },
      { kind: "alias", name: "window", start: 0x8000, of: "UART", size: 0x10 },
    ],
    { addresses: "bigint" },
  );
  const window = memory.region("window") as MappedRegion<bigint>;
  window.offset = 0x80n;
  expect(memory.readUint8(0x8005)).toBe(0x85);
  window.show("shared", 0xff0);
  memory.writeUint8(0x8000, 7);
  expect([memory.readUint8((1n << 61n) + 0xff0n), window.offset]).toEqual([7, 0xff0]);
});

test("a transaction shows all or nothing, and the regions that it has shown are as before", async () => {
  using memory = await GuestMemory.create(board);
  const [window, half, ram] = ["window", "upper half", "RAM"].map((name) => regionOf(memory, name)) as [
    MappedRegion,
    MappedRegion,
    MappedRegion,
  ];
  const failing = () =>
    memory.transaction(() => {
      const spare = memory.map({ kind: "ram", name: "spare", start: 0x30_0000, size: 0x1000 });
      window.show(spare);
      half.show("RAM", 0x1000);
      expect([window.target, half.target, memory.readUint8(0x8000)]).toEqual([spare, ram, 10]);
      memory.unmap("ROM");
      throw new Error("no");
    });
  expect(failing).toThrow("no");
  expect([window.target?.name, half.target, half.offset]).toEqual(["ROM", window, 0x800]);
  expect([memory.readUint8(0x8000), memory.readUint8(0xf800), memory.region("spare")]).toEqual([10, 10, undefined]);
  // What the alias shows again is known, and what it has left for good is forgotten.
  memory.unmap("ROM");
  window.offset = 0x1000;
  expect([window.target?.name, memory.readUint8(0xf800)]).toEqual(["ROM", 11]);
  const rom = window.target as MappedRegion;
  const undone = () =>
    memory.transaction(() => {
      window.show(ram);
      throw new Error("no");
    });
  expect(undone).toThrow("no");
  expect(window.target).toBe(rom); // though no map has it, and for a moment no alias did
  memory.transaction(() => window.show(ram));
  expect(memory.readUint8(0xf800)).toBe(20);
  expectCode(() => window.show(rom), "NO_MEMORY_REGION");
});

test("a region stays known while an alias shows it, whichever alias that is", async () => {
  using memory = await GuestMemory.create(board);
  const window = regionOf(memory, "window");
  const half = regionOf(memory, "upper half");
  const device = memory.map({ kind: "mmio", name: "I/O", start: 0x40_0000, size: 0x1000, device: { read8: () => 5 } });
  half.show(device);
  window.show(device);
  memory.unmap(device);
  memory.unmap(half);
  memory.unmap("RAM");
  expect(memory.readUint8(0x8000)).toBe(5);
});

test("what is refused changes nothing, and says why", async () => {
  using memory = await GuestMemory.create(board);
  const window = regionOf(memory, "window");
  const ram = regionOf(memory, "RAM");
  using other = await GuestMemory.create(board);
  const generation = memory.mapGeneration;
  expectCode(() => window.show(window), "INVALID_ALIAS");
  expectCode(() => window.show("upper half"), "INVALID_ALIAS");
  expectCode(() => window.show("nothing"), "NO_MEMORY_REGION");
  expectCode(() => window.show(regionOf(other, "RAM")), "NO_MEMORY_REGION");
  const set = (offset: unknown) => thrownBy(() => Object.assign(window, { offset }));
  expect(set(-1)).toBeInstanceOf(RangeError);
  expect(set("0")).toBeInstanceOf(TypeError);
  expect(set(1n << 64n)).toBeInstanceOf(RangeError);
  expectCode(() => Object.assign(window, { offset: 0x3001 }), "INVALID_ALIAS");
  expect(() => ram.show(ram)).toThrow(new TypeError('show: the region "RAM" is of kind ram, not an alias'));
  expect(() => window.show(5 as unknown as string)).toThrow(TypeError);
  expect([window.target?.name, window.offset, memory.mapGeneration]).toEqual(["ROM", 0, generation]);
  memory.unmap(window);
  expectCode(() => window.show(ram), "NO_MEMORY_REGION");
  memory.dispose();
  expectCode(() => window.show(ram), "DISPOSED");
  expect([window.target?.name, window.offset]).toEqual(["ROM", 0]);
});
