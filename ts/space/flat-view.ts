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

/** A range of the flat view that has come or gone. */
export interface FlatChange extends Pick<FlatRange, "start" | "last" | "id" | "offset"> {
  readonly come: boolean;
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

/** Reads the ranges that have gone and come since the last call, in this order. The core notes them after `gm_listen`. */
export function readFlatChanges({ linear, handle }: Space): FlatChange[] {
  const changes: FlatChange[] = [];
  while (linear.raw.gm_change(handle, changes.length) === 0) {
    changes.push({
      start: linear.reported64(abi.FLAT_START_LOW),
      last: linear.reported64(abi.FLAT_LAST_LOW),
      id: linear.reported(abi.FLAT_REGION),
      offset: linear.reported64(abi.FLAT_OFFSET_LOW),
      come: linear.reported(abi.CHANGE_COME) !== 0,
    });
  }
  return changes;
}

/**
 * The ranges of memory in the flat view. A range is read from the core when it is first asked for; after a change of the
 * map, it is read again.
 */
export class FlatView {
  readonly #space: Space;
  /** All ranges, if they were asked for. */
  #all: readonly MemoryRange[] | undefined;
  /** The ranges that were read, by their first addresses: each has one object. */
  readonly #read = new Map<bigint, MemoryRange>();
  /** The range that was found last. */
  #last: MemoryRange | undefined;
  #generation = 0;

  constructor(space: Space) {
    this.#space = space;
  }

  get memory(): readonly MemoryRange[] {
    this.#refresh();
    this.#all ??= readFlatRanges(this.#space)
      .filter((range) => range.memory)
      .map((range) => this.#rangeOf(range));
    return this.#all;
  }

  /** The range that holds a checked address. */
  at(address: U64Like): MemoryRange | undefined {
    this.#refresh();
    const last = this.#last;
    if (last !== undefined && address >= last.start && address <= last.lastAddress) return last;
    const found = readFlatRange(this.#space, BigInt(address));
    if (found === undefined || !found.memory || found.start > address) return undefined;
    this.#last = this.#rangeOf(found);
    return this.#last;
  }

  #refresh(): void {
    this.#space.linear.replace();
    const { generation } = this.#space; // permissions count too, because `host` depends on them
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.#all = undefined;
    this.#last = undefined;
    this.#read.clear();
  }

  #rangeOf({ start, last, id, host }: FlatRange): MemoryRange {
    const known = this.#read.get(start);
    if (known !== undefined) return known;
    const space = this.#space;
    const range = {
      start: space.toAddress(start),
      lastAddress: space.toAddress(last),
      size: Number(last - start + 1n),
      id,
      host,
    };
    this.#read.set(start, range);
    return range;
  }
}
