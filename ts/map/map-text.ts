// The map for people and programs: QEMU's `info mtree` as text, and plain data.

import { readFlatRanges } from "../space/flat-view.ts";
import { labelOf, type RegionKind, type RegionLabel, readPlacements } from "../space/placements.ts";
import type { Space } from "../space/space.ts";

/**
 * A number, or, past 2^53, a decimal string: JSON has nothing else that is exact.
 * @example
 * ```ts
 * import { GuestMemory, type JsonNumber } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", start: 2n ** 60n, size: 4096 }], { addresses: "bigint" });
 * const start: JsonNumber = memory.toJSON().regions[0]!.start;
 * console.assert(BigInt(start) === 2n ** 60n);
 * ```
 */
export type JsonNumber = number | string;

/**
 * A memory's map as data: what {@link GuestMemory.toJSON} gives.
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
  /** What it is called in `tree()`. */
  name: string;
  /**
   * What was mapped, in that order.
   * @example
   * ```ts
   * memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000 });
   * console.assert(memory.toJSON().regions.map(({ name }) => name).join() === "ram,hole");
   * ```
   */
  regions: {
    name: string;
    kind: RegionKind;
    start: JsonNumber;
    size: JsonNumber;
    priority: number;
    enabled: boolean;
    /** Of an alias: whose bytes it shows, and from which on. */
    of?: string;
    offset?: JsonNumber;
  }[];
  /** What is seen, by address. */
  flat: { start: JsonNumber; size: JsonNumber; region: string; kind: RegionKind; offset: JsonNumber }[];
}

/** What QEMU calls them. */
const QEMU_KINDS: Readonly<Record<RegionKind, string>> = {
  ram: "ram",
  rom: "rom",
  romDevice: "romd",
  mmio: "i/o",
  alias: "alias", // never: it is called what it shows
  reserved: "reserved",
  external: "ram", // as QEMU has it: mapped from a file or not
};
/** Gives what regions are called, asking the core once for each. */
function naming({ linear }: Space): (id: number) => RegionLabel {
  const known = new Map<number, RegionLabel>();
  return (id) => {
    const label = known.get(id) ?? labelOf(linear, id);
    known.set(id, label);
    return label;
  };
}

/** The map as text, line for line what `AddressSpace::write_tree` writes in Rust. */
export function treeOf(space: Space, flat: boolean): string {
  space.enter();
  const nameOf = naming(space);
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
    ].join("\n");
  }
  // By address; of those at one address the highest priority first, and then as they were mapped.
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
  ].join("\n");
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
  };
}

function json(value: bigint): JsonNumber {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
}
