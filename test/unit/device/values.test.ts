// Values: those that the caller writes, and those that handlers for holes and forbidden accesses give.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { expectUntouched, thrownBy } from "../support.ts";

/** What a DataView makes of a value, as bytes, or the constructor of its error. */
function asDataView(type: "Uint8" | "Uint16" | "Uint32", value: unknown): unknown {
  const view = new DataView(new ArrayBuffer(4));
  try {
    view[`set${type}`](0, value as number, true);
  } catch (error) {
    return (error as Error).constructor;
  }
  return view.getUint32(0, true);
}

const VALUES: unknown[] = [
  ...[0, -0, 1.9, -1, 2 ** 32 + 5, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
  ...[undefined, null, true, "7", "0x10", "no number", [], [9], {}, { valueOf: () => 258 }, new Date(77)],
  ...[5n, Symbol("5"), Object(5n)],
];

test("scalar writes of the CPU and of DMA take numbers as a DataView does", async () => {
  const device = { read: () => 0, write: () => {} };
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x1000 },
    { kind: "external", start: 0x2000, source: new ArrayBuffer(16) },
    { kind: "mmio", start: 0x3000, size: 16, device },
  ]);
  for (const value of VALUES) {
    for (const type of ["Uint8", "Uint16", "Uint32"] as const) {
      for (const start of [0, 0x2000]) {
        const dma = memory.dma(start, 8, "write");
        for (const write of [
          () => memory[`write${type}`](start, value as number),
          () => dma[`write${type}`](0, value as number),
        ]) {
          memory.writeUint32(start, 0);
          let got: unknown;
          try {
            write();
            got = memory.readUint32(start);
          } catch (error) {
            got = (error as Error).constructor;
            expect(memory.readUint32(start)).toBe(0);
          }
          expect(got, `${type} ${String(value)} at ${start}`).toEqual(asDataView(type, value));
        }
      }
    }
  }
});

test("64-bit writes take bigints alone", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x1000 },
    { kind: "mmio", start: 0x3000, size: 16, device: { write: () => expect.unreachable() } },
  ]);
  memory.onHostWrite = () => expect.unreachable();
  expectUntouched(memory, () => {
    for (const value of VALUES.filter((value) => typeof value !== "bigint") as bigint[]) {
      for (const start of [0, 0x3000]) {
        const dma = memory.dma(start, 8, "write");
        const calls = [
          () => memory.writeBigUint64(start, value),
          () => memory.writeBigInt64BE(start, value),
          () => memory.writeBigUint128(start, value),
          () => dma.writeBigUint64(0, value),
        ];
        for (const call of calls) expect(thrownBy(call), String(value)).toBeInstanceOf(TypeError);
      }
    }
  });
});

test("a handler for holes gives a bigint, or a number that has 64 exact bits; NaN is a TypeError", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.protect(0, 0x1000, "---");
  let answer: unknown;
  const handlers = { read: () => answer as number, fetch: () => answer as number };
  memory.onUnmapped = handlers;
  memory.onDenied = handlers;
  const reads = (address: number) => [
    () => memory.readBigUint64(address),
    () => memory.readBigInt64BE(address),
    () => memory.readFloat64(address),
    () => memory.readBigUint128(address),
  ];
  for (const address of [0x10, 0x9000, 0xffc]) {
    for (answer of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, -0.5, "5", null, {}, true, Symbol("5")]) {
      for (const read of reads(address)) expect(thrownBy(read), String(answer)).toBeInstanceOf(TypeError);
    }
    for (answer of [5, 5n]) {
      expect(memory.readBigUint64(address)).toBe(5n);
      expect(memory.readBigUint128(address)).toBe(5n);
    }
    answer = -1;
    expect(memory.readBigUint64(address)).toBe(2n ** 64n - 1n);
    for (const [given, byte] of [
      [Number.NaN, 0],
      [1.5, 1],
      [2 ** 40 + 3, 3],
      [-1n, 255],
    ] as const) {
      answer = given;
      expect(memory.readUint8(address)).toBe(byte);
    }
  }
});
