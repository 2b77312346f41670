// MappedRegion: the object for a region in a memory's map, which moves, hides and shows it.

import { GuestMemoryError } from "../core/errors.ts";
import { json } from "../core/json.ts";
import { showAs } from "../core/shown.ts";
import type { SizeOf, U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { RegionKind, RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import type { RegionAsData } from "./map-text.ts";

/** Maps objects to records and back. WeakMaps, so that the public type does not show the record. */
const records = new WeakMap<object, RegionRecord>();
const objects = new WeakMap<RegionRecord, MappedRegion<U64Like>>();

/**
 * A region in the map of a memory, returned by {@link GuestMemory.map}. After it is unmapped its properties can still
 * be read; methods that change it throw `NO_MEMORY_REGION`.
 *
 * @example
 * ```ts
 * import { GuestMemory, type MappedRegion } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "window", start: 0x1000, size: 0x1000 }]);
 * const window: MappedRegion = memory.region("window")!;
 * memory.writeUint8(0x1000, 7);
 * window.move(0x8000);
 * console.assert(memory.readUint8(0x8000) === 7 && window.start === 0x8000);
 * ```
 */
export class MappedRegion<A extends number | bigint = number> {
  /** The region's name. */
  readonly name: string;
  /** The region's kind. */
  readonly kind: RegionKind;
  /** The size in bytes. Where addresses are bigints: a number or a bigint, as in the region's spec. */
  readonly size: SizeOf<A>;
  /** The priority. Where regions overlap, accesses see the one with the highest priority. */
  readonly priority: number;
  /** The region that an alias shows; undefined for every other kind. */
  readonly target: MappedRegion<A> | undefined;
  readonly #record: RegionRecord;

  /** For this library: users get regions from a memory. */
  constructor(region: object) {
    const record = region as RegionRecord;
    this.#record = record;
    this.name = record.name;
    this.kind = record.kind;
    this.size = (record.space.bigint ? record.size : Number(record.size)) as SizeOf<A>;
    this.priority = record.priority;
    this.target = record.target && (mappedRegion(record.target) as MappedRegion<U64Like> as MappedRegion<A>);
    records.set(this, record);
    objects.set(record, this as MappedRegion<number | bigint> as MappedRegion<U64Like>);
  }

  /**
   * The first guest-physical address. After the region is unmapped, the last one that it had.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000 });
   * console.assert(window.start === 0x8000);
   * ```
   */
  get start(): A {
    const { space, id } = this.#record;
    space.placements.of(id); // brings the record up to date, while the region is in the map
    return this.#record.start as A;
  }

  /**
   * Whether the region is shown; false too if it is not in the map.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000, enabled: false });
   * console.assert(!window.enabled);
   * ```
   */
  get enabled(): boolean {
    const { space, id } = this.#record;
    return space.placements.of(id)?.enabled ?? false;
  }

  /**
   * Whether the region is in the map.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000 });
   * memory.unmap(window);
   * console.assert(!window.isMapped);
   * ```
   */
  get isMapped(): boolean {
    const { space, id } = this.#record;
    return space.placements.of(id) !== undefined;
  }

  /**
   * Moves the region to another guest-physical address. Its bytes stay the same, and none is copied.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if the region is not mapped, `GUEST_ADDRESS_OVERFLOW` past 2^64,
   * `MEMORY_REGION_OVERLAP` with a region of the same priority, `DISPOSED`; RangeError past 2^53 if addresses are
   * numbers. The map is then unchanged.
   *
   * @example
   * ```ts
   * const bar = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * memory.writeUint8(0x8000, 7);
   * bar.move(0x1_0000);
   * console.assert(memory.readUint8(0x1_0000) === 7);
   * ```
   */
  move(to: U64Like): void {
    const { space, id, name, size, priority } = this.#record;
    space.expectEnd(to, size);
    const act = () => {
      u64.check(to, "to");
      return space.linear.raw.gm_move(space.handle, id, u64.low(to), u64.high(to));
    };
    space.changes.make("move", { address: to, length: size }, act, [{ id, name, start: to, size, priority }]);
  }

  /**
   * Shows the region. No effect if it is shown already.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if the region is not mapped, `MEMORY_REGION_OVERLAP` with a region of
   * the same priority, `DISPOSED`. The map is then unchanged.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: false });
   * bank.enable();
   * console.assert(memory.readUint8(0x8000) === 0);
   * ```
   */
  enable(): void {
    this.#show(true);
  }

  /**
   * Hides the region: accesses see the regions of lower priority below it, or a hole. No effect if it is hidden
   * already.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if the region is not mapped, `DISPOSED`.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * bank.disable();
   * console.assert(!memory.addressInRange(0x8000));
   * ```
   */
  disable(): void {
    this.#show(false);
  }

  /**
   * The region as data, for JSON and for console.log.
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", name: "bank", start: 0x8000, size: 0x1000 });
   * console.assert(JSON.parse(JSON.stringify(bank)).start === 0x8000);
   * ```
   */
  toJSON(): RegionAsData {
    const { space, id, name, kind, size, priority, target } = this.#record;
    const placement = space.disposed ? undefined : space.placements.of(id); // brings the record's `start` up to date
    const alias = target ? { of: target.name, ...(placement ? { offset: json(placement.offset) } : {}) } : {};
    const enabled = placement?.enabled ?? false;
    return { name, kind, start: json(this.#record.start), size: json(size), priority, enabled, ...alias };
  }

  #show(enabled: boolean): void {
    const { space, id } = this.#record;
    const what = enabled ? "enable" : "disable";
    const act = () => space.linear.raw.gm_enable(space.handle, id, enabled ? 1 : 0);
    space.changes.make(what, {}, act, [this.#record]);
  }
}

showAs(MappedRegion, "MappedRegion", (region) => region.toJSON());

/** The object of a record. Always the same one. */
export function mappedRegion(record: RegionRecord): MappedRegion<U64Like> {
  return objects.get(record) ?? new MappedRegion<U64Like>(record);
}

/** The record of a region that the caller passed. Throws unless the region is one of the space's machine. */
export function recordOf(space: Space, region: unknown, what: string): RegionRecord {
  const record = typeof region === "object" && region !== null ? records.get(region) : undefined;
  if (record === undefined) throw new TypeError(`${what} must be a region, not ${u64.describe(region)}`);
  if (space.machine.get(record.id) === record) return record;
  throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: the region "${record.name}" is not in this machine`);
}
