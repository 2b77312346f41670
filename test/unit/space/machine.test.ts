// Regions that have left the map are freed: a machine that maps and unmaps for years does not grow.
import { expect, test } from "vitest";
import { GuestMemoryError } from "../../../ts/core/errors.ts";
import { loaded } from "../../../ts/core/init.ts";
import { GuestMemory, type MappedRegion } from "../../../ts/index.ts";
import { thrownBy } from "../support.ts";

const device = { read8: () => 7 };

test("what is unmapped is forgotten, unless an alias shows it", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  const uart = memory.map({ kind: "mmio", name: "UART", start: 0x8000, size: 0x100, device });
  using bus = memory.space([{ kind: "alias", name: "window", start: 0, of: uart }]);
  memory.unmap(uart);
  expect(bus.readUint8(0)).toBe(7); // its handlers are still known
  bus.unmap(bus.region("window") as NonNullable<ReturnType<typeof bus.region>>);
  expect(() => memory.map({ kind: "alias", start: 0x9000, of: uart })).toThrow(GuestMemoryError);
  expect(memory.mapped.map(({ name }) => name)).toEqual(["RAM"]);
});

test("what a transaction that failed had mapped is forgotten too", async () => {
  using memory = await GuestMemory.create([]);
  let lost: ReturnType<typeof memory.map> | undefined;
  expect(() =>
    memory.transaction(() => {
      lost = memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
      throw new Error("given up");
    }),
  ).toThrow("given up");
  memory.map({ kind: "ram", start: 0, size: 0x1000 });
  expect(() => memory.unmap(lost as NonNullable<typeof lost>)).toThrow("not in this machine");
});

test("what an open transaction has unmapped is not forgotten, whatever other address spaces do", async () => {
  using memory = await GuestMemory.create([{ kind: "mmio", name: "UART", start: 0, size: 0x100, device }]);
  using bus = memory.space([{ kind: "ram", name: "buffer", start: 0, size: 0x1000 }]);
  const uart = memory.region("UART") as NonNullable<ReturnType<typeof memory.region>>;
  const undone = () =>
    memory.transaction(() => {
      memory.unmap(uart);
      bus.unmap(bus.region("buffer") as NonNullable<ReturnType<typeof bus.region>>);
      expect(() =>
        bus.transaction(() => {
          bus.map({ kind: "ram", start: 0, size: 0x1000 });
          throw new Error("inner");
        }),
      ).toThrow("inner");
      throw new Error("outer");
    });
  expect(undone).toThrow("outer");
  expect(memory.mapped).toEqual([uart]);
  expect(memory.readUint8(0)).toBe(7);
  memory.unmap(uart);
  expect(uart.isMapped).toBe(false);
});

test("an unmap tells the listeners of its own address space, and those of another at that one's next call", () => {
  using memory = GuestMemory.fromRangesSync([[0, 0x1000]]);
  using bus = memory.space([{ kind: "ram", name: "buffer", start: 0, size: 0x1000 }]);
  const heard: string[] = [];
  memory.events.addEventListener("mapchanged", () => heard.push("memory"));
  bus.events.addEventListener("mapchanged", () => heard.push("bus"));
  expect(memory.mapped).toHaveLength(1);
  const window = bus.map({ kind: "alias", start: 0x4000, of: memory.mapped[0] as MappedRegion });
  heard.length = 0;
  bus.discard(0x4000, 0x1000); // which changes the memory's map too
  expect(heard.splice(0)).toEqual(["bus"]);
  expect(heard).toEqual([]);
  bus.unmap(window);
  expect(heard).toEqual(["bus"]);
  expect(memory.addressInRange(0)).toBe(true);
  expect(heard).toEqual(["bus", "memory"]);
});

test("regions that Rust code has unmapped are forgotten by and by, as others leave", () => {
  using memory = GuestMemory.fromRangesSync([[0, 0x1000]]);
  const { raw } = loaded();
  for (let index = 1; index <= 20; index++) memory.insertRegion(index * 0x1_0000, 0x1000);
  const regions = memory.mapped.slice(1);
  for (const { start } of regions) raw.gm_remove(memory.handle, start, 0, 0x1000, 0); // as Rust code does it
  // The core knows none of them. The facade says so by itself once it has forgotten a region.
  const isKnown = (of: MappedRegion) => {
    const error = thrownBy(() => memory.map({ kind: "alias", start: 0x8000, of }));
    expect(error).toMatchObject({ code: "NO_MEMORY_REGION" });
    return !String(error).includes("not in this machine");
  };
  expect(regions.filter(isKnown)).toHaveLength(20);
  expect(regions.every(({ isMapped }) => !isMapped)).toBe(true);
  for (let count = 0; count < 20; count++) memory.unmap(memory.map({ kind: "reserved", start: 0x8000, size: 1 }));
  expect(regions.filter(isKnown)).toEqual([]);
  expect(memory.mapped).toHaveLength(1);
});

test("a region is forgotten with the last alias of an alias that shows it", () => {
  using memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0, size: 0x1000 },
    { kind: "alias", name: "inner", start: 0x2000, of: "RAM" },
    { kind: "alias", name: "outer", start: 0x4000, of: "inner" },
  ]);
  const [ram, inner, outer] = memory.mapped as [MappedRegion, MappedRegion, MappedRegion];
  memory.unmap(ram);
  memory.unmap(inner);
  memory.unmap(memory.map({ kind: "alias", start: 0x8000, of: inner })); // still known: outer shows it
  memory.unmap(outer);
  for (const of of [ram, inner, outer]) {
    expect(() => memory.map({ kind: "alias", start: 0x8000, of })).toThrow("not in this machine");
  }
});
