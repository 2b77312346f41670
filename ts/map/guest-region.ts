// GuestRegion: a range of the flat view that is memory, as data.

import { type JsonNumber, json } from "../core/json.ts";
import { showAs } from "../core/shown.ts";
import type { U64Like } from "../core/u64.ts";
import type { MemoryRange } from "../space/flat-view.ts";
import type { Space } from "../space/space.ts";
import { type MappedRegion, mappedRegion } from "./mapped-region.ts";

/**
 * A range of guest memory: a region, or the visible part of one. A frozen snapshot, which later changes of the map do
 * not affect.
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestRegion } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x1000, 0x2000]]);
 * const region: GuestRegion = memory.regions[0]!;
 * console.assert(region.start === 0x1000 && region.size === 0x2000 && region.lastAddress === 0x2fff);
 * ```
 */
export class GuestRegion<A extends number | bigint = number> {
  /** The first guest-physical address. */
  readonly start: A;
  /** The size in bytes. */
  readonly size: number;
  /** The last guest-physical address. */
  readonly lastAddress: A;

  readonly #space: Space;
  readonly #id: number;

  /** For this library: users get regions from a memory. */
  constructor(space: object, range: object) {
    const { start, lastAddress, size, id } = range as MemoryRange;
    this.start = start as A;
    this.size = size;
    this.lastAddress = lastAddress as A;
    this.#space = space as Space;
    this.#id = id;
    Object.freeze(this);
  }

  /**
   * The range as data, for JSON.
   * @example
   * ```ts
   * console.assert(JSON.stringify(memory.regions[0]) === '{"start":0,"size":4096,"lastAddress":4095}');
   * ```
   */
  toJSON(): { start: JsonNumber; size: number; lastAddress: JsonNumber } {
    return { start: json(this.start), size: this.size, lastAddress: json(this.lastAddress) };
  }

  /**
   * The placed region whose bytes the range shows; never an alias. Undefined once no address space of the machine maps
   * the region and no alias shows it.
   * @example
   * ```ts
   * const rom = memory.map({ kind: "rom", name: "ROM", start: 0x8000, size: 0x1000 });
   * memory.map({ kind: "alias", start: 0xf000, of: rom });
   * console.assert(memory.findRegion(0xf000)!.mapped === rom);
   * ```
   */
  get mapped(): MappedRegion<A> | undefined {
    this.#space.placements.of(this.#id); // makes missing records, of regions that `map` has not placed
    const record = this.#space.machine.get(this.#id);
    return record && (mappedRegion(record) as MappedRegion<U64Like> as MappedRegion<A>);
  }
}

showAs(GuestRegion, "GuestRegion", ({ start, size, lastAddress }) => ({ start, size, lastAddress }));

const lists = new WeakMap<readonly MemoryRange[], readonly GuestRegion<U64Like>[]>();
const objects = new WeakMap<MemoryRange, GuestRegion<U64Like>>();

/** The regions of a space, in ascending order. Returns the same objects until the map changes. */
export function guestRegions(space: Space): readonly GuestRegion<U64Like>[] {
  const ranges = space.flatView.memory;
  let regions = lists.get(ranges);
  if (regions === undefined) {
    regions = Object.freeze(ranges.map((range) => regionOf(space, range)));
    lists.set(ranges, regions);
  }
  return regions;
}

/** The region that holds a checked address, or undefined. */
export function guestRegionAt(space: Space, address: U64Like): GuestRegion<U64Like> | undefined {
  const range = space.flatView.at(address);
  return range && regionOf(space, range);
}

/** A placed region as a range of its own, also where other regions hide it or it is disabled. */
export function guestRegionOf(space: Space, id: number, start: U64Like, size: U64Like): GuestRegion<U64Like> {
  const shown = space.flatView.at(start);
  const range: MemoryRange = {
    start: space.toAddress(BigInt(start)),
    lastAddress: space.toAddress(BigInt(start) + BigInt(size) - 1n),
    size: Number(size),
    id,
    host: 0,
  };
  const whole = shown?.id === id && shown.start === range.start && shown.size === range.size;
  return whole ? regionOf(space, shown) : new GuestRegion<U64Like>(space, range);
}

/** The object of a range. Always the same one. */
function regionOf(space: Space, range: MemoryRange): GuestRegion<U64Like> {
  let region = objects.get(range);
  if (region === undefined) {
    region = new GuestRegion<U64Like>(space, range);
    objects.set(range, region);
  }
  return region;
}
