// Events and generations: they tell that translations or typed arrays are out of date.
import { expect, test, vi } from "vitest";
import { GuestMemory, type MapEvent, type MappedRegion } from "../../../ts/index.ts";
import { thrownBy } from "../support.ts";

test("mapchanged and mapGeneration: on each change of the map, synchronously, and on nothing else", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x4000]]);
  using other = await GuestMemory.fromRanges([[0, 0x4000]]);
  const seen: [string, number, number][] = [];
  memory.events.addEventListener("mapchanged", (event) => {
    seen.push([event.type, memory.regions.length, memory.mapGeneration]);
  });
  other.events.addEventListener("mapchanged", () => expect.unreachable());
  const start = memory.mapGeneration;

  memory.insertRegion(0x8000, 0x1000);
  expect(seen).toEqual([["mapchanged", 2, start + 1]]);
  memory.removeRegion(0x8000, 0x1000);
  expect(seen.length).toBe(2);
  expect(seen[1]).toEqual(["mapchanged", 1, start + 2]);

  memory.writeUint32(0, 1);
  memory.fill(0, 1, 0x4000);
  memory.reserve(0x10_0000);
  memory.dirty.client("watch").dispose();
  memory.onUnmapped = { read: () => 0 };
  memory.readUint8(0x9999);
  for (const act of [
    () => memory.insertRegion(0x3fff, 1),
    () => memory.insertRegion(0x8000, 0),
    () => memory.removeRegion(0, 0x3fff),
    () => memory.insertRegion(0x8000, 2 ** 40),
  ]) {
    expect(thrownBy(act)).toBeInstanceOf(Error);
  }
  expect(seen.length).toBe(2);
  expect(memory.mapGeneration).toBe(start + 2);
});

test("viewsdetached: to every memory of the linear memory, once a growth, before mapchanged", async () => {
  vi.resetModules(); // a linear memory of its own
  const fresh = await import("../../../ts/index.ts");
  const memory = await fresh.GuestMemory.fromRanges([[0, 0x4000]]);
  const other = await fresh.GuestMemory.fromRanges([[0, 0x4000]]);
  const seen: string[] = [];
  for (const [name, target] of [["memory", memory] as const, ["other", other] as const]) {
    for (const type of ["viewsdetached", "mapchanged"] as const) {
      target.events.addEventListener(type, () => seen.push(`${name} ${type}`));
    }
  }
  const generation = memory.viewGeneration;
  memory.insertRegion(0x10_0000, memory.wasmMemory.buffer.byteLength); // more than is free
  expect(seen.toSorted()).toEqual(["memory mapchanged", "memory viewsdetached", "other viewsdetached"]);
  expect(seen.at(-1)).toBe("memory mapchanged");
  expect(memory.viewGeneration).toBe(generation + 1);
  expect(other.viewGeneration).toBe(generation + 1);
});

test("a growth that nobody of ours made is noticed, and accesses go on", async () => {
  using memory = await GuestMemory.fromRanges([
    [0x100, 0x4000],
    [2 ** 32, 0x1000],
  ]);
  const client = memory.dirty.client("watch");
  memory.writeUint32(0x2000, 7);
  const view = memory.view(0x2000, 4);
  const told = vi.fn();
  memory.events.addEventListener("viewsdetached", told);
  const generation = memory.viewGeneration;
  // What an allocation by a Rust device in the same module comes to.
  const accesses: (() => unknown)[] = [
    () => memory.readUint32(0x2000),
    () => memory.writeUint32(0x2000, 7),
    () => memory.readUint32(0x2001),
    () => memory.readUint16(2 ** 32),
    () => memory.load32(0x2000),
    () => memory.add64(0x2000, 0n),
    () => memory.readBytes(0x2000, 4),
    () => memory.read(0x2000, new Uint8Array(4)),
    () => memory.write(0x2000, Uint8Array.of(7, 0, 0, 0)),
    () => memory.fill(0x2001, 0, 3),
    () => memory.compare(0x2000, 0x2004, 1),
    () => memory.indexOf(Uint8Array.of(7), 0x100, 0x4000),
    () => memory.view(0x2000, 1)[0],
    () => memory.regions.length,
    () => client.collect(),
    () => memory.tables.pageTable[2],
    () => memory.markDirty(0x2000, 4),
    () => memory.mapGeneration,
  ];
  for (const access of accesses) {
    const before = access();
    memory.wasmMemory.grow(1);
    expect(access()).toEqual(access === accesses[14] ? [] : before);
    expect(memory.readUint32(0x2000)).toBe(7);
  }
  expect(view.length).toBe(0);
  expect(memory.viewGeneration).toBe(generation + accesses.length);
  expect(told).toHaveBeenCalledTimes(accesses.length);
});

test("events are an EventTarget, one for each memory", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  using other = await GuestMemory.fromRanges([[0, 0x1000]]);
  expect(memory.events).toBeInstanceOf(EventTarget);
  expect(memory.events).toBe(memory.events);
  expect(memory.events).not.toBe(other.events);
});

test.each([
  ["writeUint8", "readUint8", 0x12],
  ["writeUint16", "readUint16", 0x1234],
  ["writeInt16BE", "readInt16BE", -2],
  ["writeUint32", "readUint32", 0x1234_5678],
  ["writeFloat64", "readFloat64", 0.1],
  ["writeBigUint128", "readBigUint128", 1n << 100n],
] as const)(
  "a listener's accesses leave the value of %s alone, which growth sends the slow way",
  async (write, read, value) => {
    using memory = await GuestMemory.fromRanges([[0, 0x3000]]);
    let heard = 0;
    memory.events.addEventListener("viewsdetached", () => {
      heard++;
      memory.writeFloat64(0x1ffc, -1); // over a page's end: the slow way too
      if (heard === 1) memory.wasmMemory.grow(1); // and so there is more to hear of, in the middle of the store
    });
    memory.wasmMemory.grow(1); // as Rust code does it: nobody is told until the next access that has to ask
    (memory[write] as (address: number, value: number | bigint) => void)(0xfff, value);
    expect([memory[read](0xfff), memory.readFloat64(0x1ffc), heard]).toEqual([value, -1, 2]);
  },
);

test("what a device gives a listener is not taken for what is read", async () => {
  const device = { read32: () => -7, read64: () => -8n };
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x3000 },
    { kind: "mmio", start: 0x8000, size: 0x1000, device },
  ]);
  const heard: unknown[] = [];
  memory.events.addEventListener("viewsdetached", () => {
    heard.push(memory.readUint32(0x8000), memory.readBigUint64(0x8000));
  });
  memory.writeUint32(0xffe, 5);
  memory.writeBigUint64(0x1ffc, 6n);
  memory.wasmMemory.grow(1);
  expect(memory.readUint32(0xffe)).toBe(5);
  memory.wasmMemory.grow(1);
  expect(memory.readBigUint64(0x1ffc)).toBe(6n);
  expect(heard).toEqual([-7, -8n, -7, -8n]);
});

/** A list to which each `regionadd` and `regionremove` adds its region's name. */
function namesOf(memory: GuestMemory): unknown[] {
  const heard: unknown[] = [];
  for (const type of ["regionadd", "regionremove"] as const) {
    memory.events.addEventListener(type, (event) => void heard.push(`${type} ${event.region?.name}`));
  }
  return heard;
}

test("events name regions that were made by their ranges, though nothing else has asked for them", () => {
  using memory = GuestMemory.fromRangesSync([[0, 0x1000]]);
  const heard = namesOf(memory);
  memory.insertRegion(0x8000, 0x1000);
  memory.removeRegion(0, 0x1000);
  memory.removeRegion(0x8000, 0x1000);
  expect(heard).toEqual(["regionadd ram", "regionremove ram", "regionremove ram"]);
});

test("events name their regions though an earlier listener has changed the map again", () => {
  using memory = GuestMemory.createSync([
    { kind: "ram", name: "one", start: 0, size: 0x1000 },
    { kind: "ram", name: "two", start: 0x1000, size: 0x1000 },
  ]);
  const [one, two] = memory.mapped as [MappedRegion, MappedRegion];
  const removeOther = () => memory.removeRegion(0x1000, 0x1000);
  memory.events.addEventListener("mapbegin", removeOther, { once: true });
  const heard = namesOf(memory);
  memory.unmap(one);
  expect(heard).toEqual(["regionremove two", "regionremove one"]);
  expect([one.isMapped, two.isMapped]).toEqual([false, false]);
});

test("a listener that runs inside a call does not change the addresses of that call", () => {
  using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x4000 }]);
  memory.fill(0x1000, 1, 0x1000);
  memory.fill(0x2000, 2, 0x1000);
  const host = memory.hostOffset(0x1000, 4);
  const told = vi.fn(() => void memory.compare(0x3000, 0x2000, 4));
  memory.events.addEventListener("mapchanged", told);
  using bus = memory.space([{ kind: "alias", start: 0, of: memory.mapped[0] as MappedRegion }]);
  /** The sibling takes pages away, and the next call of the memory tells the listener. */
  const takePages = () => {
    told.mockClear();
    bus.writeUint8(0x3000, 1);
    bus.discard(0x3000, 0x1000);
    expect(told).not.toHaveBeenCalled();
  };
  takePages();
  expect(memory.compare(0x1000, 0x1010, 16)).toBe(0);
  takePages();
  expect(memory.hostOffset(0x1000, 4)).toBe(host);
  takePages();
  expect(memory.view(0x1000, 2)).toEqual(Uint8Array.of(1, 1));
  expect(told).toHaveBeenCalledTimes(1);
});

test("a frozen memory hinders no other, and works on when linear memory has grown", async () => {
  vi.resetModules(); // a linear memory of its own
  const fresh = await import("../../../ts/index.ts");
  const frozen = Object.freeze(await fresh.GuestMemory.fromRanges([[0, 0x1000]]));
  frozen.writeUint32(0x10, 7);
  const buffer = frozen.wasmMemory.buffer;
  const other = await fresh.GuestMemory.fromRanges([[0, 0x800_0000]]); // more than linear memory has at first
  expect(frozen.wasmMemory.buffer).not.toBe(buffer);
  other.writeUint8(0x7ff_ffff, 1);
  expect(frozen.readUint32(0x10)).toBe(7);
  frozen.writeUint8(0x11, 1);
  expect(frozen.readUint16(0x10)).toBe(0x107);
  frozen.dispose();
  expect(thrownBy(() => frozen.readUint8(0x10))).toMatchObject({ code: "DISPOSED" });
  other.dispose();
});

/** The ranges of a memory's flat view, as events tell them. */
function flatOf(memory: GuestMemory): string[] {
  return memory.toJSON().flat.map(({ start, size, region, offset }) => `${start} ${size} ${region} ${offset}`);
}

test("regionremove and regionadd tell the difference of two flat views, whatever the change was", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "low", start: 0, size: 0x8000 },
    { kind: "reserved", name: "top", start: 0x1_0000, size: 0x8000 },
    ...Array.from({ length: 6 }, (_, index) => ({
      kind: "mmio" as const,
      name: `window ${index}`,
      start: 0x1000 * index,
      size: 0x1800,
      priority: index + 1,
      device: { peek: () => undefined },
    })),
    { kind: "alias", name: "mirror", start: 0x2_0000, of: "low" },
  ]);
  const heard: Record<string, string[]> = { regionremove: [], regionadd: [] };
  for (const type of ["regionremove", "regionadd"] as const) {
    memory.events.addEventListener(type, (event) => {
      const { start, size, region, offset } = event;
      heard[type]?.push(`${start} ${size} ${region?.name} ${offset}`);
    });
  }
  let seed = 5;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed >>> 8) % limit;
  };
  let [gone, come, inserted] = [0, 0, 0x4_0000];
  for (let step = 0; step < 300; step++) {
    const before = flatOf(memory);
    const change = () => {
      const region = memory.mapped[random(memory.mapped.length)] as MappedRegion;
      const act = random(4);
      if (act === 0) region.enable();
      else if (act === 1) region.disable();
      else if (act === 2 && region.priority > 0) region.move(random(0x30) * 0x800);
      else if (memory.mapped.some(({ start }) => start === inserted)) memory.removeRegion(inserted, 0x1000);
      else {
        inserted += 0x2000;
        memory.insertRegion(inserted, 0x1000);
      }
    };
    if (step % 3 === 0) change();
    else {
      memory.transaction(() => {
        for (let count = random(6); count >= 0; count--) change();
      });
    }
    const now = flatOf(memory);
    expect(heard.regionremove).toEqual(before.filter((range) => !now.includes(range)));
    expect(heard.regionadd).toEqual(now.filter((range) => !before.includes(range)));
    gone += heard.regionremove?.splice(0).length as number;
    come += heard.regionadd?.splice(0).length as number;
  }
  expect(Math.min(gone, come)).toBeGreaterThan(200);
});

test("a listener hears of the changes since it was added, and what an event tells stays as it was", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "first", start: 0, size: 0x1000 }]);
  const { events } = memory;
  events.addEventListener("mapchanged", () => {});
  memory.insertRegion(0x1000, 0x1000); // before the listeners
  const heard: MapEvent[] = [];
  for (const type of ["regionremove", "regionadd"] as const) {
    events.addEventListener(type, (event) => void heard.push(event));
  }
  const second = memory.map({
    kind: "mmio",
    name: "second",
    start: 0x8000,
    size: 0x1000,
    device: { peek: () => undefined },
  });
  memory.unmap(second);
  memory.map({ kind: "ram", name: "third", start: 0x8000, size: 0x800 });
  const told = heard.map(({ type, start, size, region, offset }) => [type, start, size, region?.name, offset]);
  expect(told).toEqual([
    ["regionadd", 0x8000, 0x1000, "second", 0],
    ["regionremove", 0x8000, 0x1000, "second", 0],
    ["regionadd", 0x8000, 0x800, "third", 0],
  ]);
  expect(heard[0]?.region).toBe(second);
});

test("a listener of one kind of event hears that kind alone", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const heard: string[] = [];
  const types = ["mapbegin", "regionremove", "regionadd", "mapcommit", "mapchanged"] as const;
  for (const type of types) {
    const listener = () => heard.push(type);
    memory.events.addEventListener(type, listener);
    memory.removeRegion(0, 0x1000);
    memory.insertRegion(0, 0x1000);
    memory.events.removeEventListener(type, listener);
  }
  expect(heard).toEqual([
    ...["mapbegin", "mapbegin", "regionremove", "regionadd"],
    ...["mapcommit", "mapcommit", "mapchanged", "mapchanged"],
  ]);
});

test("inserted regions are found by the listener that hears of them", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const heard: unknown[] = [];
  memory.events.addEventListener("regionadd", (event) => heard.push(event.region));
  memory.insertRegion(0x8000, 0x1000);
  expect(heard).toEqual([memory.mapped[1]]);
  expect(heard[0]).toBeDefined();
});

test("a region that nothing has asked for before its listener came has its name in the event", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const heard: unknown[] = [];
  memory.events.addEventListener("regionremove", (event) => heard.push(event.region?.name));
  memory.map({ kind: "reserved", start: 0, size: 0x1000, priority: 1 });
  expect(heard).toEqual(["ram"]);
});

test("an event target that the user has changed stops nothing", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const target = memory.events;
  target.dispatchEvent = () => {
    throw new Error("not the engine's");
  };
  const heard: string[] = [];
  for (const type of ["mapchanged", "viewsdetached"] as const) target.addEventListener(type, () => heard.push(type));
  const bank = memory.map({ kind: "mmio", start: 0x8000, size: 0x1000, device: { peek: () => undefined } });
  memory.unmap(bank);
  expect(() => memory.map({ kind: "alias", start: 0x8000, of: bank })).toThrow("not in this machine");
  memory.reserve(0x1000_0000);
  expect(heard).toEqual(["mapchanged", "mapchanged", "viewsdetached"]);
});
