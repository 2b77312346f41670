// The library remembers the array of the last copy (ts/core/byte-array.ts). Changes to it between two copies still
// count.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";

const both = (memory: GuestMemory, array: Uint8Array) => [
  () => memory.writeSlice(0x100, array),
  () => memory.readSlice(0x100, array),
  () => memory.write(0x100, array),
  () => memory.read(0x100, array),
];

test("an array that lost its bytes since the last copy is an error", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  for (let which = 0; which < 4; which++) {
    const array = new Uint8Array(16).fill(7);
    const copy = both(memory, array)[which] as () => unknown;
    copy();
    copy();
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(copy).toThrow(expect.objectContaining({ code: "DETACHED_BUFFER" }));
  }
});

test("an array that follows its resizable buffer is as long as that is", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const buffer = new ArrayBuffer(16, { maxByteLength: 0x2000 });
  const array = new Uint8Array(buffer);
  memory.writeSlice(0xff0, array);
  memory.writeSlice(0xff0, array);
  buffer.resize(17);
  array.fill(9);
  expect(() => memory.writeSlice(0xff0, array)).toThrow(expect.objectContaining({ code: "PARTIAL_BUFFER" }));
  expect(memory.write(0xff0, array)).toBe(16);
  buffer.resize(4);
  memory.fill(0xff0, 0, 16);
  memory.writeSlice(0xff0, array);
  expect([...memory.readBytes(0xff0, 5)]).toEqual([9, 9, 9, 9, 0]);
});

test("a length that lies about a known array moves what the array really has", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const array = new Uint8Array(32).fill(5);
  memory.writeSlice(0x100, array);
  Object.defineProperty(array, "length", { value: 4 });
  expect(() => memory.writeSlice(0xff0, array)).toThrow(
    expect.objectContaining({ code: "PARTIAL_BUFFER", length: 32 }),
  );
  expect(memory.readUint8(0xff0)).toBe(0);
});

test("nor does a lie hide that its buffer was resized", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const buffer = new ArrayBuffer(16, { maxByteLength: 0x2000 });
  const array = new Uint8Array(buffer);
  memory.writeSlice(0xff0, array);
  Object.defineProperty(array, "length", { value: 16 });
  buffer.resize(0x1800);
  expect(() => memory.writeSlice(0xff0, array)).toThrow(
    expect.objectContaining({ code: "PARTIAL_BUFFER", length: 0x1800 }),
  );
});

test("undefined, before there was any array, is the caller's wrong argument", async () => {
  for (let which = 0; which < 4; which++) {
    using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
    const copy = both(memory, undefined as unknown as Uint8Array)[which] as () => unknown;
    expect(copy).toThrow(/must be a Uint8Array, not undefined/);
  }
});

test("a buffer that says another length, or another kind, is measured by the engine", async () => {
  const source = new ArrayBuffer(0x1000);
  Object.defineProperty(source, "byteLength", { value: 4 });
  using memory = await GuestMemory.create([
    { kind: "external", start: 0x4000, source },
    { kind: "ram", start: 0, size: 0x1000 },
  ]);
  memory.store32(0x4ffc, 7);
  expect(memory.load32(0x4ffc)).toBe(7);
  expect(memory.readUint32(0x4ffc)).toBe(7);

  // A shared buffer with the prototype of the others may grow at any moment, so it must not pass for one of them.
  for (const buffer of [new SharedArrayBuffer(16), new SharedArrayBuffer(16, { maxByteLength: 32 })]) {
    const array = new Uint8Array(buffer).fill(9);
    Object.setPrototypeOf(buffer, ArrayBuffer.prototype);
    for (const copy of both(memory, array)) {
      memory.fill(0x100, 5, 16);
      array.fill(9);
      copy();
      expect([...array]).toEqual([...memory.readBytes(0x100, 16)]);
    }
  }
});
