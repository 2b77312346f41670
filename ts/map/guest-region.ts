// GuestRegion: one run of guest RAM, as data.

/** The host offset of a region's first byte, if nothing about it is slow; kept out of the public type. */
const hosts = new WeakMap<object, number>();

/**
 * A region of guest RAM, as it was when it was asked for: plain data, frozen.
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestRegion } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x1000, 0x2000]]);
 * const region: GuestRegion = memory.regions[0]!;
 * console.assert(region.start === 0x1000 && region.size === 0x2000 && region.lastAddress === 0x2fff);
 * ```
 */
export class GuestRegion<A extends number | bigint = number> {
  /**
   * The first guest-physical address.
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.start === 0x0);
   * ```
   */
  readonly start: A;
  /**
   * How many bytes it has.
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.size === 0x1000);
   * ```
   */
  readonly size: number;
  /**
   * The last guest-physical address that belongs to it.
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.lastAddress === 0xfff);
   * ```
   */
  readonly lastAddress: A;

  /** Made by this library. */
  constructor(start: A, size: number, host: number) {
    this.start = start;
    this.size = size;
    this.lastAddress = (typeof start === "bigint" ? start + BigInt(size - 1) : Number(start) + (size - 1)) as A;
    hosts.set(this, host);
    Object.freeze(this);
  }
}

/** Where a region's first byte lies in linear memory, in bytes; 0 unless it is RAM that is neither protected nor watched
 * anywhere, nor discarded in part. */
export function hostOf(region: GuestRegion<number | bigint>): number {
  return hosts.get(region) ?? 0;
}
