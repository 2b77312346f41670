// Arguments: bytes, addresses and lengths that every call must accept, and others that must fail and change nothing.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched, thrownBy } from "../support.ts";

type Any = GuestMemory<number | bigint>;
type U64Like = number | bigint;

const layout = (): Promise<GuestMemory> =>
  GuestMemory.fromRanges([
    [0, 0x1000],
    [0x1000, 0x1000],
    [0x4000, 0x800],
  ]);

const SCALARS = [
  "Uint8",
  "Int8",
  ...["Uint16", "Int16", "Uint32", "Int32", "BigUint64", "BigInt64", "Float32", "Float64"].flatMap((type) => [
    type,
    `${type}BE`,
  ]),
];
const ATOMICS = ["load", "store", "add", "sub", "and", "or", "xor", "exchange", "compareExchange"].flatMap((name) =>
  [8, 16, 32, 64].map((width) => [name, width] as const),
);

function invoke(memory: Any, name: string, ...args: unknown[]): unknown {
  return (memory as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args);
}

/** Every parameter that is a guest address. */
const ADDRESSES: [string, (memory: Any, address: U64Like) => unknown][] = [
  ...SCALARS.flatMap((type): [string, (memory: Any, address: U64Like) => unknown][] => [
    [`read${type}`, (memory, address) => invoke(memory, `read${type}`, address)],
    [`write${type}`, (memory, address) => invoke(memory, `write${type}`, address, type.startsWith("Big") ? 1n : 1)],
  ]),
  ...ATOMICS.map(([name, width]): [string, (memory: Any, address: U64Like) => unknown] => {
    const value = width === 64 ? 0n : 0;
    return [`${name}${width}`, (memory, address) => invoke(memory, `${name}${width}`, address, value, value)];
  }),
  ["write", (memory, address) => memory.write(address, counting(4))],
  ["write no bytes", (memory, address) => memory.write(address, counting(0))],
  ["read", (memory, address) => memory.read(address, counting(4))],
  ["read no bytes", (memory, address) => memory.read(address, counting(0))],
  ["writeSlice", (memory, address) => memory.writeSlice(address, counting(4))],
  ["readSlice", (memory, address) => memory.readSlice(address, counting(4))],
  ["readBytes", (memory, address) => memory.readBytes(address, 4)],
  ["view", (memory, address) => memory.view(address, 4)],
  ["views", (memory, address) => memory.views(address, 4)],
  ["fill", (memory, address) => memory.fill(address, 9, 4)],
  ["copyWithin to", (memory, address) => memory.copyWithin(address, 0, 4)],
  ["copyWithin from", (memory, address) => memory.copyWithin(0, address, 4)],
  ["copyFrom to", (memory, address) => memory.copyFrom(address, memory as GuestMemory, 0, 4)],
  ["copyFrom from", (memory, address) => memory.copyFrom(0, memory as GuestMemory, address, 4)],
  ["compare a", (memory, address) => memory.compare(address, 0, 4)],
  ["compare b", (memory, address) => memory.compare(0, address, 4)],
  ["indexOf", (memory, address) => memory.indexOf(counting(4), address, 4)],
  ["findRegion", (memory, address) => memory.findRegion(address)],
  ["toRegionAddress", (memory, address) => memory.toRegionAddress(address)],
  ["addressInRange", (memory, address) => memory.addressInRange(address)],
  ["checkRange", (memory, address) => memory.checkRange(address, 4)],
  ["checkedOffset", (memory, address) => memory.checkedOffset(address, 4)],
  ["insertRegion", (memory, address) => memory.insertRegion(address, 4)],
  ["removeRegion", (memory, address) => memory.removeRegion(address, 4)],
  ["markDirty", (memory, address) => memory.markDirty(address, 4)],
  ["hostOffset", (memory, address) => memory.hostOffset(address, 4, "read")],
  ["fromRangesSync", (_, address) => GuestMemory.fromRangesSync([[address, 4]])],
];

/** Every parameter that is a length, or an offset. */
const LENGTHS: [string, (memory: Any, length: U64Like) => unknown][] = [
  ["readBytes", (memory, length) => memory.readBytes(0, length)],
  ["view", (memory, length) => memory.view(0, length)],
  ["views", (memory, length) => memory.views(0, length)],
  ["fill", (memory, length) => memory.fill(0, 9, length)],
  ["copyWithin", (memory, length) => memory.copyWithin(0, 0x1000, length)],
  ["copyFrom", (memory, length) => memory.copyFrom(0, memory as GuestMemory, 0x1000, length)],
  ["compare", (memory, length) => memory.compare(0, 0x1000, length)],
  ["indexOf", (memory, length) => memory.indexOf(counting(4), 0, length)],
  ["checkRange", (memory, length) => memory.checkRange(0, length)],
  ["checkedOffset", (memory, length) => memory.checkedOffset(0, length)],
  ["insertRegion", (memory, length) => memory.insertRegion(0x8000, length)],
  ["removeRegion", (memory, length) => memory.removeRegion(0, length)],
  ["reserve", (memory, length) => memory.reserve(length)],
  ["markDirty", (memory, length) => memory.markDirty(0, length)],
  ["hostOffset", (memory, length) => memory.hostOffset(0, length, "read")],
  ["fromRangesSync", (_, length) => GuestMemory.fromRangesSync([[0, length]])],
  ["fromRangesSync reserve", (_, length) => GuestMemory.fromRangesSync([[0, 4]], { reserve: length })],
];

const NO_ADDRESS = [
  -1,
  -0.5,
  0.5,
  4095.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
  2 ** 64,
  -(2 ** 53),
  -1n,
  2n ** 64n,
  2n ** 70n,
];
const WRONG_TYPE = [
  "0",
  "0x10",
  "",
  null,
  undefined,
  true,
  {},
  [],
  [0],
  Symbol("0"),
  () => 0,
  new Date(0),
  Object(1n),
] as unknown as U64Like[];

for (const [name, act] of [...ADDRESSES, ...LENGTHS.map(([name, act]) => [`${name} (length)`, act] as const)]) {
  test(`${name}: what is no address or length is refused`, async () => {
    using memory = await layout();
    memory.fill(0, 0x5a, 0x2000);
    memory.onUnmapped = { read: () => expect.unreachable(), write: () => expect.unreachable() };
    expectUntouched(memory, () => {
      for (const value of NO_ADDRESS) {
        expect(
          thrownBy(() => act(memory, value)),
          `${String(value)}`,
        ).toBeInstanceOf(RangeError);
      }
      for (const value of WRONG_TYPE) {
        if (value === undefined && name.startsWith("fromRangesSync reserve")) continue; // not given
        expect(
          thrownBy(() => act(memory, value)),
          `${String(value)}`,
        ).toBeInstanceOf(TypeError);
      }
    });
  });
}

test("no bytes do everywhere: in memory, in a hole, at the last address, at 2^64 - 1", async () => {
  using memory = await layout();
  const none = new Uint8Array(0);
  const seen = memory.dirty.client("watch");
  expectUntouched(memory, () => {
    for (const address of [0, 0x1fff, 0x2000, 0x3000, 2 ** 53 - 1, 2n ** 64n - 1n]) {
      expect(memory.write(address, none)).toBe(0);
      expect(memory.read(address, none)).toBe(0);
      memory.writeSlice(address, none);
      memory.readSlice(address, none);
      expect(memory.readBytes(address, 0)).toEqual(none);
      expect(memory.view(address, 0).length).toBe(0);
      expect(memory.views(address, 0)).toEqual([]);
      memory.fill(address, 1, 0);
      memory.copyWithin(address, address, 0);
      memory.copyFrom(address, memory, address, 0);
      expect(memory.compare(address, 0, 0)).toBe(0);
      expect(memory.indexOf(counting(1), address, 0)).toBe(-1);
      expect(memory.checkRange(address, 0)).toBe(true);
      memory.markDirty(address, 0);
      memory.reserve(0);
    }
  });
  expect(seen.collect()).toEqual([]);
});

test("lengths that overflow are errors of the range, never a shorter range", async () => {
  using memory = await layout();
  for (const length of [2 ** 32, 2 ** 32 + 4, 2 ** 53 - 1, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 0xffen]) {
    expectUntouched(memory, () => {
      const place = { address: 0xffe, length };
      expectCode(() => memory.fill(0xffe, 1, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.copyWithin(0, 0xffe, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.compare(0, 0xffe, length), "PARTIAL_BUFFER", { address: 0, length });
      expectCode(() => memory.indexOf(counting(1), 0xffe, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.readBytes(0xffe, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.view(0xffe, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.views(0xffe, length), "PARTIAL_BUFFER", place);
      expectCode(() => memory.markDirty(0xffe, length), "PARTIAL_BUFFER", place);
      expect(memory.checkRange(0xffe, length)).toBe(false);
      expect(memory.hostOffset(0xffe, length, "read")).toBeUndefined();
    });
  }
});

test("wrong values of other kinds", async () => {
  using memory = await layout();
  expectUntouched(memory, () => {
    expect(() => memory.fill(0, "1" as unknown as number, 4)).toThrow(TypeError);
    expect(() => memory.fill(0, 1n as unknown as number, 4)).toThrow(TypeError);
    expect(() => memory.writeBigUint64(0, 1 as unknown as bigint)).toThrow(TypeError);
    expect(() => memory.writeUint32(0, 1n as unknown as number)).toThrow(TypeError);
    expect(() => memory.copyFrom(0, {} as GuestMemory, 0, 4)).toThrow(TypeError);
    expect(() => memory.dirty.client(5 as unknown as string)).toThrow(TypeError);
    expect(() => memory.hostOffset(0, 4, "execute" as "read")).toThrow(TypeError);
    for (const handlers of [5, "handlers", null, { read: 5 }, { write: {} }]) {
      expect(() => {
        memory.onUnmapped = handlers as object;
      }).toThrow(TypeError);
    }
  });
});
