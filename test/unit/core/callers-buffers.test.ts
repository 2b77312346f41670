// The caller's arrays: every kind of buffer that must work as source and target, and values that are not arrays of
// bytes.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched, thrownBy } from "../support.ts";

const layout = (): Promise<GuestMemory> =>
  GuestMemory.fromRanges([
    [0, 0x1000],
    [0x1000, 0x1000],
    [0x4000, 0x800],
  ]);

/** Gives an array of another length when it is asked for a part or a copy of itself. */
class Bytes extends Uint8Array<ArrayBuffer> {
  static get [Symbol.species]() {
    return Longer as unknown as Uint8ArrayConstructor;
  }
}

class Longer extends Uint8Array<ArrayBuffer> {
  constructor() {
    super(new ArrayBuffer(0x3000));
  }
}

/** A source or target of each kind that must do: `bytes` on it, and whose buffer it is on. */
const BUFFERS: Record<string, (memory: GuestMemory, length: number) => Uint8Array> = {
  "an array": (_, length) => new Uint8Array(length),
  "a part of an array": (_, length) => new Uint8Array(length + 7).subarray(3, 3 + length),
  "a Buffer": (_, length) => Buffer.alloc(length),
  "a subclass": (_, length) => new Bytes(new ArrayBuffer(length), 0, length),
  "a SharedArrayBuffer": (_, length) => new Uint8Array(new SharedArrayBuffer(length + 8), 8, length),
  "a growable SharedArrayBuffer": (_, length) => new Uint8Array(growable(length), 0, length),
  "a growable SharedArrayBuffer, tracking its length": (_, length) => new Uint8Array(growable(length)),
  "a resizable buffer": (_, length) => new Uint8Array(resizable(length, length + 64), 0, length),
  "a resizable buffer, tracking its length": (_, length) => new Uint8Array(resizable(length, length + 64)),
  "a view of another guest": (_, length) => GuestMemory.fromRangesSync([[0, 0x2000]]).view(0, length),
  "the guest's own view": (memory, length) => memory.view(0x1400, length),
};

function resizable(length: number, maxByteLength: number): ArrayBuffer {
  return new ArrayBuffer(length, { maxByteLength });
}

function growable(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(length, { maxByteLength: length + 64 });
}

for (const [name, make] of Object.entries(BUFFERS)) {
  test(`bytes on ${name}: as source and as target`, async () => {
    for (const [address, length] of [
      [0x100, 64],
      [0xff0, 64],
      [0xfff, 2],
      [0, 0x400],
    ] as const) {
      using memory = await layout();
      const source = make(memory, length);
      source.set(counting(length));
      expect(memory.write(address, source)).toBe(length);
      expect(memory.readBytes(address, length)).toEqual(counting(length));
      source.set(counting(length, 5));
      memory.writeSlice(address, source);
      expect(memory.readBytes(address, length)).toEqual(counting(length, 5));
      expect(memory.indexOf(source, address, length)).toBe(address);

      memory.writeSlice(address, counting(length, 9));
      const into = make(memory, length);
      expect(memory.read(address, into)).toBe(length);
      expect([...into]).toEqual([...counting(length, 9)]);
      into.fill(0);
      memory.readSlice(address, into);
      expect([...into]).toEqual([...counting(length, 9)]);
    }
  });
}

test("the guest's own view as source or target, overlapping, is right both ways and across regions", async () => {
  for (const [view, address, length] of [
    [0x100, 0x110, 64],
    [0x110, 0x100, 64],
    [0x1000, 0xff0, 64],
    [0xf00, 0xfe0, 0x100],
    [0x1008, 0xff8, 0x20],
    [0xfe0, 0xff0, 0x20],
  ] as const) {
    for (const name of ["write", "writeSlice", "read", "readSlice"] as const) {
      using memory = await layout();
      const model = counting(0x2000).map((byte, index) => byte ^ (index >> 8));
      memory.writeSlice(0, model);
      memory[name](address, memory.view(view, length));
      if (name.startsWith("write")) model.copyWithin(address, view, view + length);
      else model.copyWithin(view, address, address + length);
      expect(memory.readBytes(0, 0x2000), `${name} ${view} ${address}`).toEqual(model);
    }
  }
});

/** Every parameter that is bytes. */
const BYTES: [string, (memory: GuestMemory, bytes: Uint8Array) => unknown][] = [
  ["write", (memory, bytes) => memory.write(0, bytes)],
  ["writeSlice", (memory, bytes) => memory.writeSlice(0, bytes)],
  ["read", (memory, bytes) => memory.read(0, bytes)],
  ["readSlice", (memory, bytes) => memory.readSlice(0, bytes)],
  ["indexOf", (memory, bytes) => memory.indexOf(bytes, 0, 0x1000)],
];

for (const [name, act] of BYTES) {
  test(`${name}: what is no Uint8Array is a TypeError`, async () => {
    using memory = await layout();
    const wrong = [
      "bytes",
      "",
      4,
      null,
      undefined,
      [1, 2],
      { length: 2, 0: 1, 1: 2 },
      new ArrayBuffer(4),
      new DataView(new ArrayBuffer(4)),
      new Int8Array(4),
      new Uint16Array(4),
      new Uint8ClampedArray(4),
      Object.create(Uint8Array.prototype),
    ];
    expectUntouched(memory, () => {
      for (const value of wrong) expect(thrownBy(() => act(memory, value as Uint8Array))).toBeInstanceOf(TypeError);
    });
  });

  test(`${name}: an array without its bytes is DETACHED_BUFFER`, async () => {
    using memory = await layout();
    const transferred = new Uint8Array(8);
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
    const shrunk = resizable(16, 16);
    const beyond = new Uint8Array(shrunk, 8, 8);
    shrunk.resize(4);
    const stale = memory.view(0, 8);
    memory.wasmMemory.grow(1);
    expectUntouched(memory, () => {
      for (const bytes of [transferred, beyond, stale])
        expectCode(() => act(memory, bytes), "DETACHED_BUFFER", { length: 0 });
    });
  });
}

test("an array whose properties lie is taken for what it is", async () => {
  using memory = await layout();
  const liar = Object.defineProperties(counting(4), {
    length: { value: 0x2000 },
    byteLength: { value: 0x2000 },
    buffer: { value: memory.wasmMemory.buffer },
    byteOffset: { value: 0 },
    subarray: { value: () => expect.unreachable() },
    slice: { value: () => expect.unreachable() },
    set: { value: () => expect.unreachable() },
  });
  for (const address of [0x100, 0xffe]) {
    expect(memory.write(address, liar)).toBe(4);
    expect(memory.readBytes(address, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 0));
    memory.fill(address, 9, 4);
    expect(memory.read(address, liar)).toBe(4);
    expect(Array.from({ length: 4 }, (_, index) => liar[index])).toEqual([9, 9, 9, 9]);
    liar[0] = 1;
    liar[1] = 2;
    liar[2] = 3;
    liar[3] = 4;
  }
});
