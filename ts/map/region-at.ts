// RegionAt: the region that an address shows, with what lies beneath it.

import {
  REGION_AT_ALLOWED,
  REGION_AT_FOUND,
  REGION_AT_OFFSET_LOW,
  REGION_AT_PRIORITY,
  REGION_AT_REGION,
} from "../core/abi.ts";
import type { SizeOf, U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "../space/space.ts";
import { type MappedRegion, mappedRegion } from "./mapped-region.ts";
import { type Permissions, permissionsOf } from "./permissions.ts";

/**
 * The region that an address shows: the result of {@link GuestMemory.regionAt}. A frozen snapshot.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RegionAt } from "guest-memory";
 *
 * using memory = await GuestMemory.create([
 *   { kind: "ram", name: "RAM", start: 0, size: 0x4000 },
 *   { kind: "rom", name: "BIOS", start: 0x2000, size: 0x1000, priority: 1 },
 * ]);
 * const at: RegionAt = memory.regionAt(0x2010)!;
 * console.assert(at.region.name === "BIOS" && at.offset === 0x10);
 * console.assert(at.below!.region.name === "RAM" && at.below!.offset === 0x2010);
 * ```
 */
export interface RegionAt<A extends number | bigint = number> {
  /** The region whose byte shows, of any kind: never an alias, but the region that it shows. */
  readonly region: MappedRegion<A>;
  /** The offset of the byte in the region: a bigint past 2^53. */
  readonly offset: SizeOf<A>;
  /** The accesses that `protect` allows there. */
  readonly permissions: Permissions;
  /** The region of the next lower priority, which would show if this one were disabled; undefined for the lowest. */
  readonly below: RegionAt<A> | undefined;
}

/** The region that a checked address shows; undefined in a hole. */
export function regionAt(space: Space, address: U64Like): RegionAt<U64Like> | undefined {
  u64.check(address, "address");
  space.enter();
  const layers: Omit<RegionAt<U64Like>, "below">[] = [];
  const { linear, handle } = space;
  for (let below = 0; ; ) {
    linear.raw.gm_region_at(handle, u64.low(address), u64.high(address), layers.length > 0, below);
    if (linear.reported(REGION_AT_FOUND) === 0) break;
    const id = linear.reported(REGION_AT_REGION);
    const [offset, priority, allowed] = [
      u64.shortest(linear.reported64(REGION_AT_OFFSET_LOW)),
      linear.reported(REGION_AT_PRIORITY) | 0,
      linear.reported(REGION_AT_ALLOWED),
    ];
    below = priority;
    const record = space.placements.record(id);
    if (record === undefined) break; // an alias that Rust code has mapped, of a region that is in no map
    layers.push({ region: mappedRegion(record), offset, permissions: permissionsOf(allowed) });
  }
  return layers.reduceRight<RegionAt<U64Like> | undefined>((below, at) => Object.freeze({ ...at, below }), undefined);
}
