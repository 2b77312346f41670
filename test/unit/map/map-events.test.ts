// The events of a change of the memory map: what went, and what came.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";

/** What is heard of changes, in order. */
function listen(memory: GuestMemory, heard: string[]): void {
  for (const type of ["mapbegin", "mapcommit", "mapchanged"] as const)
    memory.events.addEventListener(type, () => heard.push(type));
  for (const type of ["regionremove", "regionadd"] as const) {
    memory.events.addEventListener(type, (event) => {
      const { start, size, region, offset } = event;
      heard.push(`${type} ${region?.name} ${start.toString(16)}+${size.toString(16)} @${offset.toString(16)}`);
    });
  }
}

test("events: begin, what went, what came, commit, then mapchanged; accesses in them see the new map", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x4000 }]);
  const heard: string[] = [];
  listen(memory, heard);
  memory.events.addEventListener("mapbegin", () => heard.push(`sees ${memory.readUint8(0x1000)}`));
  const rom = memory.map({
    kind: "rom",
    name: "ROM",
    start: 0x1000,
    size: 0x1000,
    priority: 1,
    contents: Uint8Array.of(7),
  });
  expect(heard.splice(0)).toEqual([
    "mapbegin",
    "sees 7",
    "regionremove RAM 0+4000 @0",
    "regionadd RAM 0+1000 @0",
    "regionadd ROM 1000+1000 @0",
    "regionadd RAM 2000+2000 @2000",
    "mapcommit",
    "mapchanged",
  ]);
  memory.transaction(() => {
    rom.move(0x8000);
    rom.disable();
  });
  expect(heard.splice(0)).toEqual([
    "mapbegin",
    "sees 0",
    "regionremove RAM 0+1000 @0",
    "regionremove ROM 1000+1000 @0",
    "regionremove RAM 2000+2000 @2000",
    "regionadd RAM 0+4000 @0",
    "mapcommit",
    "mapchanged",
  ]);
  expect(() => rom.move(2 ** 53)).toThrow(RangeError);
  expect(heard).toEqual([]);
});

test("a listener that changes the map: each change is told once, and the next one starts from there", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  let more = true;
  memory.events.addEventListener("regionadd", () => {
    if (more) {
      more = false;
      memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000 });
    }
  });
  memory.map({ kind: "ram", name: "two", start: 0x1000, size: 0x1000 });
  const heard: string[] = [];
  listen(memory, heard);
  memory.region("two")?.disable();
  expect(heard).toEqual(["mapbegin", "regionremove two 1000+1000 @0", "mapcommit", "mapchanged"]);
});
