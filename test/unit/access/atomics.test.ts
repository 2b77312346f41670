// Atomics: every operation at every width against `Atomics` on a typed array, and where they are refused.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { expectCode, expectUntouched } from "../support.ts";

const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;
const WIDTHS = [8, 16, 32, 64] as const;
const OPERATIONS = ["store", "add", "sub", "and", "or", "xor", "exchange"] as const;
type Width = (typeof WIDTHS)[number];

/** The atomic methods, called by name with operands of either kind. */
type Methods = Record<string, (address: number | bigint, ...operands: (number | bigint)[]) => number | bigint>;
const methods = (memory: GuestMemory) => memory as unknown as Methods;

const call = (memory: GuestMemory, name: string, ...args: [number | bigint, ...(number | bigint)[]]) =>
  methods(memory)[name]?.(...args);

/** Operands that must wrap, and some that must not. */
function operands(width: Width): (number | bigint)[] {
  if (width === 64) return [0n, 1n, -1n, 0x0102_0304_0506_0708n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n + 5n];
  return [0, 1, -1, 0x7f, 0x80, 0xff, 0x100, 0x1234_5678, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 3, 1.9];
}

for (const width of WIDTHS) {
  for (const operation of OPERATIONS) {
    test(`${operation}${width} does and gives what Atomics does`, async () => {
      using memory = await GuestMemory.fromRanges([
        [0x1000, 0x1000],
        [2 ** 32, 0x1000],
      ]);
      for (const address of [0x1008, 0x1ff8, 0x1ff8n, 2 ** 32 + 8]) {
        for (const first of operands(width)) {
          for (const value of operands(width)) {
            // Typed as one array: operands and width fit each other.
            const array = new ARRAYS[width](1) as Uint32Array;
            Atomics.store(array, 0, first as number);
            call(memory, `store${width}`, address, first);
            expect(call(memory, `${operation}${width}`, address, value)).toBe(
              Atomics[operation](array, 0, value as number),
            );
            expect(call(memory, `load${width}`, address)).toBe(array[0]);
            expect(memory.readBytes(address, width / 8)).toEqual(new Uint8Array(array.buffer));
          }
        }
      }
    });
  }

  test(`compareExchange${width} exchanges only what is expected`, async () => {
    using memory = await GuestMemory.fromRanges([[0x1000, 0x1000]]);
    const value = (number: number) => (width === 64 ? BigInt(number) : number);
    call(memory, `store${width}`, 0x1010, value(5));
    expect(call(memory, `compareExchange${width}`, 0x1010, value(6), value(9))).toBe(value(5));
    expect(call(memory, `load${width}`, 0x1010)).toBe(value(5));
    expect(call(memory, `compareExchange${width}`, 0x1010, value(5), value(9))).toBe(value(5));
    expect(call(memory, `load${width}`, 0x1010)).toBe(value(9));
  });

  test(`${width} bits: unmapped, then misaligned, then crossing`, async () => {
    // The second boundary lies inside an aligned element, whatever its width above one byte.
    using memory = await GuestMemory.fromRanges([
      [0x1000, 0x1001],
      [0x2001, 0x1000],
    ]);
    const size = width / 8;
    const value = width === 64 ? 1n : 1;
    const call3 = (name: string, address: number) => () => call(memory, name, address, value, value);
    for (const operation of ["load", "compareExchange", ...OPERATIONS]) {
      const name = `${operation}${width}`;
      expectUntouched(memory, () => {
        expectCode(call3(name, 0x4000), "INVALID_GUEST_ADDRESS", { address: 0x4000, length: size });
        expectCode(call3(name, 0x4001), "INVALID_GUEST_ADDRESS", { address: 0x4001, length: size });
        if (size === 1) return;
        expectCode(call3(name, 0x3000), "PARTIAL_BUFFER", { address: 0x3000, length: size });
        expectCode(call3(name, 0x1801), "MISALIGNED", { address: 0x1801, length: size });
        expectCode(call3(name, 0x1fff), "MISALIGNED", { address: 0x1fff, length: size });
        expectCode(call3(name, 0x2000), "CROSSES_REGIONS", { address: 0x2000, length: size });
      });
    }
  });
}

test("a value of the wrong kind is a TypeError, and nothing is written or marked", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  using client = memory.dirty.client("watch");
  expectUntouched(memory, () => {
    expect(() => call(memory, "store64", 0, 1)).toThrow(TypeError);
    expect(() => call(memory, "add32", 0, 1n)).toThrow(TypeError);
    expect(() => call(memory, "compareExchange64", 0, 0n, 1)).toThrow(TypeError);
  });
  expect(client.collect()).toEqual([]);
});

test("atomics mark what they write, and loads mark nothing", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x8000]]);
  using client = memory.dirty.client("watch");
  memory.load32(0x1000);
  memory.load64(0x7ff8);
  expect(client.collect()).toEqual([]);
  for (const operation of [...OPERATIONS, "compareExchange"]) {
    for (const width of WIDTHS) {
      const value = width === 64 ? 0n : 0;
      call(memory, `${operation}${width}`, 0x3000 - width / 8, value, value);
      expect(client.collect()).toEqual([[0x2000, 0x1000]]);
    }
  }
});
