// Placements: the regions in a space's map, with their addresses.

import * as abi from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { putName } from "../core/map-request.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import type { Space } from "./space.ts";

/**
 * The kind of a region; {@link RegionSpec} describes each.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RegionKind } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 4096 }]);
 * const kind: RegionKind = memory.mapped[0]!.kind;
 * console.assert(kind === "ram");
 * ```
 */
export type RegionKind = (typeof abi.REGION_KINDS)[number];

/** A region as the facade knows it. */
export interface RegionRecord {
  readonly id: number;
  /** The space in whose map it was placed. */
  readonly space: Space;
  readonly name: string;
  readonly kind: RegionKind;
  readonly size: U64Like;
  readonly priority: number;
  /** The device, if the region has one and the facade has made it. */
  readonly device?: BoundDevice | undefined;
  readonly external?: ExternalMemory | undefined;
  // As of the last time that the space's placements were read:
  /** The first address. */
  start: U64Like;
  /** The region that an alias shows. The machine sets it, which counts the aliases of each region. */
  target?: RegionRecord | undefined;
  /** The byte of its target that an alias begins at; else 0. */
  offset: U64Like;
}

/** A region in the map. */
export interface Placement {
  readonly id: number;
  readonly start: bigint;
  readonly size: bigint;
  readonly priority: number;
  readonly enabled: boolean;
  /** The id of the region that an alias shows; else 0. */
  readonly target: number;
  readonly offset: bigint;
}

/** A region's name and kind, as the core knows them. */
export interface RegionLabel {
  readonly name: string;
  readonly kind: RegionKind;
  /** The kind of region that is seen: for an alias, the kind of its target. */
  readonly shown: RegionKind;
}

const decoder = new TextDecoder();

/** Asks the core for a region's name and kind. */
export function labelOf(linear: LinearMemory, id: number): RegionLabel {
  linear.raw.gm_region_name(id);
  const name = decoder.decode(linear.transfer.slice(0, linear.reported(abi.REGION_NAME_BYTES)));
  const kind = abi.REGION_KINDS[linear.reported(abi.REGION_KIND)] as RegionKind;
  const shown = abi.REGION_KINDS[linear.reported(abi.REGION_SHOWN_KIND)] as RegionKind;
  return { name, kind, shown };
}

/** Reads the placements from the core, in the order of mapping, with the changes of an open transaction. */
export function readPlacements({ linear, handle }: Space, most: number = Number.POSITIVE_INFINITY): Placement[] {
  const all: Placement[] = [];
  for (let number = 0n; all.length < most; ) {
    if (linear.raw.gm_placement(handle, u64.low(number), u64.high(number)) !== 0) break;
    all.push(reportedPlacement(linear));
    number = linear.reported64(abi.PLACEMENT_NUMBER_LOW) + 1n;
  }
  return all;
}

function reportedPlacement(linear: LinearMemory): Placement {
  return {
    id: linear.reported(abi.PLACEMENT_REGION),
    start: linear.reported64(abi.PLACEMENT_START_LOW),
    size: linear.reported64(abi.PLACEMENT_SIZE_LOW),
    priority: linear.reported(abi.PLACEMENT_PRIORITY) | 0,
    enabled: linear.reported(abi.PLACEMENT_ENABLED) !== 0,
    target: linear.reported(abi.PLACEMENT_TARGET),
    offset: linear.reported64(abi.PLACEMENT_OFFSET_LOW),
  };
}

/** The placements of one space. Read from the core when they are asked for, and again when they may have changed. */
export class Placements {
  readonly #space: Space;
  /** The placements that were read, by region. */
  readonly #byId = new Map<number, Placement>();
  /** The records of all regions in the map, if they were asked for. */
  #all: RegionRecord[] | undefined;
  #generation = 0;

  constructor(space: Space) {
    this.#space = space;
  }

  /** The placement of a region, or undefined if it is not in this space's map. */
  of(id: number): Placement | undefined {
    if (this.#space.disposed) return undefined;
    this.#space.enter();
    return this.#of(id);
  }

  /** Whether a region is in this space's map. Runs no user's code, which `of` may. */
  has(id: number): boolean {
    return !this.#space.disposed && this.#of(id) !== undefined;
  }

  /** The record of a region, made now if the region is in the map and has none. Runs no user's code. */
  record(id: number): RegionRecord | undefined {
    this.#of(id);
    return this.#space.machine.get(id);
  }

  /** The first region in the map with a name, in the order of mapping. */
  named(name: string): RegionRecord | undefined {
    const { linear, handle } = this.#space;
    this.#refresh();
    for (let from = 0n; ; ) {
      const [low, high] = [u64.low(from), u64.high(from)];
      if (linear.raw.gm_named(handle, putName(linear, name), low, high) !== 0) return undefined;
      from = linear.reported64(abi.PLACEMENT_NUMBER_LOW) + 1n;
      const record = this.#keep(reportedPlacement(linear));
      if (record.name === name) return record; // the core knows no more of a name than fits in the transfer buffer
    }
  }

  /** The region of RAM with exactly this start and size; the first in the order of mapping. */
  exact(start: U64Like, size: U64Like): RegionRecord | undefined {
    const { linear, handle } = this.#space;
    this.#refresh();
    const [low, high] = [u64.low(start), u64.high(start)];
    if (linear.raw.gm_exact_ram(handle, low, high, u64.low(size), u64.high(size)) !== 0) return undefined;
    return this.#keep(reportedPlacement(linear));
  }

  /** The regions in the map, in the order of mapping. */
  records(): RegionRecord[] {
    this.#refresh();
    this.#all ??= readPlacements(this.#space).map((placement) => this.#keep(placement));
    return this.#all;
  }

  /** Drops what was read. A transaction changes placements, but not the generation. */
  invalidate(): void {
    if (this.#byId.size > 0) this.#byId.clear();
    this.#all = undefined;
  }

  #refresh(): void {
    const generation = this.#space.mapGeneration;
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.invalidate();
  }

  #of(id: number): Placement | undefined {
    this.#refresh();
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const { linear, handle } = this.#space;
    if (linear.raw.gm_placement_of(handle, id) !== 0) return undefined;
    const placement = reportedPlacement(linear);
    this.#keep(placement);
    return placement;
  }

  /** Remembers a placement that was just read. Gives its record, which says from now on where the region is. */
  #keep(placement: Placement): RegionRecord {
    this.#byId.set(placement.id, placement);
    const record = this.#record(placement);
    record.start = this.#space.toAddress(placement.start);
    if (placement.target !== 0) this.shows(placement.id, placement.target, placement.offset);
    return record;
  }

  /** Remembers that an alias shows bytes of a region, named by its id, from an offset on. */
  shows(alias: number, target: number, offset: U64Like): void {
    const { machine } = this.#space;
    const record = machine.get(alias);
    if (record === undefined) return;
    record.offset = u64.shortest(BigInt(offset));
    if (record.target?.id !== target) machine.show(record, machine.get(target));
  }

  /** The record of a region in the map. Made here for regions of `fromRanges`, of `insertRegion` and of Rust code. */
  #record({ id, start, size, priority, target }: Placement): RegionRecord {
    const { machine, linear } = this.#space;
    const known = machine.get(id);
    if (known) return known;
    const { name, kind } = labelOf(linear, id);
    const record: RegionRecord = {
      id,
      space: this.#space,
      name,
      kind,
      size: u64.shortest(size),
      priority,
      target: machine.get(target),
      offset: 0,
      start: this.#space.toAddress(start),
    };
    machine.add(record);
    return record;
  }
}
