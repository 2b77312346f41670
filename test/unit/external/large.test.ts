// Large external memory: a buffer that is longer than any array of the engine. What is mapped of it works, or is refused.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";

const GIB = 2 ** 30;
const source = new ArrayBuffer(5 * GIB); // zeros that nobody touches take no memory
await GuestMemory.fromRanges([[0, 0x1000]]);

/** The longest array of bytes over `source`. */
function longest(): number {
  for (let length = 5 * GIB; ; length -= GIB) {
    try {
      return new Uint8Array(source, 0, length).length;
    } catch (error) {
      if (length < GIB) throw error;
    }
  }
}

/** Makes every access at `at`, a multiple of 8 in the buffer. */
function accessAll(memory: GuestMemory, at: number): void {
  memory.writeBigUint64(at, 0x0807_0605_0403_0201n);
  expect([memory.load8(at), memory.load16(at), memory.load32(at), memory.load64(at)]).toEqual([
    0x01,
    0x0201,
    0x0403_0201,
    0x0807_0605_0403_0201n,
  ]);
  expect(memory.add64(at, 1n)).toBe(0x0807_0605_0403_0201n);
  expect(memory.compareExchange32(at, 0x0403_0202, 7)).toBe(0x0403_0202);
  memory.store16(at + 2, 9);
  memory.store8(at + 7, 5);
  expect(memory.readUint8(at)).toBe(7);
  expect([...memory.readBytes(at, 8)]).toEqual([7, 0, 9, 0, 5, 6, 7, 5]);
  memory.writeSlice(at, counting(8));
  expect(memory.indexOf(counting(4, 3), at, 8)).toBe(at + 2);
  expect([...memory.view(at, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...memory.views(at, 8).flatMap((view) => [...view])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  memory.copyWithin(2 ** 40, at, 8);
  expect(memory.readBigUint64(2 ** 40)).toBe(0x0807_0605_0403_0201n);
  memory.fill(at, 3, 8);
  memory.poke(at + 1, Uint8Array.of(4));
  expect([...memory.peek(at, 3).bytes]).toEqual([3, 4, 3]);
  const dma = memory.dma(at, 8, "read");
  expect([dma.readUint16(0), dma.readBigUint64(0)]).toEqual([0x0403, 0x0303_0303_0303_0403n]);
}

for (const [name, offset, size] of [
  ["its start", 0, 0x1_0000],
  ["across 4 GiB", 4 * GIB - 0x8000, 0x1_0000],
  ["its end", 4.5 * GIB, undefined],
  ["a part that begins anywhere", 4.5 * GIB + 3, 0x1_0000],
  ["as much as an array can have", 0, longest()],
] as const) {
  test(`a part of a long buffer: ${name}`, () => {
    const start = offset % 8; // so that what is aligned for the guest is aligned in the buffer
    using memory = GuestMemory.createSync([
      { kind: "external", start, source, offset, ...(size === undefined ? {} : { size }) },
      { kind: "ram", start: 2 ** 40, size: 0x1000 },
    ]);
    const length = size ?? 5 * GIB - offset;
    expect(memory.mapped[0]?.size).toBe(length);
    accessAll(memory, (start + 7) & ~7);
    accessAll(memory, Math.floor((start + length) / 8) * 8 - 8);
    expectCode(() => memory.load64(Math.ceil((start + length) / 8) * 8), "INVALID_GUEST_ADDRESS", {
      address: Math.ceil((start + length) / 8) * 8,
      length: 8,
    });
  });
}

test("a region that is longer than any array is refused when it is mapped, unless the engine has such arrays", () => {
  for (const spec of [{}, { size: 5 * GIB }, { offset: 8, size: longest() + 8 }]) {
    const map = () => GuestMemory.createSync([{ kind: "external", start: 0, source, ...spec }]);
    const fits = longest() === 5 * GIB && !("offset" in spec);
    if (fits) {
      using memory = map();
      expect(memory.load32(5 * GIB - 4)).toBe(memory.readUint32(5 * GIB - 4));
    } else {
      expectCode(map, "INVALID_EXTERNAL");
    }
  }
});
