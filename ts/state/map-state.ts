// MapState: a memory's map as a snapshot keeps it, and the way back to it.

import { PROTECT_ANYWHERE } from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import { mappedRegion } from "../map/mapped-region.ts";
import { type Protected, readProtection, setPermissions } from "../map/permissions.ts";
import { type Placement, type RegionKind, type RegionRecord, readPlacements } from "../space/placements.ts";
import type { Space } from "../space/space.ts";

/** A region as a snapshot knows it: in another machine it is the one with the same key, kind and size. */
export interface RegionState {
  /** The id, in the machine that it was read from. A key may stand for another region there by now. */
  readonly id: number;
  /** The name; behind it a number if the name is the kind, as the name of a region without one is. */
  readonly key: string;
  readonly name: string;
  readonly kind: RegionKind;
  readonly size: U64Like;
  readonly priority: number;
  /** The first address, the last one that it had if it is not in the map. */
  readonly start: U64Like;
}

/** Where a region is. */
interface PlaceState {
  readonly start: bigint;
  readonly enabled: boolean;
  /** The key of the region that an alias shows. */
  readonly target: string | undefined;
  readonly offset: bigint;
}

/** The map as data. */
export interface MapState {
  /** The places of the regions in the map, by key, in the order of mapping. */
  readonly places: ReadonlyMap<string, PlaceState>;
  readonly protection: readonly Protected[];
}

/** The regions of a memory that a snapshot covers, by key: all in its map, and those that its aliases show. */
export type Regions = ReadonlyMap<string, RegionRecord>;

/** The names of the regions of a list, which is another one after each change of the map. */
const named = new WeakMap<readonly RegionRecord[], Regions>();

/**
 * Names the regions.
 *
 * @throws GuestMemoryError `DUPLICATE_NAME`.
 */
export function regionsOfMap(space: Space): Regions {
  const all = new Set<RegionRecord>();
  const mapped = space.placements.records();
  const known = named.get(mapped);
  if (known) return known;
  for (const record of mapped) all.add(record);
  for (const record of all) if (record.target) all.add(record.target); // a set visits what is added meanwhile
  const regions = new Map<string, RegionRecord>();
  const unnamed = new Map<string, number>();
  for (const record of all) {
    const { name, kind } = record;
    const count = (unnamed.get(name) ?? 0) + 1;
    unnamed.set(name, count);
    const key = name === kind ? `${name} #${count}` : name;
    if (regions.has(key)) {
      const text = `snapshot: two regions have the name "${name}", and a snapshot knows regions by their names`;
      throw new GuestMemoryError("DUPLICATE_NAME", text);
    }
    regions.set(key, record);
  }
  named.set(mapped, regions);
  return regions;
}

/** Describes a region. */
export function stateOf(key: string, { id, name, kind, size, priority, start }: RegionRecord): RegionState {
  return { id, key, name, kind, size, priority, start };
}

/** Describes the regions' places, and the protection. */
export function readMap(space: Space, regions: Regions): MapState {
  const keys = new Map([...regions].map(([key, { id }]) => [id, key]));
  const key = (id: number) => keys.get(id) as string;
  const placeOf = ({ start, enabled, target, offset }: Placement): PlaceState => ({
    start,
    enabled,
    target: target === 0 ? undefined : key(target),
    offset,
  });
  const places = new Map(readPlacements(space).map((placement) => [key(placement.id), placeOf(placement)]));
  return { places, protection: readProtection(space) };
}

/**
 * Brings a map back in one transaction, and `write`s the bytes before its end, so that listeners find both; without a
 * transaction if the map is the same. The regions were in these places together before, so no map refuses them.
 */
export function restoreMap(space: Space, regions: Regions, wanted: MapState, write: () => void): void {
  const now = readMap(space, regions);
  const protection = textOf(now.protection) !== textOf(wanted.protection);
  const moved = [...wanted.places].filter(([key, place]) => textOf(now.places.get(key)) !== textOf(place));
  if (!protection && moved.length === 0) {
    write();
    return;
  }
  space.changes.transaction(() => {
    for (const [key, { start, enabled, target, offset }] of moved) {
      const region = mappedRegion(regions.get(key) as RegionRecord);
      const place = now.places.get(key) as PlaceState;
      if (place.start !== start) region.move(space.toAddress(start));
      if (target !== undefined && (place.target !== target || place.offset !== offset)) {
        region.show(mappedRegion(regions.get(target) as RegionRecord), offset);
      }
      if (place.enabled !== enabled) enabled ? region.enable() : region.disable();
    }
    const cleared = now.protection.map((pages) => ({ ...pages, permissions: "rwx" as const }));
    for (const { start, last, permissions } of protection ? [...cleared, ...wanted.protection] : []) {
      setPermissions(space, space.toAddress(start), last - start + 1n, permissions, PROTECT_ANYWHERE);
    }
    write();
  });
}

/** Plain data as text, to compare it. */
function textOf(data: unknown): string {
  return JSON.stringify(data, (_key, value) => (typeof value === "bigint" ? String(value) : value)) ?? "";
}
