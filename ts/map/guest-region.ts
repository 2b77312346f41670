// GuestRegion: a flat range of guest memory, as data.

import type { U64Like } from "../core/u64.ts";
import type { MemoryRange } from "../space/flat-view.ts";
import type { Space } from "../space/space.ts";
import { type MappedRegion, mappedRegion } from "./mapped-region.ts";

/**
 * A region of guest RAM, as it was when it was asked for: plain data, frozen.
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
  /** How many bytes it has. */
  readonly size: number;
  /** The last guest-physical address that belongs to it. */
  readonly lastAddress: A;

  readonly #space: Space;
  readonly #id: number;

  /** Made by this library. */
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
   * The placed region that the range comes from, never an alias; undefined if no space of the machine has it in its map.
   * @example
   * ```ts
   * const rom = memory.map({ kind: "rom", name: "ROM", start: 0x8000, size: 0x1000 });
   * memory.map({ kind: "alias", start: 0xf000, of: rom });
   * console.assert(memory.findRegion(0xf000)!.mapped === rom);
   * ```
   */
  get mapped(): MappedRegion<A> | undefined {
    this.#space.placements.of(this.#id); // makes the records of what is in the map and has none
    const record = this.#space.machine.get(this.#id);
    return record && (mappedRegion(record) as MappedRegion<U64Like> as MappedRegion<A>);
  }
}

const objects = new WeakMap<readonly MemoryRange[], readonly GuestRegion<U64Like>[]>();

/** The regions of a space, in ascending order: the same objects until the map changes. */
export function guestRegions(space: Space): readonly GuestRegion<U64Like>[] {
  const ranges = space.flatView.memory;
  let regions = objects.get(ranges);
  if (regions === undefined) {
    regions = Object.freeze(ranges.map((range) => new GuestRegion<U64Like>(space, range)));
    objects.set(ranges, regions);
  }
  return regions;
}

/** The region that holds an address that was checked, or undefined. */
export function guestRegionAt(space: Space, address: U64Like): GuestRegion<U64Like> | undefined {
  return guestRegions(space)[space.flatView.indexAt(address)];
}
