// RegionSpec: the description of a region to make and to place in a memory's map.

import { REGION_KINDS } from "../core/abi.ts";
import { checkObject, flag, oneOf } from "../core/options.ts";
import { check, describe, type U64Like } from "../core/u64.ts";
import type { Device } from "../device/device.ts";
import type { ExternalSource } from "../external/external-memory.ts";
import type { RegionKind } from "../space/placements.ts";
import type { MappedRegion } from "./mapped-region.ts";

/** The options of every kind of region. */
interface Placed {
  /** The name, for `tree()` and for aliases. Default: the kind. */
  name?: string;
  /** The first guest-physical address. */
  start: U64Like;
  /**
   * A 32-bit integer. Where regions overlap, accesses see the one with the highest priority. Enabled regions of equal
   * priority must not overlap. Default 0.
   */
  priority?: number;
  /** Whether the region is enabled, and so shown, at first. Default true. */
  enabled?: boolean;
}

/**
 * A region to make and to place in a memory's map, by its `kind`. `size` and `offset` are in bytes.
 *
 * - `ram`: memory. `contents` are its first bytes; the rest is 0.
 * - `rom`: memory that the guest cannot write. `poke` can.
 * - `romDevice`: reads see ROM, writes go to the device, as in flash memory.
 * - `mmio`: every access goes to the device.
 * - `alias`: shows the bytes of another region once more: `size` bytes (default: the rest) from `offset` (default 0)
 *   on. `of` is the region's name or object; the region need not be mapped.
 * - `external`: memory outside linear memory: `size` bytes (default: the rest) from byte `offset` (default 0) of an
 *   {@link ExternalSource} on. Accesses take three times as long as to RAM, and dirty clients do not see writes.
 * - `reserved`: a hole, also where a region of lower priority lies below.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RegionSpec } from "guest-memory";
 *
 * const board: RegionSpec[] = [
 *   { kind: "rom", name: "flash", start: 0x1000_0000, size: 0x10_0000, contents: Uint8Array.of(1, 2, 3) },
 *   { kind: "alias", name: "flash, uncached", start: 0x1300_0000, of: "flash" },
 *   { kind: "ram", name: "SRAM", start: 0x2000_0000, size: 0x4_2000 },
 * ];
 * using memory = await GuestMemory.create(board);
 * console.assert(memory.readUint8(0x1300_0002) === 3);
 * ```
 */
export type RegionSpec =
  | (Placed & { kind: "ram" | "rom"; size: U64Like; contents?: Uint8Array })
  | (Placed & { kind: "romDevice"; size: U64Like; contents?: Uint8Array; device: Device })
  | (Placed & { kind: "mmio"; size: U64Like; device: Device })
  | (Placed & { kind: "alias"; of: MappedRegion<U64Like> | MappedRegion | string; offset?: U64Like; size?: U64Like })
  | (Placed & { kind: "external"; source: ExternalSource; offset?: U64Like; size?: U64Like })
  | (Placed & { kind: "reserved"; size: U64Like });

/** A caller's spec: types and ranges are checked, but nothing that depends on the map. */
export interface GivenSpec {
  readonly kind: RegionKind;
  readonly name: string;
  readonly start: U64Like;
  readonly size: U64Like | undefined;
  readonly priority: number;
  readonly enabled: boolean;
  readonly of: unknown;
  readonly offset: U64Like;
  readonly device: Device;
  readonly source: unknown;
  readonly contents: Uint8Array | undefined;
}

/** Checks a spec. Reads each property once, because a getter may give another answer the next time. */
export function readSpec(spec: RegionSpec, index?: number): GivenSpec {
  checkObject(spec, index === undefined ? "a region" : `region ${index}`);
  const { kind, start, size, priority = 0, enabled: shown, name: given } = spec;
  const { of, offset = 0, device, source, contents } = spec as unknown as GivenSpec;
  const name = given ?? kind;
  const label = index === undefined ? `region "${String(name)}"` : `region ${index} ("${String(name)}")`;
  oneOf(kind, `${label}: kind`, REGION_KINDS);
  if (typeof name !== "string") throw new TypeError(`${label}: name must be a string, not ${describe(name)}`);
  if (typeof priority !== "number")
    throw new TypeError(`${label}: priority must be a number, not ${describe(priority)}`);
  if ((priority | 0) !== priority) throw new RangeError(`${label}: priority must be a 32-bit integer, not ${priority}`);
  const enabled = flag(shown, `${label}: enabled`, true);
  check(start, `${label}: start`);
  const shows = kind === "alias" || kind === "external"; // another's bytes, by default all
  if (shows) check(offset, `${label}: offset`);
  if (!shows || (size !== undefined && size !== null)) check(size, `${label}: size`);
  if (size === 0 || size === 0n) throw new RangeError(`${label}: size must be at least 1, not 0`);
  return { kind, name, start, size, priority, enabled, of, offset, device, source, contents };
}
