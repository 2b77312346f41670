// The map as text, in the format of QEMU's `info mtree`, and as plain data.

import { type JsonNumber, json } from "../core/json.ts";
import { readFlatRanges } from "../space/flat-view.ts";
import { labelOf, type RegionKind, type RegionLabel, readPlacements } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { type Permissions, readProtection } from "./permissions.ts";

/**
 * A region as data: in {@link GuestMemory.toJSON}, and the result of {@link MappedRegion.toJSON}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RegionAsData } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 4096 }]);
 * const region: RegionAsData = memory.mapped[0]!.toJSON();
 * console.assert(region.name === "RAM" && region.enabled);
 * ```
 */
export interface RegionAsData {
  /** The region's name. */
  name: string;
  /** Its kind. */
  kind: RegionKind;
  /** The first guest-physical address. */
  start: JsonNumber;
  /** The size in bytes. */
  size: JsonNumber;
  /** The priority. */
  priority: number;
  /** Whether it is shown. */
  enabled: boolean;
  /** The name of the region that an alias shows; only for aliases. */
  of?: string;
  /** The byte of that region at which an alias begins; only for aliases. */
  offset?: JsonNumber;
}

/**
 * A memory's map as data: the result of {@link GuestMemory.toJSON}. Sizes and offsets are in bytes.
 *
 * @example
 * ```ts
 * import { GuestMemory, type MapAsData } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 4096 }]);
 * const map: MapAsData = memory.toJSON();
 * console.assert(JSON.stringify(memory) === JSON.stringify(map) && map.regions[0]!.name === "RAM");
 * ```
 */
export interface MapAsData {
  /** The name of the memory in `tree()`. */
  name: string;
  /** The regions in the map, in the order of mapping. */
  regions: RegionAsData[];
  /** The flat view: the ranges that accesses see, in ascending order. */
  flat: { start: JsonNumber; size: JsonNumber; region: string; kind: RegionKind; offset: JsonNumber }[];
  /** The ranges of whole pages that `protect` has forbidden something, in ascending order. */
  protection: { start: JsonNumber; size: JsonNumber; permissions: Permissions }[];
}

/** QEMU's names of the kinds. */
const QEMU_KINDS: Readonly<Record<RegionKind, string>> = {
  ram: "ram",
  rom: "rom",
  romDevice: "romd",
  mmio: "i/o",
  alias: "alias", // unused: an alias has its target's kind here
  reserved: "reserved",
  external: "ram", // QEMU too says "ram" for memory that it maps from a file
};
/** Returns a function that finds a region's label, and asks the core once for each region. */
function naming({ linear }: Space): (id: number) => RegionLabel {
  const known = new Map<number, RegionLabel>();
  return (id) => {
    const label = known.get(id) ?? labelOf(linear, id);
    known.set(id, label);
    return label;
  };
}

/** The map as text. `AddressSpace::write_tree` in Rust writes the same, line for line. */
export function treeOf(space: Space, flat: boolean): string {
  space.enter();
  const nameOf = naming(space);
  const protection = readProtection(space).map(
    ({ start, last, permissions }) => `  ${hex16(start)}-${hex16(last)}: ${permissions}`,
  );
  if (protection.length > 0) protection.unshift("Protection");
  const line = (start: bigint, last: bigint, priority: number, id: number) =>
    `${hex16(start)}-${hex16(last)} (prio ${priority}, ${QEMU_KINDS[nameOf(id).shown]}): `;
  if (flat) {
    const ranges = readFlatRanges(space).map(({ start, last, priority, id, offset }) => {
      const at = offset === 0n ? "" : ` @${hex16(offset)}`;
      return `  ${line(start, last, priority, id)}${nameOf(id).name}${at}`;
    });
    if (ranges.length === 0) ranges.push("  No rendered FlatView");
    return [
      "FlatView #0",
      ` AS "${space.name}", root: ${space.name}`,
      ` Root memory region: ${space.name}`,
      ...ranges,
      ...protection,
    ].join("\n");
  }
  // Sorted by address, then from the highest priority to the lowest, then in the order of mapping.
  const sorted = readPlacements(space).sort((a, b) =>
    a.start === b.start ? b.priority - a.priority : a.start < b.start ? -1 : 1,
  );
  const lines = sorted.map(({ id, start, size, priority, enabled, target, offset }) => {
    const { name } = nameOf(id);
    const aliased = () => `alias ${name} @${nameOf(target).name} ${hex16(offset)}-${hex16(offset + size - 1n)}`;
    const what = target === 0 ? name : aliased();
    return `    ${line(start, start + size - 1n, priority, id)}${what}${enabled ? "" : " [disabled]"}`;
  });
  return [
    `address-space: ${space.name}`,
    `  ${hex16(0n)}-${hex16((1n << 64n) - 1n)} (prio 0, i/o): ${space.name}`,
    ...lines,
    ...protection,
  ].join("\n");
}

/** How many lines of a map a person reads. */
const LINES = 40;

/** A memory for console.log: its map, the first lines of it. */
export function textOf(space: Space): string {
  if (space.disposed) return "(disposed)";
  const lines = treeOf(space, false).split("\n");
  const more = lines.length > LINES ? [`    ... and ${lines.length - LINES} more`] : [];
  return [...lines.slice(0, LINES), ...more].join("\n");
}

/** An address as QEMU prints it. */
function hex16(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

/** The map as data. */
export function mapAsData(space: Space): MapAsData {
  space.enter();
  const nameOf = naming(space);
  return {
    name: space.name,
    regions: readPlacements(space).map(({ id, start, size, priority, enabled, target, offset }) => ({
      name: nameOf(id).name,
      kind: nameOf(id).kind,
      start: json(start),
      size: json(size),
      priority,
      enabled,
      ...(target === 0 ? {} : { of: nameOf(target).name, offset: json(offset) }),
    })),
    flat: readFlatRanges(space).map(({ start, last, id, offset }) => ({
      start: json(start),
      size: json(last - start + 1n),
      region: nameOf(id).name,
      kind: nameOf(id).kind,
      offset: json(offset),
    })),
    protection: readProtection(space).map(({ start, last, permissions }) => ({
      start: json(start),
      size: json(last - start + 1n),
      permissions,
    })),
  };
}
