// Crossing: scalar accesses over the boundary of two pages that the page table has both.

import { ACCESS_READ, ACCESS_WRITE, DIRTY_MARK } from "../core/abi.ts";
import type { Space } from "../space/space.ts";

/** The last address at which 4 bytes end before 4 GiB. */
const LAST = 0xffff_fffc;

/** Accesses at numbers whose last byte is in the next page than the first. */
export interface Crossing {
  /** The value, or -1 unless both pages may be read. */
  load16(address: number): number;
  load32(address: number): number;
  /** Returns false, and writes nothing, unless both pages may be written. */
  store16(address: number, value: number): boolean;
  store32(address: number, value: number): boolean;
}

/** Makes closures over the current arrays, as `installScalars` does. */
export function crossingAccess(space: Space): Crossing {
  const { words, tableIndex } = space;
  const { u8, dirty, buffer } = space.linear;
  const data = new DataView(buffer);

  const store = (address: number, size: number, value: number): boolean => {
    const guest = address >>> 0;
    if (guest !== address || guest > LAST) return false;
    const index = tableIndex + (guest >>> 12);
    const [first, second] = [words[index] as number, words[index + 1] as number];
    if ((first & second & ACCESS_WRITE) === 0) return false;
    for (let at = 0; at < size; at++) {
      const entry = (guest & 0xfff) + at <= 0xfff ? first : second;
      u8[(((entry & ~15) << 8) | ((guest + at) & 0xfff)) >>> 0] = value >>> (8 * at);
    }
    dirty[first >>> 4] = DIRTY_MARK;
    dirty[second >>> 4] = DIRTY_MARK;
    return true;
  };

  return {
    load16(address) {
      const guest = address >>> 0;
      if (guest !== address || guest > LAST) return -1;
      const index = tableIndex + (guest >>> 12);
      const first = words[index] as number;
      const second = words[index + 1] as number;
      if ((first & second & ACCESS_READ) === 0) return -1;
      const low = u8[(((first & ~15) << 8) | 0xfff) >>> 0] as number;
      return low | ((u8[((second & ~15) << 8) >>> 0] as number) << 8);
    },
    load32(address) {
      const guest = address >>> 0;
      if (guest !== address || guest > LAST) return -1;
      const index = tableIndex + (guest >>> 12);
      const first = words[index] as number;
      const second = words[index + 1] as number;
      if ((first & second & ACCESS_READ) === 0) return -1;
      // The last word of the first page, and the first word of the second.
      const low = data.getUint32((((first & ~15) << 8) | 0xffc) >>> 0, true);
      const high = data.getUint32(((second & ~15) << 8) >>> 0, true);
      const skipped = 8 * (guest & 3); // bits; 8 to 24
      return ((low >>> skipped) | (high << (32 - skipped))) >>> 0;
    },
    store16: (address, value) => store(address, 2, value),
    store32: (address, value) => store(address, 4, value),
  };
}
