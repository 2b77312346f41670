// What a watch's callback may do: throw, end watches, change the map, make accesses.
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryError, type MappedRegion } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";
import { machine } from "./watching.ts";

const PAGE = 0x1000;

test("watches that overlap are told in the order in which they were set; a throw ends the access, and the telling", async () => {
  using memory = await machine();
  const told: string[] = [];
  const stop = new Error("stop");
  memory.watch(0x10, 4, { read: true, write: true }, () => void told.push("first"));
  const second = memory.watch(0x12, 1, { read: true, write: true }, () => {
    told.push("second");
    throw stop;
  });
  memory.watch(0x11, 8, { read: true, write: true }, () => void told.push("third"));
  memory.readUint8(0x10);
  expect(told.splice(0)).toEqual(["first"]);
  const accesses = [
    () => memory.readUint32(0x10),
    () => memory.writeUint32(0x10, 1),
    () => memory.writeFloat64(0x0c, 1),
    () => memory.fill(0, 1, 0x2000),
    () => memory.write(0, new Uint8Array(0x2000)),
    () => memory.writeSlice(0xf, new Uint8Array(8)),
    () => memory.copyWithin(0x10, 0x100, 8),
    () => memory.copyWithin(0x100, 0x10, 8),
    () => memory.store64(0x10, 1n),
    () => memory.add8(0x12, 1),
    () => memory.compareExchange32(0x10, memory.peek(0x10, 1).bytes[0] as number, 9),
    () => memory.dma(0, 0x100, "write").write(0x12, Uint8Array.of(1)),
    () => memory.readBytes(0, 0x100),
  ];
  for (const access of accesses) {
    expectSameBytes(memory, () => expect(thrownBy(access)).toBe(stop));
    expect(told.splice(0).at(-1)).toBe("second");
  }
  second.dispose();
  second.dispose();
  memory.writeUint32(0x10, 1);
  expect(told).toEqual(["first", "third"]);
});

/** Like expectUntouched, by the debugger's eyes, which no watch sees. */
function expectSameBytes(memory: GuestMemory, act: () => void): void {
  const client = memory.dirty.client("all");
  const before = [memory.peek(0, 0x3000).bytes, memory.mapGeneration];
  act();
  expect([memory.peek(0, 0x3000).bytes, memory.mapGeneration]).toEqual(before);
  expect(client.collect()).toEqual([]);
  client.dispose();
}

test("a callback may end its watch, set one, change the map, dispose the memory", async () => {
  using memory = await machine();
  const told: string[] = [];
  const once = memory.watch(0x10, 1, { write: true }, () => {
    told.push("once");
    once.dispose();
    later.dispose(); // has not been told yet, and is not
    memory.watch(0x10, 1, { write: true }, () => void told.push("new"));
  });
  const later = memory.watch(0x10, 1, { write: true }, () => void told.push("later"));
  memory.writeUint8(0x10, 1);
  expect([told.splice(0), memory.readUint8(0x10)]).toEqual([["once"], 1]);
  memory.writeUint8(0x10, 2);
  expect(told.splice(0)).toEqual(["new"]);
  // The write goes where the map says after the callback.
  const [one] = memory.mapped as [MappedRegion];
  memory.watch(0x100, 1, { write: true }, () => one.move(0x8000));
  expectCode(() => memory.writeUint8(0x100, 9), "INVALID_GUEST_ADDRESS", { address: 0x100, length: 1 });
  expect(memory.readUint8(0x8100)).toBe(1);
  one.move(0);
  for (const act of [
    () => memory.writeSlice(0x100, counting(2)),
    () => memory.fill(0x100, 1, 2),
    () => memory.add8(0x100, 1),
  ]) {
    expect((thrownBy(act) as GuestMemoryError).code).toBe("INVALID_GUEST_ADDRESS");
    one.move(0);
  }
  memory.watch(0x2000, 1, { read: true, write: true }, () => memory.dispose());
  expect((thrownBy(() => memory.writeUint8(0x2000, 1)) as GuestMemoryError).code).toBe("DISPOSED");
  later.dispose(); // no error after the memory's end
});

test("a write to a hole goes to what a callback maps there", async () => {
  using memory = await machine();
  memory.onUnmapped = { write: () => expect.unreachable() };
  memory.watch(0x9000, 1, { write: true }, () => void memory.map({ kind: "ram", start: 0x9000, size: 0x1000 }));
  memory.writeUint8(0x9000, 7);
  expect(memory.readUint8(0x9000)).toBe(7);
});

test("an access in a callback is an access", async () => {
  using memory = await machine();
  const told: string[] = [];
  memory.watch(0x10, 1, { read: true }, () => void told.push("read"));
  memory.watch(0x20, 4, { write: true }, ({ value }) => {
    told.push(`write ${value} over ${memory.readUint8(0x10)}`);
  });
  memory.writeUint32(0x20, 0x0403_0201);
  expect([told, memory.readUint32(0x20)]).toEqual([["read", `write ${0x0403_0201} over 17`], 0x0403_0201]);
});

test("a write that external memory cannot take springs no trap, and no watch sees it", async () => {
  const source = new ArrayBuffer(2 * PAGE);
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: PAGE },
    { kind: "external", start: PAGE, source },
  ]);
  const seen: unknown[] = [];
  memory.trapWrites(0, 2 * PAGE, (page) => void seen.push(page));
  memory.watch(0, PAGE, { write: true }, ({ address }) => void seen.push(address));
  const range = memory.dma(PAGE - 4, 8, "write");
  structuredClone(source, { transfer: [source] });
  for (const write of [
    () => memory.writeUint16(PAGE + 4, 1),
    () => memory.writeUint32(PAGE - 2, 1),
    () => memory.fill(PAGE - 4, 1, 8),
    () => memory.write(PAGE - 4, new Uint8Array(8)),
    () => memory.copyWithin(PAGE - 4, 0, 8),
    () => range.write(0, new Uint8Array(8)),
  ]) {
    expect((thrownBy(write) as GuestMemoryError).code, String(write)).toBe("INVALID_EXTERNAL");
  }
  expect(seen).toEqual([]);
  memory.writeUint8(0, 1);
  expect(seen).toEqual([0, 0]);
});
