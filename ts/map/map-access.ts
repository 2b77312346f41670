// MapAccess: GuestMemory's methods for its map: regions, transactions, protection, and the map as text and data.

import { GuestMemoryError } from "../core/errors.ts";
import { checkObject, flag } from "../core/options.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { type MapAsData, mapAsData, treeOf } from "./map-text.ts";
import { type MappedRegion, mappedRegion, recordOf } from "./mapped-region.ts";
import { type Permissions, setPermissions } from "./permissions.ts";
import { placeRegion } from "./place-region.ts";
import type { RegionSpec } from "./region-spec.ts";

/**
 * The map of guest memory. {@link GuestMemory} has all of these methods.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.create([
 *   { kind: "rom", name: "BIOS", start: 0xf_0000, size: 0x1_0000 },
 *   { kind: "ram", name: "RAM", start: 0, size: 0x10_0000, priority: -1 },
 * ]);
 * memory.poke(0xf_fff0, Uint8Array.of(0xea));
 * memory.transaction(() => memory.region("BIOS")!.disable());
 * console.assert(memory.readUint8(0xf_fff0) === 0);
 * ```
 */
export interface MapAccess<A extends number | bigint = number> {
  /**
   * Makes a region and places it in the map. RAM and ROM are zero except for `contents`. Linear memory may grow for
   * them, which detaches views.
   *
   * @throws GuestMemoryError `MEMORY_REGION_OVERLAP` with a region of the same priority, `GUEST_ADDRESS_OVERFLOW`,
   * `OUT_OF_MEMORY`, `INVALID_ALIAS`, `INVALID_HANDLER`, `INVALID_EXTERNAL`, `NO_MEMORY_REGION` if an alias names no
   * region of the map, `DISPOSED`; RangeError for an empty region, for a region past 2^53 if addresses are numbers, and
   * for a priority that is not a 32-bit integer; TypeError for a wrong type. The map is then unchanged.
   *
   * @example
   * ```ts
   * const uart = memory.map({
   *   kind: "mmio",
   *   name: "UART",
   *   start: 0x4000_0000,
   *   size: 0x1000,
   *   device: { read32: () => 0x90, write32: (_offset, value) => console.log(String.fromCharCode(value)) },
   * });
   * console.assert(memory.readUint32(0x4000_0018) === 0x90 && uart.name === "UART");
   * ```
   */
  map(spec: RegionSpec): MappedRegion<A>;

  /**
   * Takes a region out of the map. Aliases still show its bytes.
   *
   * @param region - the region, or the name of the first region in the map that has it.
   * @throws GuestMemoryError `NO_MEMORY_REGION` if the region is not in the map, `DISPOSED`; TypeError if it is neither a
   * `MappedRegion` nor a string.
   *
   * @example
   * ```ts
   * const window = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * memory.unmap(window);
   * console.assert(!memory.addressInRange(0x8000));
   * ```
   */
  unmap(region: MappedRegion<A> | string): void;

  /**
   * The regions in the map, in the order of mapping. Includes the regions of `fromRanges` and of Rust code.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000 });
   * console.assert(memory.mapped.at(-1)!.name === "hole");
   * ```
   */
  get mapped(): readonly MappedRegion<A>[];

  /**
   * The first region in the map with this name, or undefined.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000 });
   * console.assert(memory.region("hole")!.start === 0x8000 && memory.region("nothing") === undefined);
   * ```
   */
  region(name: string): MappedRegion<A> | undefined;

  /**
   * Makes all changes of the map in `change` take effect together, when it returns. If it throws, or the new map is not
   * valid, no change takes effect. Until it returns, accesses see the old map. A transaction inside another one takes
   * effect when the outer one does. Only changes of this memory's map are undone: bytes, watches, clients and changes of
   * other memories stay (docs/errors.md).
   *
   * @returns the result of `change`.
   * @throws the error that `change` throws; GuestMemoryError `MEMORY_REGION_OVERLAP`, `DISPOSED`; TypeError if `change`
   * returns a promise, because a transaction does not wait.
   *
   * @example
   * ```ts
   * const banks = [0, 1].map((index) => memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: index === 0 }));
   * memory.transaction(() => {
   *   banks[0]!.disable();
   *   banks[1]!.enable();
   * });
   * console.assert(banks[1]!.enabled);
   * ```
   */
  transaction<T>(change: () => T): T;

  /**
   * Sets the permissions of whole pages. Permissions belong to guest-physical addresses, not to the regions there, and
   * at first allow everything. A forbidden access is the error `PERMISSION_DENIED`, or goes to `onDenied`. In a
   * transaction `protect` is one of its changes, and applies to the map that the changes before it have made.
   *
   * @param address - a multiple of 4096.
   * @param length - bytes, a multiple of 4096.
   * @throws GuestMemoryError `MISALIGNED` if address or length is not a multiple of 4096; `INVALID_GUEST_ADDRESS`,
   * `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW` if the range is not mapped as a whole; `DISPOSED`; TypeError for
   * permissions of another form.
   *
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "r--");
   * const stores: number[] = [];
   * memory.onDenied = { write: (address) => void stores.push(address) };
   * memory.writeUint8(0x10, 1);
   * console.assert(memory.readUint8(0x10) === 0 && stores[0] === 0x10);
   * ```
   */
  protect(address: U64Like, length: U64Like, permissions: Permissions): void;

  /**
   * The map as text, in the format of QEMU's `info mtree`; with `flat`, the flat view in the format of `info mtree -f`. Behind
   * it are the pages that `protect` has forbidden something, if there are any.
   *
   * @throws GuestMemoryError `DISPOSED`; TypeError for a `flat` that is not a boolean.
   *
   * @example
   * ```ts
   * console.assert(memory.tree().includes("0000000000000000-0000000000000fff (prio 0, ram): ram"));
   * ```
   */
  tree(options?: { flat?: boolean }): string;

  /**
   * The map as data: its regions, its flat view, and its protection. Addresses and sizes are numbers up to 2^53 - 1, and decimal strings
   * beyond.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * const { regions, flat } = memory.toJSON();
   * console.assert(regions[0]!.kind === "ram" && flat[0]!.start === 0);
   * ```
   */
  toJSON(): MapAsData;
}

/** The part of GuestMemory that is {@link MapAccess}. */
export function mapAccess(of: PartOf<{ space: Space }>): MapAccess<U64Like> {
  return {
    map(spec) {
      return mappedRegion(placeRegion(of(this).space, spec));
    },
    unmap(region) {
      unmap(of(this).space, region);
    },
    get mapped() {
      const { space } = of(this);
      space.enter();
      return space.placements.records().map(mappedRegion);
    },
    region(name) {
      const { space } = of(this);
      space.enter();
      const record = typeof name === "string" ? space.placements.named(name) : undefined;
      return record && mappedRegion(record);
    },
    transaction(change) {
      return of(this).space.changes.transaction(change);
    },
    protect(address, length, permissions) {
      protect(of(this).space, address, length, permissions);
    },
    tree(options = {}) {
      checkObject(options, "options");
      return treeOf(of(this).space, flag(options.flat, "flat", false));
    },
    toJSON() {
      return mapAsData(of(this).space);
    },
  };
}

function unmap(space: Space, region: unknown): void {
  const record = typeof region === "string" ? namedRegion(space, region) : recordOf(space, region, "unmap");
  const { id } = record;
  space.placements.of(id); // brings the record's `start` up to date, which stays readable
  space.machine.leaving(id);
  space.changes.make("unmap", {}, () => space.linear.raw.gm_unmap(space.handle, id), [record]);
}

function namedRegion(space: Space, name: string): RegionRecord {
  space.enter();
  const record = space.placements.named(name);
  if (record) return record;
  throw new GuestMemoryError("NO_MEMORY_REGION", `unmap: no region in the map has the name "${name}"`);
}

function protect(space: Space, address: U64Like, length: U64Like, permissions: unknown): void {
  if (typeof permissions !== "string" || !/^[r-][w-][x-]$/.test(permissions)) {
    throw new TypeError(`permissions must be like "rwx" or "r--", not ${String(permissions)}`);
  }
  u64.check(length, "length");
  u64.check(address, "address");
  setPermissions(space, address, length, permissions as Permissions);
}
