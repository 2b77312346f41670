// FlatView: what a space shows where, as ranges in ascending order.

import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "./space.ts";

/** A range of guest addresses that shows one region. */
export interface FlatRange {
  readonly start: bigint;
  readonly last: bigint;
  /** The region's id. */
  readonly id: number;
  /** Where in the region the range begins. */
  readonly offset: bigint;
  readonly priority: number;
  /** Whether it is memory, external memory too. */
  readonly memory: boolean;
  /** The host offset of its first byte, if no access to it is slow; else 0. */
  readonly host: number;
}

/** A flat range of memory, in the kind of number that its memory's addresses are. */
export interface MemoryRange {
  readonly start: U64Like;
  readonly lastAddress: U64Like;
  /** Bytes. */
  readonly size: number;
  readonly id: number;
  /** The host offset of its first byte, if it is RAM that is nowhere protected, watched or discarded; else 0. */
  readonly host: number;
}

/** Reads the flat view from the core. */
export function readFlatRanges({ linear, handle }: Space): FlatRange[] {
  const ranges: FlatRange[] = [];
  for (let index = 0; linear.raw.gm_flat_range(handle, index) === 0; ) {
    const [a = 0, b = 0, c = 0, d = 0, id = 0, e = 0, f = 0, priority = 0, next = 0, memory = 0, host = 0] =
      linear.report;
    const [start, last, offset] = [u64.joinBig(a, b), u64.joinBig(c, d), u64.joinBig(e, f)];
    ranges.push({ start, last, id, offset, priority: priority | 0, memory: memory !== 0, host });
    index = next;
  }
  return ranges;
}

/** The ranges of memory in the flat view, read again when the map has changed. */
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
        return { start: space.own(start), lastAddress: space.own(last), size: Number(last - start + 1n), id, host };
      });
      this.#generation = generation;
    }
    return this.#ranges;
  }

  /** The index in `memory` of the range that holds an address that was checked, or -1; by binary search. */
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

  /** The range that holds an address that was checked. */
  at(address: U64Like): MemoryRange | undefined {
    return this.memory[this.indexAt(address)];
  }
}
