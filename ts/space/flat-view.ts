// FlatView: the ranges of guest addresses that a space shows, in ascending order.

import * as abi from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "./space.ts";

/** The last address. */
const LAST = (1n << 64n) - 1n;

/** A range of guest addresses that shows one region. */
export interface FlatRange {
  readonly start: bigint;
  readonly last: bigint;
  /** The region's id. */
  readonly id: number;
  /** The byte of the region that the range begins at. */
  readonly offset: bigint;
  readonly priority: number;
  /** Whether the region is memory; external memory counts. */
  readonly memory: boolean;
  /** The host offset of the first byte, if every access can take the fast path; else 0. */
  readonly host: number;
}

/** A flat range of memory, with addresses in its memory's kind of number. */
export interface MemoryRange {
  readonly start: U64Like;
  readonly lastAddress: U64Like;
  /** Bytes. */
  readonly size: number;
  readonly id: number;
  /** The host offset of the first byte, if the range is RAM without protected, watched or discarded pages; else 0. */
  readonly host: number;
}

/** Reads the flat view from the core. */
export function readFlatRanges(space: Space): FlatRange[] {
  const ranges: FlatRange[] = [];
  for (let from = 0n; from <= LAST; from = (ranges.at(-1) as FlatRange).last + 1n) {
    const range = readFlatRange(space, from);
    if (range === undefined) break;
    ranges.push(range);
  }
  return ranges;
}

/** Reads the first range that does not end before an address. */
function readFlatRange({ linear, handle }: Space, address: bigint): FlatRange | undefined {
  if (linear.raw.gm_flat_range(handle, u64.low(address), u64.high(address)) !== 0) return undefined;
  return {
    start: linear.reported64(abi.FLAT_START_LOW),
    last: linear.reported64(abi.FLAT_LAST_LOW),
    id: linear.reported(abi.FLAT_REGION),
    offset: linear.reported64(abi.FLAT_OFFSET_LOW),
    priority: linear.reported(abi.FLAT_PRIORITY) | 0,
    memory: linear.reported(abi.FLAT_IS_MEMORY) !== 0,
    host: linear.reported(abi.FLAT_HOST),
  };
}

/** The ranges of memory in the flat view. Read from the core again after the map has changed. */
export class FlatView {
  readonly #space: Space;
  #ranges: readonly MemoryRange[] | undefined;
  #generation = 0;

  constructor(space: Space) {
    this.#space = space;
  }

  get memory(): readonly MemoryRange[] {
    const space = this.#space;
    const generation = space.mapGeneration;
    if (this.#ranges === undefined || this.#generation !== generation) {
      const memory = readFlatRanges(space).filter((range) => range.memory);
      this.#ranges = memory.map(({ start, last, id, host }) => {
        return {
          start: space.toAddress(start),
          lastAddress: space.toAddress(last),
          size: Number(last - start + 1n),
          id,
          host,
        };
      });
      this.#generation = generation;
    }
    return this.#ranges;
  }

  /** The index in `memory` of the range that holds a checked address, or -1. */
  indexAt(address: U64Like): number {
    const { memory } = this;
    let from = 0;
    let end = memory.length;
    while (from < end) {
      const middle = (from + end) >>> 1;
      const range = memory[middle] as MemoryRange;
      if (address < range.start) end = middle;
      else if (address > range.lastAddress) from = middle + 1;
      else return middle;
    }
    return -1;
  }

  /** The range that holds a checked address. */
  at(address: U64Like): MemoryRange | undefined {
    return this.memory[this.indexAt(address)];
  }
}
