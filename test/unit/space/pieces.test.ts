// Pieces: a range that crosses 4 GiB goes on there, and not at address 0, whatever kind of access walks it.
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting } from "../support.ts";

const EDGE = 2 ** 32;

test("the bytes behind 4 GiB are found one by one, and the region at 0 is left alone", async () => {
  using memory = await GuestMemory.fromRanges([
    [0, 0x1000],
    [EDGE - 0x1000, 0x1000],
    [EDGE, 0x1000],
  ]);
  const behind = () => Array.from({ length: 5 }, (_, index) => memory.readUint8(EDGE + index));
  const writes: [(address: number) => void, number[]][] = [
    [(address) => memory.writeBigUint64(address, 0x0807_0605_0403_0201n), [4, 5, 6, 7, 8]],
    [(address) => memory.writeSlice(address, counting(8, 11)), [14, 15, 16, 17, 18]],
    [(address) => memory.poke(address, counting(8, 21)), [24, 25, 26, 27, 28]],
    [(address) => memory.dma(address, 8, "write").write(0, counting(8, 31)), [34, 35, 36, 37, 38]],
  ];
  for (const [write, expected] of writes) {
    write(EDGE - 3);
    expect(behind()).toEqual(expected);
    expect(memory.readBigUint64(0)).toBe(0n);
  }
  for (let index = 0; index < 5; index++) memory.writeUint8(EDGE + index, 0xa0 + index);
  expect(memory.readBigUint64(EDGE - 3) >> 24n).toBe(0xa4_a3a2_a1a0n);
  expect([...memory.readBytes(EDGE - 3, 8)].slice(3)).toEqual([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);
  expect([...memory.peek(EDGE - 3, 8).bytes].slice(3)).toEqual([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);
});
