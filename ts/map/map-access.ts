// MapAccess: the regions of a memory's map, which come, go, move and hide; and what is allowed where.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import { type MapAsData, mapAsData, treeOf } from "./map-text.ts";
import { type MappedRegion, mappedRegion, recordOf } from "./mapped-region.ts";
import { placeRegion } from "./place-region.ts";
import type { RegionSpec } from "./region-spec.ts";

/**
 * What may be done with pages: `r`, `w` and `x`, or `-` where not.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Permissions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x2000]]);
 * const code: Permissions = "r-x";
 * memory.protect(0x1000, 0x1000, code);
 * console.assert(memory.fetchUint8(0x1000) === 0);
 * ```
 */
export type Permissions = `${"r" | "-"}${"w" | "-"}${"x" | "-"}`;

/**
 * The map of guest memory; {@link GuestMemory} has all of it.
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
   * Places a region. RAM and ROM are zero, but for `contents`; linear memory may grow for them: views die.
   *
   * @throws GuestMemoryError `MEMORY_REGION_OVERLAP` with a region of the same priority, `GUEST_ADDRESS_OVERFLOW`,
   * `OUT_OF_MEMORY`, `INVALID_ALIAS`, `INVALID_HANDLER`, `INVALID_EXTERNAL`, `NO_MEMORY_REGION` where an alias names none, `DISPOSED`;
   * RangeError for an empty region, for one past 2^53 where addresses are numbers, and for a priority that is no 32-bit
   * integer; a TypeError for a wrong type. The map is as it was then.
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
   * Takes a region out of the map. Aliases still show what it showed.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not in the map, `DISPOSED`; a TypeError for anything else.
   *
   * @example
   * ```ts
   * const window = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * memory.unmap(window);
   * console.assert(!memory.addressInRange(0x8000));
   * ```
   */
  unmap(region: MappedRegion<A>): void;

  /**
   * The regions in the map, in the order in which they were mapped; those that Rust code has mapped have no objects.
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
   * Makes several changes of the map one: all take effect when `change` returns, or, where it throws or they cannot be,
   * none. Until then accesses see the map as it was. Inside another transaction it ends with that.
   *
   * @returns what `change` gives.
   * @throws what `change` throws; GuestMemoryError `MEMORY_REGION_OVERLAP`, `DISPOSED`; a TypeError where it gives a promise:
   * a transaction does not wait.
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
   * What may be done with whole pages, instead of what was. It belongs to the addresses, and not to what is mapped there:
   * at first everything is allowed everywhere. Violations are errors `PERMISSION_DENIED`, or go to `onDenied`. In a
   * transaction it is a step of that, for the map as the steps before it have made it.
   *
   * @throws GuestMemoryError `MISALIGNED` where address and length are not multiples of 4096; `INVALID_GUEST_ADDRESS`,
   * `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW` where not all is mapped; `DISPOSED`; a TypeError for other permissions.
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
   * The map as text, in the columns of QEMU's `info mtree`, or with `flat` of `info mtree -f`: what is seen where.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.tree().includes("0000000000000000-0000000000000fff (prio 0, ram): ram"));
   * ```
   */
  tree(options?: { flat?: boolean }): string;

  /**
   * The map as data: the regions, and what is seen where. Addresses and sizes are numbers, or, past 2^53, strings.
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
      return this.mapped.find((region) => region.name === name);
    },
    transaction(change) {
      return of(this).space.changes.transaction(change);
    },
    protect(address, length, permissions) {
      protect(of(this).space, address, length, permissions);
    },
    tree(options = {}) {
      return treeOf(of(this).space, options.flat === true);
    },
    toJSON() {
      return mapAsData(of(this).space);
    },
  };
}

function unmap(space: Space, region: unknown): void {
  const { id } = recordOf(space, region, "unmap");
  space.placements.of(id); // the record says from now on where the region was
  space.machine.leaving();
  space.changes.make("unmap", {}, () => space.linear.raw.gm_unmap(space.handle, id));
}

function protect(space: Space, address: U64Like, length: U64Like, permissions: unknown): void {
  if (typeof permissions !== "string" || !/^[r-][w-][x-]$/.test(permissions)) {
    throw new TypeError(`permissions must be like "rwx" or "r--", not ${String(permissions)}`);
  }
  const has = (letter: string, bit: number) => (permissions.includes(letter) ? bit : 0);
  const allowed = has("r", ACCESS_READ) | has("w", ACCESS_WRITE) | has("x", ACCESS_EXECUTE);
  space.changes.make("protect", { address, length }, () => {
    u64.check(length, "length");
    u64.check(address, "address");
    const { linear, handle } = space;
    const [low, high] = [u64.low(address), u64.high(address)];
    return linear.raw.gm_protect(handle, low, high, u64.low(length), u64.high(length), allowed);
  });
}
