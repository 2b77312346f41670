// Helpers of the tests of the user's module.
import { GuestMemory } from "../../ts/index.ts";

/** A memory in the module that was given to `init` last. */
export function make(...ranges: [number, number][]): GuestMemory {
  return GuestMemory.fromRangesSync(ranges.length > 0 ? ranges : [[0, 0x4000]]);
}

/** FNV-1a, to compare with the device's. */
export function fnv(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5) >>> 0;
}
