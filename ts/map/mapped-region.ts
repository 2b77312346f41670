// MappedRegion: the object for a region in a memory's map, which moves, hides and shows it.

import { GuestMemoryError } from "../core/errors.ts";
import { json } from "../core/json.ts";
import { showAs } from "../core/shown.ts";
import type { SizeOf, U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { RegionKind, RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import type { RegionAsData } from "./map-text.ts";
import { fillRegion, readRegion, viewRegion, writeRegion } from "./region-bytes.ts";

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
  readonly #record: RegionRecord;

  /** For this library: users get regions from a memory. */
  constructor(region: object) {
    const record = region as RegionRecord;
    this.#record = record;
    this.name = record.name;
    this.kind = record.kind;
    this.size = (record.space.bigint ? record.size : Number(record.size)) as SizeOf<A>;
    this.priority = record.priority;
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
    return this.#latest().start as A;
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
   * The region that an alias shows; undefined for every other kind. After the alias is unmapped, the last one.
   * @example
   * ```ts
   * const ram = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * const mirror = memory.map({ kind: "alias", start: 0x9000, of: ram });
   * console.assert(mirror.target === ram && ram.target === undefined);
   * ```
   */
  get target(): MappedRegion<A> | undefined {
    const { target } = this.#latest();
    return target && (mappedRegion(target) as MappedRegion<U64Like> as MappedRegion<A>);
  }

  /**
   * The byte of its target that an alias begins at; undefined for every other kind. Setting it shows other bytes of the
   * same target, as {@link MappedRegion.show} does.
   *
   * @throws as {@link MappedRegion.show}, when it is set.
   *
   * @example
   * ```ts
   * const banks = memory.map({ kind: "ram", start: 0x1_0000, size: 0x4000 });
   * const window = memory.map({ kind: "alias", start: 0x8000, of: banks, size: 0x1000 });
   * memory.writeUint8(0x1_2000, 7);
   * window.offset = 0x2000;
   * console.assert(memory.readUint8(0x8000) === 7);
   * ```
   */
  get offset(): SizeOf<A> | undefined {
    const { space, kind, offset } = this.#latest();
    if (kind !== "alias") return undefined;
    return (space.bigint ? offset : Number(offset)) as SizeOf<A>;
  }

  set offset(offset: U64Like) {
    show(this.#record, undefined, offset, "offset");
  }

  /**
   * Makes an alias show other bytes: as many as it has, from `offset` on in `region`. A mapper puts a bank there, or RAM
   * in place of ROM. Aliases of the alias follow, and so do the machine's other address spaces. An offset
   * that is no multiple of 4096 away from the alias's address works, but all accesses are slow then.
   *
   * @param region - a region of the machine that is in a map or that an alias shows, or the name of the first region in
   * the map that has it.
   * @param offset - the byte of `region` that the alias begins at. Default 0.
   * @throws GuestMemoryError `NO_MEMORY_REGION` if the alias or the region is not mapped, `INVALID_ALIAS` if the region has
   * too few bytes or shows the alias itself, `DISPOSED`; TypeError if this region is not an alias, or if `region` is
   * neither a `MappedRegion` nor a string; TypeError, RangeError for a wrong offset. The map is then unchanged.
   *
   * @example
   * ```ts
   * memory.map({ kind: "rom", name: "BASIC", start: 0x1_0000, size: 0x1000, contents: Uint8Array.of(1) });
   * memory.map({ kind: "ram", name: "RAM", start: 0x2_0000, size: 0x4000 });
   * const window = memory.map({ kind: "alias", name: "window", start: 0x8000, of: "BASIC" });
   * window.show("RAM", 0x1000);
   * memory.writeUint8(0x8000, 7);
   * console.assert(memory.readUint8(0x2_1000) === 7);
   * ```
   */
  show(region: MappedRegion<A> | string, offset: U64Like = 0): void {
    const { space } = this.#record;
    show(this.#record, targetOf(space, region, "show"), offset, "show");
  }

  /**
   * Reads bytes of the region, also where it is hidden or disabled, as a debugger does: without regard to `protect`,
   * and without calls of watches. An alias reads its target; a `romDevice` reads its contents.
   *
   * @param offset - the first byte, in bytes from the region's start.
   * @param into - is filled as a whole.
   * @throws RangeError if the region does not have all the bytes; GuestMemoryError `NOT_MEMORY` for a device or a reserved
   * range, `NO_MEMORY_REGION` if no map of the machine has the region and no alias shows it, `DETACHED_BUFFER`,
   * `DISPOSED`; TypeError for an array of another type.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: false, contents: Uint8Array.of(1, 2) });
   * const into = new Uint8Array(2);
   * bank.read(0, into);
   * console.assert(into.join() === "1,2");
   * ```
   */
  read(offset: U64Like, into: Uint8Array): void {
    readRegion(this.#record, offset, into);
  }

  /**
   * Writes bytes of the region, also where it is hidden or disabled, as a loader does: into ROM too, without regard to
   * `protect`. Marks the pages dirty and calls `onHostWrite`, but no watch and no device's handler.
   *
   * @param offset - the first byte, in bytes from the region's start.
   * @throws as {@link MappedRegion.read}; GuestMemoryError `OUT_OF_MEMORY` if discarded bytes find no pages. No byte is
   * written then.
   *
   * @example
   * ```ts
   * const rom = memory.map({ kind: "rom", start: 0x8000, size: 0x1000 });
   * rom.write(0xffc, Uint8Array.of(0x00, 0x80));
   * console.assert(memory.readUint16(0x8ffc) === 0x8000);
   * ```
   */
  write(offset: U64Like, bytes: Uint8Array): void {
    writeRegion(this.#record, offset, bytes);
  }

  /**
   * Sets `length` bytes of the region from `offset` on to a byte, as {@link MappedRegion.write} does.
   *
   * @param byte - the lowest eight bits count.
   * @throws as {@link MappedRegion.write}; TypeError for a byte that is not a number.
   *
   * @example
   * ```ts
   * const flash = memory.map({ kind: "rom", start: 0x8000, size: 0x1000 });
   * flash.fill(0, 0xff, flash.size); // erased
   * console.assert(memory.readUint8(0x8fff) === 0xff);
   * ```
   */
  fill(offset: U64Like, byte: number, length: U64Like): void {
    fillRegion(this.#record, offset, byte, length);
  }

  /**
   * A view of `length` bytes of the region from `offset` on, also where it is hidden or disabled. As with
   * {@link GuestMemory.view}, growth detaches it, and code that writes through it marks what it writes.
   *
   * @throws as {@link MappedRegion.read}; GuestMemoryError `CROSSES_REGIONS` at the edge of discarded bytes.
   *
   * @example
   * ```ts
   * const screen = memory.map({ kind: "ram", start: 0xa_0000, size: 0x1000 });
   * memory.writeUint8(0xa_0010, 7);
   * console.assert(screen.view(0x10, 4)[0] === 7);
   * ```
   */
  view(offset: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
    return viewRegion(this.#record, offset, length);
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
    u64.check(to, "to");
    space.expectEnd(to, size);
    const act = () => space.linear.raw.gm_move(space.handle, id, u64.low(to), u64.high(to));
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
    const { name, kind, size, priority, target, offset, start } = this.#latest();
    const alias = target ? { of: target.name, offset: json(offset) } : {};
    return { name, kind, start: json(start), size: json(size), priority, enabled: this.enabled, ...alias };
  }

  /** The record, brought up to date while the region is in the map. */
  #latest(): RegionRecord {
    const { space, id } = this.#record;
    space.placements.of(id);
    return this.#record;
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

/** Makes an alias show other bytes, of another region or of its own target. */
function show(alias: RegionRecord, target: RegionRecord | undefined, offset: U64Like, what: string): void {
  if (alias.kind !== "alias") {
    throw new TypeError(`${what}: the region "${alias.name}" is of kind ${alias.kind}, not an alias`);
  }
  const { space } = alias;
  u64.check(offset, "offset");
  space.changes.make(target ? `${what}: "${alias.name}" of "${target.name}"` : `${what} of "${alias.name}"`, {}, () => {
    const [low, high] = [u64.low(offset), u64.high(offset)];
    const status = space.linear.raw.gm_show(space.handle, alias.id, target?.id ?? 0, low, high);
    if (status === 0 && target) space.placements.shows(alias.id, target.id, offset);
    return status;
  });
}

/** The record of a region that the caller names for an alias to show. */
export function targetOf(space: Space, region: unknown, what: string): RegionRecord {
  if (typeof region !== "string") return recordOf(space, region, what);
  space.enter();
  const named = space.placements.named(region);
  if (named) return named;
  throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: no region in the map has the name "${region}"`);
}

/** The record of a region that the caller passed. Throws unless the region is one of the space's machine. */
export function recordOf(space: Space, region: unknown, what: string): RegionRecord {
  const record = typeof region === "object" && region !== null ? records.get(region) : undefined;
  if (record === undefined)
    throw new TypeError(`${what}: ${u64.describe(region)} is not a region, as map() and region(name) give it`);
  if (space.machine.get(record.id) === record) return record;
  throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: region "${record.name}" is not in this machine`);
}
