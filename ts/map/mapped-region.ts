// MappedRegion: a region in a memory's map, as an object that can be moved, hidden and shown.

import { GuestMemoryError } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { RegionKind, RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";

/** The records of the objects, and the objects of the records; kept out of the public type. */
const records = new WeakMap<object, RegionRecord>();
const objects = new WeakMap<RegionRecord, MappedRegion<U64Like>>();

/**
 * A region in the map of a memory: what {@link GuestMemory.map} gives. It stays an object when it is unmapped, and can
 * then only be looked at.
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
  /** How it is called. */
  readonly name: string;
  /** What it is. */
  readonly kind: RegionKind;
  /** Bytes: a bigint where its memory's addresses are bigints and it is past 2^53. */
  readonly size: number | bigint;
  /** Where regions overlap, the one with the highest is seen. */
  readonly priority: number;
  /** The region that an alias shows; undefined for every other kind. */
  readonly target: MappedRegion<A> | undefined;
  readonly #record: RegionRecord;

  /** Made by this library. */
  constructor(region: object) {
    const record = region as RegionRecord;
    this.#record = record;
    this.name = record.name;
    this.kind = record.kind;
    this.size = record.size;
    this.priority = record.priority;
    this.target = record.target && (mappedRegion(record.target) as MappedRegion<U64Like> as MappedRegion<A>);
    records.set(this, record);
    objects.set(record, this as MappedRegion<number | bigint> as MappedRegion<U64Like>);
  }

  /**
   * Its first guest-physical address; the last there was, if it is unmapped.
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
   * Whether it is seen.
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
   * Whether it is in the map.
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
   * Moves it to another address. No byte is copied: what it shows is the same.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `GUEST_ADDRESS_OVERFLOW` past 2^64,
   * `MEMORY_REGION_OVERLAP` with a region of the same priority, `DISPOSED`; RangeError past 2^53 where addresses are
   * numbers. The map is as it was then.
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
    const { space, id } = this.#record;
    space.expectEnd(to, this.size);
    space.changes.make("move", { address: to, length: this.size }, () => {
      u64.check(to, "to");
      return space.linear.raw.gm_move(space.handle, id, u64.low(to), u64.high(to));
    });
  }

  /**
   * Shows it.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `MEMORY_REGION_OVERLAP` with a region of the same
   * priority, `DISPOSED`. The map is as it was then.
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
   * Hides it: what lies below is seen.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `DISPOSED`.
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

  #show(enabled: boolean): void {
    const { space, id } = this.#record;
    const what = enabled ? "enable" : "disable";
    space.changes.make(what, {}, () => space.linear.raw.gm_enable(space.handle, id, enabled ? 1 : 0));
  }
}

/** The object of a record: always the same one. */
export function mappedRegion(record: RegionRecord): MappedRegion<U64Like> {
  return objects.get(record) ?? new MappedRegion<U64Like>(record);
}

/** The record of a region that a caller gave, in the machine of `space`. */
export function recordOf(space: Space, region: unknown, what: string): RegionRecord {
  const record = typeof region === "object" && region !== null ? records.get(region) : undefined;
  if (record === undefined) throw new TypeError(`${what} must be a region, not ${u64.describe(region)}`);
  if (space.machine.get(record.id) === record) return record;
  throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: the region "${record.name}" is not in this machine`);
}
