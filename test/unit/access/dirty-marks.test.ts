// Every scalar store marks the pages of its bytes, and no others: by each accessor, aligned or not, at each kind of place.
import { expect, test } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";

await init();

/** The bytes that each accessor writes. */
const BYTES: Record<string, number> = { Uint8: 1, Int8: 1, BigUint128: 16 };
const WIDER = { Uint16: 2, Int16: 2, Uint32: 4, Int32: 4, BigUint64: 8, BigInt64: 8, Float32: 4, Float64: 8 };
for (const [type, size] of Object.entries(WIDER)) Object.assign(BYTES, { [type]: size, [`${type}BE`]: size });
const ATOMICS: Record<string, number> = { store8: 1, add16: 2, xor32: 4, exchange64: 8 };

type Methods = Record<string, (address: number | bigint, value: number | bigint) => void>;

const FAR = 2 ** 32;

/** Three whole pages, a part of a page, a page of two regions, a region beyond 4 GiB, and one that is a part of a page. */
const RANGES: [number, number][] = [
  [0x1000, 0x3000],
  [0x5000, 0x800],
  [0x7000, 0x301],
  [0x7301, 0xcff],
  [FAR, 0x2000],
  [FAR + 0x4010, 0x100],
];

/** Offsets from the starts of pages, which are aligned for no size, for some, or for all. */
const PLACES = [0x1000, 0x1010, 0x1021, 0x1032, 0x1044, 0x1058, 0x5020, 0x5031, 0x7100, 0x7203, 0x7400];
PLACES.push(FAR, FAR + 0x11, FAR + 0x1ff0, FAR + 0x4020, FAR + 0x4033);

/** The pages that hold a byte of the ranges. */
function pagesOf(ranges: readonly (readonly [number, number])[]): number[] {
  const pages = new Set<number>();
  for (const [start, length] of ranges) {
    for (let page = Math.floor(start / 0x1000); page * 0x1000 < start + length; page++) pages.add(page);
  }
  return [...pages];
}

function expectMarks(name: string, size: number, places: readonly number[]): void {
  using memory = GuestMemory.fromRangesSync(RANGES);
  const client = memory.dirty.client("test");
  const methods = memory as unknown as Methods;
  const value = /64|128/.test(name) && !name.includes("Float") ? 1n : 1;
  for (const place of places) {
    for (const address of [place, BigInt(place), place]) {
      methods[name]?.(address, value);
      expect(pagesOf(client.collect()), `${name} at ${address}`).toEqual(pagesOf([[place, size]]));
    }
  }
}

test.each(Object.entries(BYTES))("write%s", (type, size) => {
  expectMarks(`write${type}`, size, PLACES);
  if (size === 1) return;
  const over = [0x2000, 0x3000, 0x7301, FAR + 0x1000].flatMap((edge) => [edge - 1, edge - size + 1, edge - size / 2]);
  expectMarks(`write${type}`, size, over);
});

test.each(Object.entries(ATOMICS))("%s", (name, size) => {
  expectMarks(
    name,
    size,
    PLACES.filter((place) => place % size === 0),
  );
});
