// The memory map as text and as data.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";

test("tree() and toJSON(): the map as text in QEMU's columns, and as data", async () => {
  using memory = await GuestMemory.create(
    [
      { kind: "reserved", name: "below", start: 0, size: 0x100, priority: -3 },
      { kind: "ram", name: "RAM", start: 0, size: 0x8000 },
      { kind: "rom", name: "BIOS", start: 0xffff_0000, size: 0x1_0000 },
      { kind: "alias", name: "shadow", start: 0x4000, of: "BIOS", offset: 0x4000, size: 0x1000, priority: 1 },
      { kind: "mmio", name: "VGA", start: 0xa_0000, size: 0x100, device: { peek: () => undefined }, enabled: false },
      { kind: "reserved", name: "hole", start: 0x7fff, size: 1, priority: 2 },
    ],
    { name: "system" },
  );
  expect(memory.tree()).toBe(
    [
      "address-space: system",
      "  0000000000000000-ffffffffffffffff (prio 0, i/o): system",
      "    0000000000000000-0000000000007fff (prio 0, ram): RAM",
      "    0000000000000000-00000000000000ff (prio -3, reserved): below",
      "    0000000000004000-0000000000004fff (prio 1, rom): alias shadow @BIOS 0000000000004000-0000000000004fff",
      "    0000000000007fff-0000000000007fff (prio 2, reserved): hole",
      "    00000000000a0000-00000000000a00ff (prio 0, i/o): VGA [disabled]",
      "    00000000ffff0000-00000000ffffffff (prio 0, rom): BIOS",
    ].join("\n"),
  );
  expect(memory.tree({ flat: true })).toBe(
    [
      "FlatView #0",
      ' AS "system", root: system',
      " Root memory region: system",
      "  0000000000000000-0000000000003fff (prio 0, ram): RAM",
      "  0000000000004000-0000000000004fff (prio 1, rom): BIOS @0000000000004000",
      "  0000000000005000-0000000000007ffe (prio 0, ram): RAM @0000000000005000",
      "  0000000000007fff-0000000000007fff (prio 2, reserved): hole",
      "  00000000ffff0000-00000000ffffffff (prio 0, rom): BIOS",
    ].join("\n"),
  );
  const flat = (start: number, size: number, region: string, kind: string, offset: number) => ({
    start,
    size,
    region,
    kind,
    offset,
  });
  expect(memory.toJSON()).toEqual({
    name: "system",
    regions: [
      { name: "below", kind: "reserved", start: 0, size: 0x100, priority: -3, enabled: true },
      { name: "RAM", kind: "ram", start: 0, size: 0x8000, priority: 0, enabled: true },
      { name: "BIOS", kind: "rom", start: 0xffff_0000, size: 0x1_0000, priority: 0, enabled: true },
      {
        name: "shadow",
        kind: "alias",
        start: 0x4000,
        size: 0x1000,
        priority: 1,
        enabled: true,
        of: "BIOS",
        offset: 0x4000,
      },
      { name: "VGA", kind: "mmio", start: 0xa_0000, size: 0x100, priority: 0, enabled: false },
      { name: "hole", kind: "reserved", start: 0x7fff, size: 1, priority: 2, enabled: true },
    ],
    flat: [
      flat(0, 0x4000, "RAM", "ram", 0),
      flat(0x4000, 0x1000, "BIOS", "rom", 0x4000),
      flat(0x5000, 0x2fff, "RAM", "ram", 0x5000),
      flat(0x7fff, 1, "hole", "reserved", 0),
      flat(0xffff_0000, 0x1_0000, "BIOS", "rom", 0),
    ],
    protection: [],
  });
  memory.protect(0, 0x2000, "r-x");
  memory.protect(0xffff_f000, 0x1000, "--x");
  memory.watch(0x1000, 1, { read: true }, () => {});
  const protection = [
    "Protection",
    "  0000000000000000-0000000000001fff: r-x",
    "  00000000fffff000-00000000ffffffff: --x",
  ].join("\n");
  for (const flat of [false, true]) expect(memory.tree({ flat }).endsWith(`\n${protection}`)).toBe(true);
  expect(memory.toJSON().protection).toEqual([
    { start: 0, size: 0x2000, permissions: "r-x" },
    { start: 0xffff_f000, size: 0x1000, permissions: "--x" },
  ]);
});

test("a map of more text than crosses at once, with names in several bytes", async () => {
  using memory = await GuestMemory.create([], { name: "größer" });
  memory.transaction(() => {
    for (let index = 0; index < 1500; index++) {
      memory.map({ kind: "reserved", name: `Bereich-ä€😀-${index}`, start: index * 0x1000, size: 1 });
    }
  });
  const lines = memory.tree().split("\n");
  expect([lines[0], lines.length]).toEqual(["address-space: größer", 1502]);
  expect(lines[1501]).toBe(
    `    ${(1499 * 4096).toString(16).padStart(16, "0")}-${(1499 * 4096).toString(16).padStart(16, "0")} (prio 0, reserved): Bereich-ä€😀-1499`,
  );
  expect(memory.toJSON().regions[77]?.name).toBe("Bereich-ä€😀-77");
});

test("an alias names its target wherever that stands, by its kind where it has no name", async () => {
  using memory = await GuestMemory.create([
    { kind: "alias", name: "far", start: 0x2000, of: "near" },
    { kind: "alias", name: "near", start: 0x1000, of: "ram" },
    { kind: "ram", start: 0, size: 0x1000 },
  ]);
  memory.writeUint8(0, 7);
  expect(memory.readUint8(0x2000)).toBe(7);
});
