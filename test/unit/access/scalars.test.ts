// Scalars: every type, width and byte order against DataView, at every kind of place; and `onUnmapped`.
import { expect, test } from "vitest";
import { GuestMemory, type OnUnmapped } from "../../../ts/index.ts";
import { expectCode } from "../support.ts";

const TYPES = {
  Uint8: 1,
  Int8: 1,
  Uint16: 2,
  Int16: 2,
  Uint32: 4,
  Int32: 4,
  BigUint64: 8,
  BigInt64: 8,
  Float32: 4,
  Float64: 8,
} as const;
type Type = keyof typeof TYPES;
type Accessor = Exclude<Type, "Uint8" | "Int8"> extends infer T extends string ? `${T}BE` | Type : never;

const read = (memory: GuestMemory, type: Accessor, address: number | bigint) => memory[`read${type}`](address);
function write(memory: GuestMemory, type: Accessor, address: number | bigint, value: number | bigint): void {
  const methods = memory as unknown as Record<string, (address: number | bigint, value: number | bigint) => void>;
  methods[`write${type}`]?.(address, value);
}

/** Fast path, unaligned, over a page's end, over a region's end, a partial page, past 4 GiB. */
const PLACES = [
  0x1000,
  0x1001,
  0x1002,
  0x1ffc,
  0x1ffd,
  0x1fff,
  0x2ffd,
  0x2fff,
  0x31f0,
  0x31f3,
  2 ** 31 - 3,
  2 ** 32 - 8,
  2 ** 32 - 3,
  2 ** 32 + 1,
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  127,
  128,
  255,
  256,
  -32769,
  65535,
  65536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  -(2 ** 31) - 1,
  1.5,
  -2.75,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const BIGINTS = [0n, 1n, -1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n) - 1n, 0x0102_0304_0506_0708n];

/** With one region over 2 GiB and one over 4 GiB, or two that meet there; what wraps at 4 GiB finds the region at 0. */
function layout(meeting = false) {
  const around = (at: number): [number, number][] => {
    if (!meeting) return [[at - 4096, 8192]];
    return [
      [at - 4096, 4096],
      [at, 4096],
    ];
  };
  const low: [number, number][] = [
    [0, 0x1000],
    [0x1000, 0x2000],
    [0x3000, 0x200],
  ];
  return GuestMemory.fromRanges([...low, ...around(2 ** 31), ...around(2 ** 32)]);
}

for (const [type, size] of Object.entries(TYPES) as [Type, number][]) {
  for (const accessor of (size === 1 ? [type] : [type, `${type}BE`]) as Accessor[]) {
    test.each([false, true])(`${accessor} is DataView's (regions that meet: %s)`, async (meeting) => {
      using memory = await layout(meeting);
      const little = accessor === type;
      for (const place of PLACES) {
        for (const value of type.startsWith("Big") ? BIGINTS : NUMBERS) {
          const expected = new DataView(new ArrayBuffer(size + 2));
          if (typeof value === "bigint") expected[`set${type as "BigInt64"}`](1, value, little);
          else expected[`set${type as "Int16"}`](1, value, little);
          for (const address of [place, BigInt(place)]) {
            memory.fill(place, 0, size);
            write(memory, accessor, address, value);
            expect(memory.readBytes(place, size)).toEqual(new Uint8Array(expected.buffer.slice(1, size + 1)));
            expect(read(memory, accessor, address)).toBe(expected[`get${type}`](1, little));
          }
        }
      }
    });

    test(`${accessor} over an edge is refused whole, or handed to onUnmapped once`, async () => {
      using memory = await layout();
      memory.fill(0x31f0, 0x5a, 16);
      const value = type.startsWith("Big") ? 0x0102_0304_0506_0708n : 0x0102_0304;
      const calls: unknown[] = [];
      const handler: OnUnmapped = {
        read: (address, bytes) => void calls.push(["read", address, bytes]),
        write: (...call) => void calls.push(["write", ...call]),
      };
      for (let backed = size - 1; backed >= 0; backed--) {
        const address = 0x3200 - backed;
        const code = backed === 0 ? "INVALID_GUEST_ADDRESS" : "PARTIAL_BUFFER";
        memory.onUnmapped = undefined;
        expectCode(() => read(memory, accessor, address), code, { address, length: size });
        expectCode(() => write(memory, accessor, address, value), code, { address, length: size });

        memory.onUnmapped = handler;
        expectCode(() => read(memory, accessor, address), code, { address, length: size });
        write(memory, accessor, address, value);
        const stored = new DataView(new ArrayBuffer(8));
        if (typeof value === "bigint") stored[`set${type as "BigInt64"}`](0, value, accessor === type);
        else stored[`set${type as "Int16"}`](0, value, accessor === type);
        const raw = stored.getBigUint64(0, true);
        expect(calls.splice(0)).toEqual([
          ["read", address, size],
          ["write", address, size, size === 8 ? raw : Number(raw)],
        ]);
      }
      expect(memory.readBytes(0x31f0, 16)).toEqual(new Uint8Array(16).fill(0x5a));
    });
  }
}

test("a handler's value is little-endian and unsigned, whatever the accessor makes of it", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.onUnmapped = { read: (_, size) => (size === 8 ? 0xf1f2_f3f4_f5f6_f7f8n : 0xf1f2_f3f4 >>> (32 - size * 8)) };
  const at = 0x4000_0000;
  expect([memory.readUint8(at), memory.readInt8(at)]).toEqual([0xf1, 0xf1 - 256]);
  expect([memory.readUint16(at), memory.readUint16BE(at), memory.readInt16(at)]).toEqual([
    0xf1f2,
    0xf2f1,
    0xf1f2 - 65536,
  ]);
  expect([memory.readUint32(at), memory.readUint32BE(at)]).toEqual([0xf1f2_f3f4, 0xf4f3_f2f1]);
  expect(memory.readBigUint64BE(at)).toBe(0xf8f7_f6f5_f4f3_f2f1n);
  expect(memory.readBigInt64(at)).toBe(0xf1f2_f3f4_f5f6_f7f8n - 2n ** 64n);
  expect(memory.readFloat32(at)).toBe(new DataView(Uint8Array.of(0xf4, 0xf3, 0xf2, 0xf1).buffer).getFloat32(0, true));
});

test("a handler may use the memory, change its map, throw, and be replaced", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.onUnmapped = {
    read: (address) => {
      memory.writeUint16(0xfff - 1, 0x1234);
      return memory.readUint8(address % 0x1000);
    },
    write: (address, _, value) => {
      memory.insertRegion(address & ~0xfff, 0x1000);
      memory.writeUint32(address, Number(value) + 1);
    },
  };
  memory.writeUint8(8, 9);
  expect(memory.readUint32(0x5008)).toBe(9);
  memory.writeUint32(0x5008, 41);
  expect(memory.readUint32(0x5008)).toBe(41); // backed now: the access was made on the memory, after the handler
  memory.onUnmapped = {
    read: () => {
      throw new Error("bus fault");
    },
  };
  expect(() => memory.readUint8(0x9000)).toThrow("bus fault");
  expectCode(() => memory.writeUint8(0x9000, 1), "INVALID_GUEST_ADDRESS", { address: 0x9000, length: 1 });
  memory.onUnmapped = undefined;
  expectCode(() => memory.readUint8(0x9000), "INVALID_GUEST_ADDRESS", { address: 0x9000, length: 1 });
  expect(memory.readUint8(8)).toBe(9);
});

test("a handler is asked neither for backed bytes, nor by accesses that may stop early, nor by atomics", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1800]]);
  const calls: unknown[] = [];
  memory.onUnmapped = { read: (...call) => void calls.push(call), write: (...call) => void calls.push(call) };
  memory.writeBigUint64(0xffd, 7n);
  expect(memory.readBigUint64(0xffd)).toBe(7n);
  expect(memory.write(0x17fc, new Uint8Array(8))).toBe(4);
  const place = { address: 0x1800, length: 4 };
  expectCode(() => memory.load32(0x1800), "INVALID_GUEST_ADDRESS", place);
  expect(calls).toEqual([]);
});

test("a handler of a bigint memory is given bigints", async () => {
  using memory = await GuestMemory.fromRanges([[2n ** 63n, 0x1000]], { addresses: "bigint" });
  const seen: unknown[] = [];
  memory.onUnmapped = { read: (address) => seen.push(address) };
  expect(memory.readUint8(5)).toBe(1);
  expect(memory.readUint8(2n ** 63n + 0x1001n)).toBe(2);
  expect(seen).toEqual([5n, 2n ** 63n + 0x1001n]);
});
