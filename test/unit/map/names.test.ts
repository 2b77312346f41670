// Regions by name: the first in the order of mapping, whatever comes and goes, and however long the names are.
import { expect, test } from "vitest";
import { GuestMemory, init, type MappedRegion } from "../../../ts/index.ts";
import { thrownBy } from "../support.ts";

await init();

const reserved = (name: string, start: number) => ({ kind: "reserved", name, start, size: 0x100 }) as const;

test("a name finds the first region that has it, in the order of mapping", () => {
  using memory = GuestMemory.createSync([reserved("a", 0x3000), reserved("b", 0x1000), reserved("a", 0x2000)]);
  const starts = () => memory.mapped.map(({ name, start }) => `${name} ${start.toString(16)}`);
  expect(memory.region("a")?.start).toBe(0x3000);
  memory.region("a")?.move(0x5000);
  memory.region("a")?.disable();
  expect(memory.region("a")?.start).toBe(0x5000);
  const undone = thrownBy(() =>
    memory.transaction(() => {
      memory.unmap(memory.region("a") as MappedRegion);
      expect(memory.region("a")?.start).toBe(0x2000);
      memory.map(reserved("c", 0x7000));
      expect(memory.region("c")?.start).toBe(0x7000);
      throw new Error("undone");
    }),
  );
  expect(String(undone)).toContain("undone");
  expect([memory.region("a")?.start, memory.region("c")]).toEqual([0x5000, undefined]);
  expect(starts()).toEqual(["a 5000", "b 1000", "a 2000"]);
  memory.unmap(memory.region("a") as MappedRegion);
  memory.map(reserved("a", 0x1_0000));
  expect(memory.region("a")?.start).toBe(0x2000);
  expect(memory.region(undefined as unknown as string)).toBeUndefined();
  expect([memory.region(""), memory.region("A")]).toEqual([undefined, undefined]);
});

test("names that differ past 4096 bytes, or only where text cannot be encoded, are different names", () => {
  const long = "x".repeat(5000);
  const cut = `${"x".repeat(4095)}\u00e9`; // its last character does not fit as a whole
  const names = [`${long}1`, `${long}2`, cut, "x".repeat(4095), "\ud800", "\ufffd", "", "\u0000"];
  using memory = GuestMemory.createSync(names.map((name, index) => reserved(name, index * 0x1000)));
  expect(names.map((name) => memory.region(name)?.start)).toEqual(names.map((_, index) => index * 0x1000));
  expect(memory.region(long)).toBeUndefined();
  const alias = memory.map({ kind: "alias", name: "alias", start: 0x10_0000, of: `${long}2` });
  expect(alias.target?.start).toBe(0x1000);
});

test("hundreds of regions are found by their names while they come and go", () => {
  using memory = GuestMemory.createSync(
    Array.from({ length: 300 }, (_, index) => reserved(`r${index}`, index * 0x1000)),
  );
  for (let index = 0; index < 300; index += 3) memory.unmap(memory.region(`r${index}`) as MappedRegion);
  for (let index = 0; index < 300; index++) {
    expect(memory.region(`r${index}`)?.start).toBe(index % 3 === 0 ? undefined : index * 0x1000);
  }
});
