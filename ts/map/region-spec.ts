// RegionSpec: a region to place in a memory's map, as data.

import type { U64Like } from "../core/u64.ts";
import type { Device } from "../device/device.ts";
import type { ExternalSource } from "../external/external-memory.ts";
import type { MappedRegion } from "./mapped-region.ts";

/** What every region has. */
interface Placed {
  /** How it is called in `tree()` and in aliases. Default: its kind. */
  name?: string;
  /** Its first guest-physical address. */
  start: U64Like;
  /** Where regions overlap, the one with the highest is seen; two of the same may not overlap. Default 0. */
  priority?: number;
  /** Whether it is seen at first. Default true. */
  enabled?: boolean;
}

/**
 * A region to place in a memory's map, by its kind:
 *
 * - `ram`: memory. `rom`: memory that the guest cannot write; `poke` can. `contents` are its first bytes.
 * - `romDevice`: reads as ROM, writes go to the device (flash).
 * - `mmio`: every access goes to the device.
 * - `alias`: the `size` bytes (default: the rest) from `offset` (default 0) on of another region once more, named or as an
 *   object, wherever that is mapped, or not.
 * - `external`: memory that somebody else owns, `size` bytes (default: the rest) from byte `offset` (default 0) of a
 *   {@link ExternalSource} on; accesses go there, at a third of the speed. Dirty clients do not see it.
 * - `reserved`: addresses that nothing of a lower priority may show.
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
