// Dirty ranges: the written ranges that the core has collected for a dirty client.

import * as abi from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { high, join, joinBig, low } from "../core/u64.ts";

/** A range: an address or an offset in a region, and a length in bytes. */
export type DirtyRange<Start = bigint> = [start: Start, length: number];

/**
 * The ranges of as many calls of the core as there must be.
 *
 * @param collect - makes one call, which goes on from a start.
 * @param toStart - a start of its halves.
 */
export function collectRanges<Start extends bigint | number>(
  linear: LinearMemory,
  first: bigint,
  collect: (from: bigint) => number,
  toStart: (low: number, high: number) => Start,
  add: (start: Start, length: number) => Start,
): DirtyRange<Start>[] {
  const ranges: DirtyRange<Start>[] = [];
  let from = first;
  do {
    linear.expect(collect(from), "collect");
    from = linear.reported64(abi.COLLECT_NEXT_LOW);
    const count = linear.reported(abi.COLLECT_COUNT);
    const words = new Uint32Array(linear.buffer, linear.transfer.byteOffset, count * abi.RANGE_WORDS);
    for (let index = 0; index < words.length; index += abi.RANGE_WORDS) {
      const word = (slot: number) => words[index + slot] as number;
      const start = toStart(word(abi.RANGE_START_LOW), word(abi.RANGE_START_HIGH));
      const length = join(word(abi.RANGE_LENGTH_LOW), word(abi.RANGE_LENGTH_HIGH));
      const last = ranges.at(-1);
      // The core splits a range where its list is full.
      if (last && start === add(last[0], last[1])) last[1] += length;
      else ranges.push([start, length]);
    }
  } while (linear.reported(abi.COLLECT_MORE) !== 0);
  return ranges;
}

/** As `collectRanges`, for addresses. */
export function collectAddresses(linear: LinearMemory, first: bigint, collect: (from: bigint) => number): DirtyRange[] {
  return collectRanges(linear, first, collect, joinBig, (start, length) => start + BigInt(length));
}

/** The dirty ranges of a region between two offsets, for a client named by its bit. They are clean for it from now on. */
export function collectRegion(
  linear: LinearMemory,
  bit: number,
  region: number,
  from: bigint,
  end: bigint,
): DirtyRange<number>[] {
  const collect = (next: bigint) => {
    const left = end - next;
    return linear.raw.gm_dirty_collect_region(bit, region, low(next), high(next), low(left), high(left));
  };
  return collectRanges(linear, from, collect, join, (start, length) => start + length);
}
