// Revive: makes a memory of a snapshot, with the devices that are given by the names of their regions.

import type { LinearMemory } from "../core/linear-memory.ts";
import { checkObject } from "../core/options.ts";
import type { U64Like } from "../core/u64.ts";
import type { Device } from "../device/device.ts";
import type { OnUnmapped } from "../device/on-unmapped.ts";
import type { ExternalSource } from "../external/external-memory.ts";
import { createEmpty, type GuestMemoryOptions } from "../map/create.ts";
import { type MappedRegion, mappedRegion } from "../map/mapped-region.ts";
import { placeRegion } from "../map/place-region.ts";
import type { RegionSpec } from "../map/region-spec.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import type { RegionState } from "./map-state.ts";
import { restore } from "./restore.ts";
import { partsOf, type Snapshot, type SnapshotParts } from "./snapshot.ts";

/**
 * Options of {@link GuestMemory.fromSnapshot}: the parts of a machine that a snapshot does not hold, by the names of
 * their regions.
 *
 * @example
 * ```ts
 * import { GuestMemory, type ReviveOptions } from "guest-memory";
 *
 * using first = await GuestMemory.create([
 *   { kind: "mmio", name: "UART", start: 0x1000, size: 0x100, device: { read8: () => 1 } },
 * ]);
 * const options: ReviveOptions = { devices: { UART: { read8: () => 2 } } };
 * using second = await GuestMemory.fromSnapshot(first.snapshot(), options);
 * console.assert(second.readUint8(0x1000) === 2);
 * ```
 */
export interface ReviveOptions<A extends number | bigint = number> extends GuestMemoryOptions {
  /** The handlers of each `mmio` and `romDevice` region. */
  devices?: Readonly<Record<string, Device>>;
  /** The source of each external region. Its bytes are restored, too. */
  external?: Readonly<Record<string, ExternalSource>>;
  /** The handlers for addresses where nothing is, as `memory.onUnmapped`; no access meets them before all is restored. */
  onUnmapped?: OnUnmapped<A>;
}

/** Makes a space with the regions and the bytes of a snapshot. Linear memory may grow. */
export function revive(linear: LinearMemory, snapshot: Snapshot, options: ReviveOptions<number | bigint>): Space {
  const parts = partsOf(snapshot);
  checkObject(options, "options");
  const { devices = {}, external = {} } = options;
  checkObject(devices, "devices");
  checkObject(external, "external");
  const addresses = options.addresses ?? (parts.bigint ? "bigint" : "number");
  const space = createEmpty(linear, { ...options, addresses });
  try {
    space.changes.transaction(() => place(space, parts, devices, external));
    restore(space, snapshot, {});
  } catch (error) {
    space.dispose();
    throw error;
  }
  return space;
}

/** Places the regions, each after the one that it shows, and takes those out that only aliases show. */
function place(
  space: Space,
  { regions, map }: SnapshotParts,
  devices: Readonly<Record<string, Device>>,
  external: Readonly<Record<string, ExternalSource>>,
): void {
  const made = new Map<string, RegionRecord>();
  const placed = (key: string): RegionRecord => {
    const known = made.get(key);
    if (known) return known;
    const { name, kind, size, priority, start } = regions.get(key) as RegionState;
    const at = map.places.get(key);
    const target = at?.target === undefined ? undefined : mappedRegion(placed(at.target));
    const spec = {
      kind,
      name,
      size,
      priority,
      start: at?.start ?? start,
      enabled: at?.enabled ?? false,
      ...(target && { of: target as MappedRegion<U64Like>, offset: at?.offset }),
      ...(kind === "mmio" || kind === "romDevice" ? { device: devices[name] } : {}),
      ...(kind === "external" ? { source: external[name] } : {}),
    };
    const record = placeRegion(space, spec as unknown as RegionSpec);
    made.set(key, record);
    return record;
  };
  for (const key of map.places.keys()) placed(key);
  for (const [key, { id }] of made) {
    if (map.places.has(key)) continue;
    space.machine.leaving(id);
    space.changes.make("unmap", {}, () => space.linear.raw.gm_unmap(space.handle, id));
  }
}
