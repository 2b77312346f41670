// Operations that run once, without randomness: before and after `init`, long lists and ranges, growth.

import type { MappedRegion } from "guest-memory";
import { type Build, renew } from "./build.ts";
import { watcher } from "./callbacks.ts";
import { Random } from "./random.ts";
import { World } from "./world.ts";

/** Does it with a build, in a module of its own; gives what was seen. */
export async function once(build: Build): Promise<string[]> {
  const { lib } = build;
  const world = new World(lib, () => {});
  const { GuestMemory, init } = lib;
  const lines = world.run(new Random(1, 2, 3), () => {});
  const later = async (what: string, act: () => Promise<unknown>) => {
    const [value, error] = await act().then(
      (value) => [value, undefined],
      (error: unknown) => [undefined, error],
    );
    world.attempt(what, () => {
      if (error) throw error;
      return value;
    });
  };

  world.attempt("fromRangesSync before init", () => GuestMemory.fromRangesSync([[0, 16]]));
  world.attempt("createSync before init", () => GuestMemory.createSync([]));
  await later("a glue that is none", () => init({ glue: { default: async () => ({}) } }));
  await later("Wasm that is none", () => init({ wasm: new Uint8Array(8) }));
  await later("create", () => GuestMemory.create([{ kind: "ram", start: 0, size: 16 }]));
  await later("init", () => init());
  await later("fromRanges", () => GuestMemory.fromRanges([[0, 16]], { addresses: "bigint" }));
  await later("fromRanges of nothing", () => GuestMemory.fromRanges([]));
  await later("init with a glue", () => renew(build));

  manyRegions(world);
  regionsThatGo(world);
  longRanges(world);
  needles(world);
  growth(world);
  return lines;
}

/** More regions, dirty ranges and watches than a report or a buffer holds at once. */
function manyRegions(world: World): void {
  const memory = world.lib.GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 0x80_0000 }]);
  const client = memory.dirty.client("all");
  for (let page = 0; page < 2048; page += 2) memory.writeUint8(page * 4096 + page, page);
  world.attempt("collect", () => JSON.stringify(client.collect()));
  // Regions in pairs that meet: of one, the core's list may end between the two.
  const pairs = Array.from({ length: 1200 }, (_, index) => [(index + (index >> 1)) * 4096, 4096] as const);
  const paired = world.lib.GuestMemory.fromRangesSync(pairs);
  const other = paired.dirty.client("pairs");
  for (const [start] of pairs) paired.writeUint8(start, 1);
  world.attempt("collect pairs", () => JSON.stringify(other.collect()));
  paired.dispose();
  memory.transaction(() => {
    for (let index = 0; index < 600; index++) {
      const start = 0x100_0000 + index * 0x3000;
      memory.map({ kind: "alias", name: `alias ${index}`, start, of: "RAM", offset: index * 0x1000, size: 0x1800 });
    }
  });
  world.attempt("map", () => [memory.mapped.length, JSON.stringify(memory), memory.tree({ flat: true })]);
  const seen: unknown[] = [];
  const watches = Array.from({ length: 5000 }, (_, index) =>
    memory.watch(
      index * 3,
      40,
      { write: index % 2 === 0, read: true },
      ({ address }) => void seen.push(index, address),
    ),
  );
  memory.fill(100, 1, 10_000);
  world.attempt("watches of a fill", () => [seen.length, JSON.stringify(seen.slice(-30))]);
  for (const watch of watches) watch.dispose();
  memory.fill(100, 2, 10_000);
  world.attempt("no watches of a fill", () => [seen.length, memory.viewGeneration]);
  memory.dispose();
}

/** Regions that a listener, a transaction or `removeRegion` takes out again; a watch in a range that a device is in. */
function regionsThatGo(world: World): void {
  const memory = world.lib.GuestMemory.fromRangesSync([[0, 0x4000]]);
  const map = (spec: object) => world.call("regions", memory, "map", [spec]);
  map({ kind: "alias", start: 0x1_0000, of: "ram" });
  for (const type of ["mapbegin", "regionadd"]) {
    memory.events.addEventListener("regionadd", (event) => world.note(`regions hears ${world.show(event)}`), {
      once: true,
    });
    memory.events.addEventListener(type, () => memory.unmap(memory.region("short") as MappedRegion), { once: true });
    map({ kind: "ram", name: "short", start: 0x2_0000, size: 0x1000 });
  }
  let region: MappedRegion | undefined;
  world.attempt("a transaction", () =>
    memory.transaction(() => {
      region = memory.map({ kind: "ram", name: "undone", start: 0x3_0000, size: 0x1000 });
      region.move(0x4_0000);
      world.note(`${memory.mapped.length > 0}`); // reads all places
      throw new RangeError("undone");
    }),
  );
  world.attempt("undone", () => region);
  memory.map({ kind: "mmio", start: 0x4000, size: 0x1000, device: { write: () => {} } });
  memory.watch(16, 4, { write: true }, watcher(world, "regions watch 0", [16, 4]));
  world.call("regions", memory, "fill", [0, 1, 0x4010]);
  const inside = memory.map({ kind: "ram", name: "inside", start: 0x6_0000, size: 0x1000 });
  memory.transaction(() => {
    world.note(world.show(inside));
    memory.removeRegion(0x6_0000, 0x1000);
    world.note(world.show(inside));
  });
  const removed = memory.map({ kind: "ram", name: "removed", start: 0x5_0000, size: 0x1000 });
  memory.removeRegion(0x5_0000, 0x1000);
  world.call("regions", memory, "unmap", [removed]);
  memory.dispose();
  const other = world.lib.GuestMemory.createSync([]);
  other.events.addEventListener("mapchanged", () => world.note("other hears mapchanged"));
  other.map({ kind: "reserved", name: "kept", start: 0, size: 0x1000 });
  other.dispose();
  world.call("other", other, "map", [{ kind: "alias", start: 0x1000, of: "kept" }]);
  siblings(world);
}

/** What listeners hear where an address space changes, and its sibling has changed before. */
function siblings(world: World): void {
  const memory = world.lib.GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x1000 }]);
  const bus = memory.space([{ kind: "ram", name: "buffer", start: 0, size: 0x1000 }]);
  const heard: string[] = [];
  for (const [name, { events }] of Object.entries({ memory, bus })) {
    events.addEventListener("mapchanged", () => void heard.push(name));
  }
  memory.trapWrites(0, 1, () => {});
  memory.store8(0, 1);
  const hear = () => world.note(`heard ${heard.splice(0)}`);
  hear();
  bus.unmap(bus.mapped[0] as MappedRegion);
  hear();
  memory.dispose();
  bus.dispose();
}

/** Lengths past 2^32 where everything is there: 16 MiB, shown 257 times. */
function longRanges(world: World): void {
  const size = 1 << 24;
  const memory = world.lib.GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size }]);
  memory.transaction(() => {
    for (let index = 1; index <= 256; index++) memory.map({ kind: "alias", start: index * size, of: "RAM" });
  });
  const seen: unknown[] = [];
  const tell = ({ kind, address, size }: { kind: string; address: number; size: number }) => {
    seen.push(kind, address, size);
  };
  const client = memory.dirty.client("all");
  memory.writeUint32(size - 4, 0x0403_0201);
  for (const length of [2 ** 32, 2 ** 32 + 4, 2n ** 32n + 4096n, 2 ** 32 + size, 2 ** 32 + size + 1]) {
    const calls: readonly (readonly [string, ...unknown[]])[] = [
      ["checkRange", 0, length],
      ["checkedOffset", 16, length],
      ["hostOffset", 0, length],
      ["view", 0, length],
      ["markDirty", 8, length],
      ["compare", 0, size, 2 ** 24],
      ["protect", 0, length, "rwx"],
      ["dma", 0, length, "read"],
    ];
    for (const [name, ...args] of calls) world.call("long", memory, name, args);
    world.attempt("collect", () => client.collect());
  }
  const writes = memory.watch(2 ** 32 - 8, 4, { write: true }, tell);
  const reads = memory.watch(2 ** 32 - 8, 4, { read: true }, tell);
  for (const [name, ...args] of [
    ["fill", 0, 7, 2 ** 32],
    ["discard", 4096, 2 ** 32],
    ["compare", 0, 4096, 2 ** 32],
    ["indexOf", Uint8Array.of(9, 9), 0, 2 ** 32 + 64],
  ] as const) {
    world.call("long", memory, name, args);
    world.note(`watches saw ${seen.splice(0).join(" ")}`);
    world.attempt("then", () => [memory.readUint32(0), memory.readUint32(size - 4), client.collect()]);
  }
  writes.dispose();
  reads.dispose();
  world.call("long", memory, "copyWithin", [0, 4096, 2 ** 32]); // watched, it would take an array of as many bytes
  memory.dispose();
}

/** Needles longer than what the core takes at once, in linear memory and outside. */
function needles(world: World): void {
  const size = 1 << 20;
  const source = new Uint8Array(size);
  for (let index = 0; index < size; index++) source[index] = Math.imul(index, 0x9e3779b1) >>> 24;
  const memory = world.lib.GuestMemory.createSync([
    { kind: "ram", start: 0, size, contents: source },
    { kind: "external", start: size, source: source.buffer },
    { kind: "ram", start: 2 * size, size: 4096 },
  ]);
  for (const length of [1, 4095, 65_536, 65_537, 70_001, 300_000]) {
    for (const from of [0, 12_345, size - 300_000]) {
      const needle = source.slice(from, from + length);
      for (const [at, count] of [
        [0, size],
        [size, size],
        [from + 1, 2 * size - from - 1],
      ] as const) {
        world.attempt(`indexOf ${length} from ${from} at ${at}`, () => memory.indexOf(needle, at, count));
      }
    }
  }
  memory.dispose();
}

/** Linear memory that grows, memories that come and go, and views that end. */
function growth(world: World): void {
  const { GuestMemory } = world.lib;
  const memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x10_0000 }]);
  const before = memory.viewGeneration;
  let ended = 0;
  memory.events.addEventListener("viewsdetached", () => ended++);
  const random = new Random(7, 7, 7);
  const others: InstanceType<typeof Map<number, typeof memory>> = new Map();
  for (let index = 0; index < 60; index++) {
    const view = memory.view(0, 16);
    const place = random.below(6);
    others.get(place)?.dispose();
    const size = random.between(1, 24) * 0x10_0000;
    const other = GuestMemory.fromRangesSync([[0x1000, size]], random.once(3) ? { reserve: size >> 1 } : {});
    others.set(place, other);
    other.fill(0x1000, index, size);
    if (random.once(3)) other.discard(0x1000 + (size >> 2), size >> 1);
    if (random.once(3)) other.fill(0x1000, index, size);
    world.note(`${place}, ${size}: ${view.byteLength}, ${ended}, ${memory.viewGeneration - before}`);
    world.attempt("bytes", () => [other.readUint8(0x1000 + (size >> 1)), memory.readUint8(0)]);
  }
  world.call("full", memory, "insertRegion", [0x1000_0000, 0xffff_f000]);
  world.call("full", memory, "reserve", [2 ** 32]);
  for (const other of others.values()) other.dispose();
  memory.dispose();
}
