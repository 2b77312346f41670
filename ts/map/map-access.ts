// MapAccess: the regions of a memory's map, which come, go, move and hide; and what is allowed where.

import { byteLengthOf, ownedBy, part } from "../core/byte-array.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { BoundDevice } from "../device/bound-device.ts";
import { ExternalBytes } from "../external/external-memory.ts";
import { EXECUTE, READ, WRITE } from "../observe/watchers.ts";
import type { Space } from "../space/space.ts";
import { type MapAsData, mapAsData, treeOf } from "./map-text.ts";
import { idOf, keepStart, MappedRegion, regionOf } from "./mapped-region.ts";
import { RegionAccess } from "./region-access.ts";
import type { RegionKind, RegionSpec } from "./region-spec.ts";

/** The kinds, in the order of the core's numbers. */
export const KINDS: readonly RegionKind[] = ["ram", "rom", "romDevice", "mmio", "alias", "reserved", "external"];

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
export abstract class MapAccess<A extends number | bigint = number> extends RegionAccess<A> {
  readonly #space: Space;

  /** Made by this library. */
  protected constructor(space: object) {
    super(space);
    this.#space = space as Space;
  }

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
  map(spec: RegionSpec): MappedRegion<A> {
    return map(this.#space, spec) as MappedRegion<A>;
  }

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
  unmap(region: MappedRegion<A>): void {
    const space = this.#space;
    const known = regionOf(space, region, "unmap");
    keepStart(known);
    space.machine.leaving();
    space.change("unmap", {}, () => space.linear.raw.gm_unmap(space.handle, idOf(known)));
  }

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
  get mapped(): readonly MappedRegion<A>[] {
    this.#space.enter();
    return this.#space.mapped() as MappedRegion<A>[];
  }

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
  region(name: string): MappedRegion<A> | undefined {
    return this.mapped.find((region) => region.name === name);
  }

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
  transaction<T>(change: () => T): T {
    return this.#space.transaction(change);
  }

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
  protect(address: Wide, length: Wide, permissions: Permissions): void {
    if (typeof permissions !== "string" || !/^[r-][w-][x-]$/.test(permissions)) {
      throw new TypeError(`permissions must be like "rwx" or "r--", not ${String(permissions)}`);
    }
    const has = (letter: string, bit: number) => (permissions.includes(letter) ? bit : 0);
    const allowed = has("r", READ) | has("w", WRITE) | has("x", EXECUTE);
    const space = this.#space;
    space.change("protect", { address, length }, () => {
      wide.split(length, "length");
      const { low: lengthLow, high: lengthHigh } = wide;
      wide.split(address, "address");
      return space.linear.raw.gm_protect(space.handle, wide.low, wide.high, lengthLow, lengthHigh, allowed);
    });
  }

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
  tree(options: { flat?: boolean } = {}): string {
    return treeOf(this.#space, options.flat === true);
  }

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
  toJSON(): MapAsData {
    return mapAsData(this.#space);
  }
}

/** Makes a region and places it. Linear memory may grow. */
export function map(space: Space, spec: RegionSpec): MappedRegion<Wide> {
  if (typeof spec !== "object" || spec === null) {
    throw new TypeError(`a region must be an object, not ${wide.describe(spec)}`);
  }
  const { kind, start, priority = 0, enabled = true } = spec;
  const number = KINDS.indexOf(kind);
  if (number < 0) throw new TypeError(`kind must be one of ${KINDS.join(", ")}, not ${String(kind)}`);
  const name = spec.name ?? kind;
  if (typeof name !== "string") throw new TypeError(`name must be a string, not ${wide.describe(name)}`);
  if (typeof priority !== "number") throw new TypeError(`priority must be a number, not ${wide.describe(priority)}`);
  if ((priority | 0) !== priority) throw new RangeError(`priority must be a 32-bit integer, not ${priority}`);
  const target = spec.kind === "alias" ? targetOf(space, spec.of) : undefined;
  const offset = spec.kind === "alias" ? (spec.offset ?? 0) : 0;
  wide.check(offset, "offset");
  const external =
    spec.kind === "external" ? new ExternalBytes(name, spec.source, spec.offset ?? 0, spec.size) : undefined;
  const size =
    spec.size ?? external?.size ?? (spec.kind === "alias" ? rest(target, offset) : (spec.size as unknown as Wide));
  wide.check(size, "size");
  wide.check(start, "start");
  if (size === 0 || size === 0n) throw new RangeError(`a region has at least one byte: "${name}" has none`);
  space.expectEnd(start, size);
  const hasDevice = spec.kind === "mmio" || spec.kind === "romDevice";
  if (hasDevice && size > Number.MAX_SAFE_INTEGER) throw new RangeError(`a device's region has fewer than 2^53 bytes`);
  const device = hasDevice ? new BoundDevice(name, spec.device) : undefined;
  space.enter();
  if (external) space.linear.externals.prepare();
  const given = "contents" in spec ? spec.contents : undefined;
  const bytes = new TextEncoder().encode(name);
  let id = 0;
  space.change("map", { address: start, length: size }, () => {
    const contents = contentsOf(space, kind, given, size); // measured here: no code of the user's runs after it
    const { linear, handle } = space;
    const nameBytes = Math.min(bytes.length, linear.transfer.length);
    linear.transfer.set(bytes.subarray(0, nameBytes));
    wide.split(size, "size");
    const [sizeLow, sizeHigh] = [wide.low, wide.high];
    wide.split(offset, "offset");
    const [offsetLow, offsetHigh] = [wide.low, wide.high];
    wide.split(start, "start");
    const { low, high } = wide;
    const shown = enabled ? 1 : 0;
    const of = target ? idOf(target) : external ? linear.externals.add(external) : 0;
    const { raw } = linear;
    const status = raw.gm_map(
      handle,
      number,
      low,
      high,
      sizeLow,
      sizeHigh,
      priority,
      shown,
      of,
      offsetLow,
      offsetHigh,
      nameBytes,
    );
    linear.replace();
    if (status !== 0) return status;
    id = linear.report[0] as number;
    const region = new MappedRegion<Wide>(space, {
      id,
      name,
      kind,
      start: space.own(start),
      size,
      priority,
      device,
      external,
      target,
    });
    space.machine.add(id, region);
    if (contents) space.load(id, contents);
    return 0;
  });
  return space.machine.get(id) as MappedRegion<Wide>;
}

/**
 * The bytes that a region of `size` bytes holds at first, measured by the engine. They are copied if they lie in this
 * linear memory itself, which may grow before they are loaded.
 */
function contentsOf(space: Space, kind: RegionKind, given: Uint8Array | undefined, size: Wide): Uint8Array | undefined {
  if (given === undefined) return undefined;
  const length = byteLengthOf(given, "contents");
  if (kind !== "ram" && kind !== "rom" && kind !== "romDevice") {
    throw new TypeError(`a region of kind ${kind} has no contents`);
  }
  if (length > size) throw new RangeError(`the contents are more than the region's ${size} bytes`);
  const contents = part(given, 0, length);
  return ownedBy(given, space.linear.buffer) ? contents.slice() : contents;
}

/** The region that an alias names. */
function targetOf(space: Space, of: unknown): MappedRegion<Wide> {
  if (typeof of !== "string") return regionOf(space, of, "of");
  const named = space.mapped().find((region) => region.name === of);
  if (named) return named;
  throw new GuestMemoryError("NO_MEMORY_REGION", `of: there is no region "${of}" to show`);
}

/** What an alias shows if nobody says how much. */
function rest(target: MappedRegion<Wide> | undefined, offset: Wide): Wide {
  const left = BigInt(target?.size ?? 0) - BigInt(offset);
  if (left > 0n) return left > BigInt(Number.MAX_SAFE_INTEGER) ? left : Number(left);
  throw new GuestMemoryError(
    "INVALID_ALIAS",
    `the alias begins at byte ${offset} of a region of ${target?.size} bytes`,
  );
}
