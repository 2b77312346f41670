// The dirty log: the calls that mark pages, the ranges that a client gets, and how clients come and go.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { collectUntil, counting, expectCode, thrownBy } from "../support.ts";

/** Unaligned regions, two of which touch inside a page, and one past 4 GiB. */
const layout = () =>
  GuestMemory.fromRanges([
    [0x800, 0x2000],
    [0x2800, 0x1900],
    [0x8000, 0x4000],
    [2 ** 33 + 0x10, 0x2000],
  ]);

test("every kind of write marks its pages, and no other", async () => {
  using memory = await layout();
  using client = memory.dirty.client("watch");
  const page = [[0x9000, 0x1000]];
  const both = [[0x9000, 0x2000]];
  const writes: [string, () => unknown, number[][]][] = [
    ["writeUint8", () => memory.writeUint8(0x9fff, 1), page],
    ["writeUint32, fast", () => memory.writeUint32(0x9ffc, 1), page],
    ["writeUint32, unaligned", () => memory.writeUint32(0x9ffb, 1), page],
    ["writeUint32, over a page's end", () => memory.writeUint32(0x9ffd, 1), both],
    ["writeFloat64BE, over a page's end", () => memory.writeFloat64BE(0x9fff, 1), both],
    ["writeUint16, a bigint address", () => memory.writeUint16(0x9fffn, 1), both],
    ["write", () => memory.write(0x9ff0, counting(16)), page],
    ["write, over a page's end", () => memory.write(0x9ff0, counting(17)), both],
    ["write, partial", () => memory.write(0xbff0, counting(64)), [[0xb000, 0x1000]]],
    ["writeSlice", () => memory.writeSlice(0x9fff, counting(2)), both],
    ["fill", () => memory.fill(0x9000, 1, 0x1001), both],
    ["copyWithin", () => memory.copyWithin(0x9fff, 0x8000, 2), both],
    ["copyFrom", () => memory.copyFrom(0x9fff, memory, 0x8000, 2), both],
    ["add32", () => memory.add32(0x9ffc, 1), page],
    ["markDirty", () => memory.markDirty(0x9fff, 2), both],
    ["over two regions", () => memory.writeUint32(0x27fe, 1), [[0x2000, 0x1000]]],
    ["in a partial page", () => memory.writeUint8(0x900, 1), [[0x800, 0x800]]],
    ["at a region's end", () => memory.writeUint8(0x40ff, 1), [[0x4000, 0x100]]],
    ["past 4 GiB", () => memory.writeUint32(2 ** 33 + 0xffe, 1), [[2 ** 33 + 0x10, 0x1ff0]]],
    ["only one side of a page that two regions share", () => memory.writeUint8(0x2fff, 1), [[0x2800, 0x800]]],
  ];
  for (const [name, write, expected] of writes) {
    write();
    expect(client.collect(), name).toEqual(expected);
    expect(client.collect(), `${name}, again`).toEqual([]);
  }
});

test("reading, asking, failing and writing nothing mark nothing", async () => {
  using memory = await layout();
  using client = memory.dirty.client("watch");
  memory.onUnmapped = { write: () => {} };
  memory.readUint32(0x9000);
  memory.read(0x9000, new Uint8Array(9));
  memory.readBytes(0x9000, 9);
  memory.compare(0x8000, 0x9000, 9);
  memory.indexOf(counting(3), 0x8000, 0x1000);
  memory.view(0x8000, 9).fill(3); // its writer marks
  memory.views(0x2700, 0x200);
  memory.hostOffset(0x8000, 4, "write");
  memory.write(0x9000, new Uint8Array(0));
  memory.fill(0x9000, 1, 0);
  memory.copyWithin(0x9000, 0x8000, 0);
  memory.markDirty(0x9000, 0);
  memory.writeUint32(0xbffe, 1); // half in a hole: the handler's
  memory.onUnmapped = undefined;
  for (const act of [
    () => memory.writeUint32(0xbffe, 1),
    () => memory.fill(0xbffe, 1, 4),
    () => memory.writeSlice(0xbffe, counting(4)),
    () => memory.copyWithin(0xbffe, 0x8000, 4),
    () => memory.copyWithin(0x8000, 0xbffe, 4),
    () => memory.markDirty(0xbffe, 4),
    () => memory.store32(0x8001, 4),
  ]) {
    expect(thrownBy(act)).toBeInstanceOf(Error);
  }
  expect(client.collect()).toEqual([]);
});

test("ranges are whole pages, clipped to regions, merged where they touch, ascending", async () => {
  using memory = await layout();
  using client = memory.dirty.client("watch");
  for (const address of [0xb000, 0x27ff, 0x2800, 0x8000, 0x1000, 0x9000, 0x40ff]) memory.writeUint8(address, 1);
  expect(client.collect()).toEqual([
    [0x1000, 0x2000], // 0x1000-0x1fff, 0x2000-0x27ff, and of the next region 0x2800-0x2fff
    [0x4000, 0x100],
    [0x8000, 0x2000],
    [0xb000, 0x1000],
  ]);
});

test("a page that several ranges show is reported in each that shows bytes no lower one does", async () => {
  const ram: RegionSpec = { kind: "ram", name: "ram", start: 0x1000, size: 0x1000 };
  const device: RegionSpec = {
    kind: "mmio",
    start: 0x1400,
    size: 0x100,
    priority: 1,
    device: { peek: () => undefined },
  };
  const other: RegionSpec = { kind: "ram", start: 0x1400, size: 0x100, priority: 1 };
  const alias = (start: number, size: number): RegionSpec => ({ kind: "alias", start, of: "ram", size });
  const around = [
    [0x1000, 0x400],
    [0x1500, 0xb00],
  ];
  const cases: [string, RegionSpec[], number, number[][]][] = [
    ["a device over RAM", [ram, device], 0x1f00, around],
    ["RAM over RAM", [ram, other], 0x1000, around],
    ["the RAM that lies over RAM", [ram, other], 0x1400, [[0x1400, 0x100]]],
    [
      "an alias of half a page below",
      [{ ...ram, start: 0x10000 }, alias(0x800, 0x800)],
      0x10c00,
      [
        [0x800, 0x800],
        [0x10000, 0x1000],
      ],
    ],
    [
      "an alias of 16 bytes below",
      [ram, alias(0, 16)],
      0x1800,
      [
        [0, 16],
        [0x1000, 0x1000],
      ],
    ],
    ["an alias of all of it below", [ram, alias(0, 0x1000)], 0x1800, [[0, 0x1000]]],
  ];
  for (const [name, specs, address, expected] of cases) {
    using memory = await GuestMemory.create(specs);
    using client = memory.dirty.client("watch");
    memory.writeUint8(address, 1);
    expect(client.collect(), name).toEqual(expected);
    expect(client.collect(), `${name}, again`).toEqual([]);
  }
});

test("pages in parts, more than fit into one report of the core", async () => {
  const pages = 600;
  const devices = Array.from(
    { length: pages },
    (_, page): RegionSpec => ({
      kind: "mmio",
      start: page * 4096 + 0x400,
      size: 0x100,
      priority: 1,
      device: { peek: () => undefined },
    }),
  );
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: pages * 4096 }, ...devices]);
  using client = memory.dirty.client("watch");
  for (let page = 0; page < pages; page++) memory.writeUint8(page * 4096, 1);
  const between = devices.map(({ start }) => [Number(start) + 0x100, 0xf00]);
  const last = [pages * 4096 - 0xb00, 0xb00];
  expect(client.collect()).toEqual([[0, 0x400], ...between.slice(0, -1), last]);
  expect(client.collect()).toEqual([]);
});

test("more ranges than fit into one report of the core", async () => {
  const pages = 4096;
  using memory = await GuestMemory.fromRanges([[0, pages * 4096]]);
  using client = memory.dirty.client("watch");
  for (let page = 0; page < pages; page += 2) memory.writeUint8(page * 4096 + 5, 1);
  const odd = Array.from({ length: pages / 2 }, (_, index) => [index * 8192, 4096]);
  expect(client.collect()).toEqual(odd);
  for (let page = 0; page < pages; page++) memory.writeUint8(page * 4096 + 5, 1);
  expect(client.collect()).toEqual([[0, pages * 4096]]);
  expect(client.collect()).toEqual([]);
});

test("clients are independent, start clean, and tell the same after a late collection", async () => {
  using memory = await layout();
  using first = memory.dirty.client("first");
  memory.writeUint8(0x8000, 1);
  using second = memory.dirty.client("second");
  expect(second.collect()).toEqual([]);
  memory.writeUint8(0x9000, 1);
  expect(second.collect()).toEqual([[0x9000, 0x1000]]);
  memory.writeUint8(0xa000, 1);
  expect(first.collect()).toEqual([[0x8000, 0x3000]]);
  expect(second.collect()).toEqual([[0xa000, 0x1000]]);
  expect([first.name, second.name]).toEqual(["first", "second"]);
});

test("seven clients and no eighth; one that is disposed makes room, and its successor starts clean", async () => {
  using memory = await layout();
  const clients = Array.from({ length: 7 }, (_, index) => memory.dirty.client(`client ${index % 2}`));
  expectCode(() => memory.dirty.client("eighth"), "TOO_MANY_CLIENTS");
  memory.writeUint8(0x8000, 1);
  clients[3]?.dispose();
  clients[3]?.dispose(); // twice is no error, and frees nobody else's place
  const successor = memory.dirty.client("successor");
  expectCode(() => memory.dirty.client("eighth"), "TOO_MANY_CLIENTS");
  expect(successor.collect()).toEqual([]);
  expectCode(() => clients[3]?.collect(), "DISPOSED");
  for (const client of clients.filter((_, index) => index !== 3)) expect(client.collect()).toEqual([[0x8000, 0x1000]]);
});

test("a client is dropped: its place is free again after a collection", async () => {
  using memory = await layout();
  for (let index = 0; index < 7; index++) memory.dirty.client("dropped");
  let opened = 0;
  await collectUntil(() => {
    try {
      memory.dirty.client("dropped too");
      return ++opened >= 7;
    } catch {
      return false;
    }
  });
  expect(opened).toBe(7);
});

test("a mark is found wherever it stands among clean pages", async () => {
  using memory = await GuestMemory.fromRanges([[0x3000, 0x3_0000]]);
  using client = memory.dirty.client("watch");
  for (let page = 0x3000; page < 0x3_3000; page += 0x1000) {
    memory.writeUint8(page, 1);
    expect(client.collect()).toEqual([[page, 0x1000]]);
  }
});

test("two memories do not see each other's writes", async () => {
  using memory = await layout();
  using other = await layout();
  using client = memory.dirty.client("watch");
  other.fill(0x8000, 1, 0x4000);
  expect(client.collect()).toEqual([]);
  memory.copyFrom(0x8000, other, 0x8000, 1);
  using others = other.dirty.client("watch");
  expect([client.collect(), others.collect()]).toEqual([[[0x8000, 0x1000]], []]);
});

test("a removed region takes its marks along, and a new one is dirty as a whole", async () => {
  using memory = await layout();
  using client = memory.dirty.client("watch");
  memory.fill(0x8000, 1, 0x4000);
  memory.writeUint8(0x1000, 1);
  memory.removeRegion(0x8000, 0x4000);
  expect(client.collect()).toEqual([[0x1000, 0x1000]]);
  memory.insertRegion(0x8000, 0x4000);
  expect(client.collect()).toEqual([[0x8000, 0x4000]]);
  memory.writeUint8(0xb000, 1);
  expect(client.collect()).toEqual([[0xb000, 0x1000]]);
});

test("addresses of a bigint memory are bigints, lengths are numbers", async () => {
  using memory = await GuestMemory.fromRanges([[2n ** 64n - 0x1800n, 0x1800]], { addresses: "bigint" });
  using client = memory.dirty.client("watch");
  memory.writeUint8(2n ** 64n - 1n, 1);
  expect(client.collect()).toEqual([[2n ** 64n - 0x1000n, 0x1000]]);
  memory.writeUint8(2n ** 64n - 0x1800n, 1);
  expect(client.collect()).toEqual([[2n ** 64n - 0x1800n, 0x800]]);
});

test("after the memory is disposed, its clients are too", async () => {
  const memory = await layout();
  const client = memory.dirty.client("watch");
  memory.dispose();
  expectCode(() => client.collect(), "DISPOSED");
  client.dispose();
});

/** RAM at 0 with a second bank above it that is hidden, both of 16 KiB and written, and a sibling that shows the bank. */
function banks() {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "low", start: 0, size: 0x4000 },
    { kind: "ram", name: "bank", start: 0, size: 0x4000, priority: 1, enabled: false },
  ]);
  const bank = memory.region("bank") as MappedRegion;
  const bus = memory.space([{ kind: "alias", start: 0x8000, of: bank, offset: 0x1000, size: 0x1000 }]);
  for (const each of [memory, bus]) each.fill(each.regions[0]?.start ?? 0, 1, 0x1000);
  return { memory, bank, bus };
}

test("a change of the map dirties nothing that was in the machine, and keeps the marks of hidden pages", () => {
  const { memory, bank, bus } = banks();
  const client = memory.dirty.client("watch");
  bank.enable();
  bank.move(0x1_0000);
  const mirror = memory.map({ kind: "alias", start: 0x2_0000, of: bank });
  memory.transaction(() => {
    memory.unmap(mirror);
    bank.disable();
  });
  expect([client.collect(), client.collect(bank)]).toEqual([[], []]);
  bus.writeUint8(0x8123, 1);
  expect(client.collect()).toEqual([]);
  bank.enable();
  expect(client.collect()).toEqual([[0x1_1000, 0x1000]]);
});

test("every region with bytes that enters the machine is dirty for each open client, once", () => {
  const { memory, bank, bus } = banks();
  const clients = [memory.dirty.client("one"), memory.dirty.client("two")];
  const device = { write8: () => {} };
  const place = { start: 0x4_0800, size: 0x1800 };
  const specs: RegionSpec[] = [
    { kind: "ram", ...place },
    { kind: "rom", ...place },
    { kind: "romDevice", ...place, device },
  ];
  for (const spec of specs) {
    const region = memory.map(spec);
    for (const client of clients) {
      expect(client.collect()).toEqual([[0x4_0800, 0x1800]]);
      expect(client.collect()).toEqual([]);
    }
    memory.unmap(region);
  }
  bus.map({ kind: "alias", start: 0x1_0000, of: memory.region("low") as MappedRegion });
  expect(clients.map((client) => client.collect())).toEqual([[], []]);
  // The bank leaves with the last placement that shows it, which is the alias of the sibling.
  memory.unmap(bank);
  bus.unmap(bus.mapped[0] as MappedRegion);
  expectCode(() => clients[0]?.collect(bank), "NO_MEMORY_REGION");
});

test("a window is collected by whole pages, and the rest stays dirty", async () => {
  using memory = await GuestMemory.fromRanges([[0x800, 0x8000]]);
  using client = memory.dirty.client("display");
  memory.fill(0x800, 1, 0x8000);
  expect(client.collect(0x2345, 0x1000)).toEqual([[0x2000, 0x2000]]);
  expect(client.collect(0x2345n, 0x1000n)).toEqual([]);
  expect(client.collect(0x900, 0)).toEqual([]);
  expect(client.collect(0x8000, Number.MAX_SAFE_INTEGER)).toEqual([[0x8000, 0x800]]);
  expect(client.collect()).toEqual([
    [0x800, 0x1800],
    [0x4000, 0x4000],
  ]);
  expectCode(() => client.collect(2n ** 64n - 1n, 2), "GUEST_ADDRESS_OVERFLOW", { address: 2n ** 64n - 1n, length: 2 });
  expect(client.collect(2n ** 64n - 1n, 1)).toEqual([]);
  for (const [address, length] of [
    [0, undefined],
    [undefined, 1],
    [null, 1],
  ] as unknown as [number, number][]) {
    expect(thrownBy(() => client.collect(address, length))).toBeInstanceOf(TypeError);
  }
  expect(thrownBy(() => client.collect(-1, 1))).toBeInstanceOf(RangeError);
});

test("a region is collected by its own offsets, in as many calls of the core as it needs", () => {
  const memory = GuestMemory.createSync([{ kind: "rom", name: "flash", start: 0x800, size: 0x100_0000 }]);
  const flash = memory.region("flash") as MappedRegion;
  const client = memory.dirty.client("snapshot");
  for (let page = 0; page < 0x1000; page += 2) memory.poke(0x1000 + page * 0x1000, counting(1));
  flash.disable();
  const all = client.collect(flash, 0x1800);
  expect(all).toHaveLength(0x7ff);
  expect(all[0]).toEqual([0x2800, 0x1000]);
  expect(client.collect(flash)).toEqual([[0x800, 0x1000]]);
  memory.region("flash")?.enable();
  memory.poke(0x100_07ff, counting(1));
  expect(client.collect(flash, 0xff_ffffn, 1n)).toEqual([[0xff_f800, 0x800]]);
  expectCode(() => client.collect(flash, 0x100_0001), "NOT_MEMORY");
  expectCode(() => client.collect(flash, 0x100_0000, 1), "NOT_MEMORY");
  expect(client.collect(flash, 0x100_0000)).toEqual([]);
  const uart = memory.map({ kind: "mmio", start: 0x1000_0000, size: 4, device: { peek: () => undefined } });
  expectCode(() => client.collect(uart), "NOT_MEMORY");
  expectCode(() => client.collect(memory.map({ kind: "alias", start: 0x2000_0000, of: flash })), "NOT_MEMORY");
  expectCode(() => client.collect(banks().bank), "NO_MEMORY_REGION");
  expect(thrownBy(() => client.collect({} as MappedRegion))).toBeInstanceOf(TypeError);
});
