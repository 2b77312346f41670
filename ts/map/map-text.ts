// The map for people and programs: QEMU's `info mtree` as text, and plain data.

import { joinBig } from "../core/u64.ts";
import type { Space } from "../space/space.ts";
import type { RegionKind } from "./region-spec.ts";

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
  /**
   * What it is called in `tree()`.
   * @example
   * ```ts
   * console.assert(memory.toJSON().name === "memory");
   * ```
   */
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
  /**
   * What is seen, by address.
   * @example
   * ```ts
   * memory.map({ kind: "ram", name: "above", start: 0x800, size: 0x1000, priority: 1 });
   * console.assert(memory.toJSON().flat.map(({ size }) => size).join() === "2048,4096");
   * ```
   */
  flat: { start: JsonNumber; size: JsonNumber; region: string; kind: RegionKind; offset: JsonNumber }[];
}

/** A range of guest addresses that shows one region, as the core has it. */
export interface FlatRange {
  readonly start: bigint;
  readonly last: bigint;
  readonly id: number;
  readonly offset: bigint;
  readonly priority: number;
  /** Whether it is memory, external memory too. */
  readonly memory: boolean;
  /** Where it lies in linear memory, if nothing about it is slow; else 0. */
  readonly host: number;
}

/** A region in the map, as the core has it. */
export interface Placement {
  readonly id: number;
  readonly start: bigint;
  readonly size: bigint;
  readonly priority: number;
  readonly enabled: boolean;
  /** Of an alias, the region that it shows; else 0. */
  readonly target: number;
  readonly offset: bigint;
}

/** A region, wherever it is mapped, as the core has it. */
interface Named {
  readonly name: string;
  readonly kind: RegionKind;
  /** What it shows in the end: for an alias the kind of that. */
  readonly shown: RegionKind;
}

const KIND_NAMES: readonly RegionKind[] = ["ram", "rom", "romDevice", "mmio", "alias", "reserved", "external"];
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
const decoder = new TextDecoder();

/** What is seen, by address. */
export function flatRanges({ linear, handle }: Space): FlatRange[] {
  const ranges: FlatRange[] = [];
  for (let index = 0; linear.raw.gm_flat_range(handle, index) === 0; ) {
    const [a = 0, b = 0, c = 0, d = 0, id = 0, e = 0, f = 0, priority = 0, next = 0, memory = 0, host = 0] =
      linear.report;
    const [start, last, offset] = [joinBig(a, b), joinBig(c, d), joinBig(e, f)];
    ranges.push({ start, last, id, offset, priority: priority | 0, memory: memory !== 0, host });
    index = next;
  }
  return ranges;
}

/** What is mapped, in that order; also what an open transaction has changed. */
export function placements({ linear, handle }: Space): Placement[] {
  const { raw } = linear;
  return Array.from({ length: raw.gm_placement_count(handle) }, (_, index) => {
    raw.gm_placement(handle, index);
    const [id = 0, a = 0, b = 0, c = 0, d = 0, priority = 0, enabled = 0, target = 0, e = 0, f = 0] = linear.report;
    const [start, size, offset] = [joinBig(a, b), joinBig(c, d), joinBig(e, f)];
    return { id, start, size, priority: priority | 0, enabled: enabled !== 0, target, offset };
  });
}

/** Gives what regions are called, asking the core once for each. */
function naming({ linear }: Space): (id: number) => Named {
  const known = new Map<number, Named>();
  return (id) => {
    const found = known.get(id);
    if (found) return found;
    linear.raw.gm_region_name(id);
    const [kind = 0, shown = 0, bytes = 0] = linear.report;
    const name = decoder.decode(linear.transfer.slice(0, bytes));
    const named = { name, kind: KIND_NAMES[kind] as RegionKind, shown: KIND_NAMES[shown] as RegionKind };
    known.set(id, named);
    return named;
  };
}

/** The map as text, line for line what `AddressSpace::write_tree` writes in Rust. */
export function treeOf(space: Space, flat: boolean): string {
  space.enter();
  const nameOf = naming(space);
  const line = (start: bigint, last: bigint, priority: number, id: number) =>
    `${hex16(start)}-${hex16(last)} (prio ${priority}, ${QEMU_KINDS[nameOf(id).shown]}): `;
  if (flat) {
    const ranges = flatRanges(space).map(({ start, last, priority, id, offset }) => {
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
  const sorted = placements(space).sort((a, b) =>
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
    regions: placements(space).map(({ id, start, size, priority, enabled, target, offset }) => ({
      name: nameOf(id).name,
      kind: nameOf(id).kind,
      start: json(start),
      size: json(size),
      priority,
      enabled,
      ...(target === 0 ? {} : { of: nameOf(target).name, offset: json(offset) }),
    })),
    flat: flatRanges(space).map(({ start, last, id, offset }) => ({
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
