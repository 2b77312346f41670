// The map for people and programs: QEMU's `info mtree` as text, and plain data.

import type { RegionKind } from "./region-spec.ts";
import type { Space } from "./space.ts";
import { joinBig } from "./wide.ts";

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
}

/** A region in the map, as the core has it. */
export interface Placement {
  readonly id: number;
  readonly start: bigint;
  readonly size: bigint;
  readonly priority: number;
  readonly enabled: boolean;
  readonly kind: number;
  readonly target: number;
  readonly offset: bigint;
  readonly name: string;
}

const KIND_NAMES: readonly RegionKind[] = ["ram", "rom", "romDevice", "mmio", "alias", "reserved", "external"];
const decoder = new TextDecoder();

/** What is seen, by address. */
export function flatRanges({ linear, handle }: Space): FlatRange[] {
  const { raw } = linear;
  return Array.from({ length: raw.gm_flat_count(handle) }, (_, index) => {
    raw.gm_flat_range(handle, index);
    const [a = 0, b = 0, c = 0, d = 0, id = 0, e = 0, f = 0, priority = 0] = linear.report;
    return { start: joinBig(a, b), last: joinBig(c, d), id, offset: joinBig(e, f), priority: priority | 0 };
  });
}

/** What is mapped, in that order; also what an open transaction has changed. */
export function placements({ linear, handle }: Space): Placement[] {
  const { raw } = linear;
  return Array.from({ length: raw.gm_placement_count(handle) }, (_, index) => {
    raw.gm_placement(handle, index);
    const [
      id = 0,
      a = 0,
      b = 0,
      c = 0,
      d = 0,
      priority = 0,
      enabled = 0,
      kind = 0,
      target = 0,
      e = 0,
      f = 0,
      bytes = 0,
    ] = linear.report;
    const name = decoder.decode(linear.transfer.slice(0, bytes));
    const [start, size, offset] = [joinBig(a, b), joinBig(c, d), joinBig(e, f)];
    return { id, start, size, priority: priority | 0, enabled: enabled !== 0, kind, target, offset, name };
  });
}

/** The map as text. */
export function treeOf(space: Space, flat: boolean): string {
  space.enter();
  const { linear, handle, name } = space;
  const nameBytes = new TextEncoder().encode(name).subarray(0, linear.transfer.length);
  const text = new TextDecoder();
  for (let skip = 0, all = ""; ; ) {
    linear.transfer.set(nameBytes);
    linear.raw.gm_tree(handle, flat ? 1 : 0, skip, nameBytes.length);
    const count = linear.report[0] as number;
    all += text.decode(linear.transfer.slice(0, count), { stream: true });
    if (count < linear.transfer.length) return all.trimEnd(); // as a line that is printed
    skip += count;
  }
}

/** The map as data. */
export function mapAsData(space: Space): MapAsData {
  space.enter();
  const all = placements(space);
  const named = new Map(all.map(({ id, name, kind }) => [id, { name, kind }]));
  // What only an alias shows, or another memory has mapped, is known to the facade.
  const known = (id: number) => {
    const found = named.get(id);
    if (found) return { name: found.name, kind: KIND_NAMES[found.kind] as RegionKind };
    const region = space.machine.get(id);
    return { name: region?.name ?? `region ${id}`, kind: region?.kind ?? "ram" };
  };
  return {
    name: space.name,
    regions: all.map(({ name, kind, start, size, priority, enabled, target, offset }) => ({
      name,
      kind: KIND_NAMES[kind] as RegionKind,
      start: json(start),
      size: json(size),
      priority,
      enabled,
      ...(target === 0 ? {} : { of: known(target).name, offset: json(offset) }),
    })),
    flat: flatRanges(space).map(({ start, last, id, offset }) => ({
      start: json(start),
      size: json(last - start + 1n),
      region: known(id).name,
      kind: known(id).kind,
      offset: json(offset),
    })),
  };
}

function json(value: bigint): JsonNumber {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
}
