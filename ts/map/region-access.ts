// RegionAccess: which guest addresses are backed, and regions that come and go.

import { ByteAccess } from "../access/byte-access.ts";
import { Ranges } from "../access/ranges.ts";
import type { Wide } from "../core/u64.ts";
import { Resolver } from "../space/resolver.ts";
import type { Space } from "../space/space.ts";
import { insert, remove } from "./create.ts";
import type { GuestRegion } from "./guest-region.ts";

/**
 * The regions of guest memory; {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const window = memory.insertRegion(0xd000_0000, 0x1_0000);
 * console.assert(memory.findRegion(0xd000_1234) === window && memory.checkRange(0xd000_0000, window.size));
 * memory.removeRegion(window.start, window.size);
 * ```
 */
export abstract class RegionAccess<A extends number | bigint = number> extends ByteAccess<A> {
  readonly #space: Space;
  readonly #resolver: Resolver;
  readonly #ranges: Ranges;

  /** Made by this library. */
  protected constructor(space: object) {
    super(space);
    this.#space = space as Space;
    this.#resolver = new Resolver(this.#space);
    this.#ranges = new Ranges(this.#space);
  }

  /**
   * The regions, in ascending order.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.start === 0 && memory.regions[0]!.size === 0x1000);
   * ```
   */
  get regions(): readonly GuestRegion<A>[] {
    this.#space.enter();
    return this.#space.regions as readonly GuestRegion<A>[];
  }

  /**
   * The region that holds `address`, or undefined in a hole.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.findRegion(0x10) === memory.regions[0] && memory.findRegion(0x9999) === undefined);
   * ```
   */
  findRegion(address: Wide): GuestRegion<A> | undefined {
    return this.#ranges.find(address) as GuestRegion<A> | undefined;
  }

  /**
   * The region that holds `address` and the offset in it, in bytes, or undefined in a hole.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.toRegionAddress(0x10)!.address === 0x10);
   * ```
   */
  toRegionAddress(address: Wide): { region: GuestRegion<A>; address: number } | undefined {
    const region = this.findRegion(address);
    if (region === undefined) return undefined;
    return { region, address: Number(BigInt(address) - BigInt(region.start)) };
  }

  /**
   * The highest address that is backed; undefined where no region is left.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.lastAddress === 0xfff);
   * ```
   */
  get lastAddress(): A | undefined {
    return this.regions.at(-1)?.lastAddress;
  }

  /**
   * Whether `address` is backed.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.addressInRange(0xfff) && !memory.addressInRange(0x1000));
   * ```
   */
  addressInRange(address: Wide): boolean {
    return this.findRegion(address) !== undefined;
  }

  /**
   * Whether every byte of a range is backed; true for no bytes.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkRange(0xffc, 4) && !memory.checkRange(0xffc, 5));
   * ```
   */
  checkRange(address: Wide, length: Wide): boolean {
    return this.#resolver.status(address, length) === 0;
  }

  /**
   * `address + offset` if that is backed, else undefined, also past 2^64. What lies between need not be backed.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkedOffset(0x10, 0x20) === 0x30 && memory.checkedOffset(0x10, 0x1000) === undefined);
   * ```
   */
  checkedOffset(address: Wide, offset: Wide): A | undefined {
    return this.#ranges.offset(address, offset) as A | undefined;
  }

  /**
   * Adds a region of `size` zero bytes. Linear memory may grow: views die.
   *
   * @throws GuestMemoryError `MEMORY_REGION_OVERLAP`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; RangeError for
   * an empty region, and for one past 2^53 where addresses are numbers. The map is as it was then.
   *
   * @example
   * ```ts
   * const region = memory.insertRegion(0x8000, 0x1000);
   * console.assert(region.start === 0x8000 && memory.regions.length === 2);
   * ```
   */
  insertRegion(start: Wide, size: Wide): GuestRegion<A> {
    return insert(this.#space, start, size) as GuestRegion<A>;
  }

  /**
   * Removes the region with exactly this start and size; gives what it was. Its bytes are free at once; a view of it
   * has length 0 before they belong to somebody else.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` where no region is exactly this, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.insertRegion(0x8000, 0x1000);
   * memory.removeRegion(0x8000, 0x1000);
   * console.assert(memory.regions.length === 1);
   * ```
   */
  removeRegion(start: Wide, size: Wide): GuestRegion<A> {
    return remove(this.#space, start, size) as GuestRegion<A>;
  }

  /**
   * Makes sure that a region of `bytes` bytes can be inserted without growth of linear memory, so that views stay alive
   * then. Linear memory may grow now, unless so much is free: views die then.
   *
   * @throws GuestMemoryError `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.reserve(0x1_0000);
   * const view = memory.view(0, 16);
   * memory.insertRegion(0x8000, 0x1_0000);
   * console.assert(view.length === 16);
   * ```
   */
  reserve(bytes: Wide): void {
    this.#ranges.reserve(bytes);
  }

  /**
   * Makes a range of RAM 0 and gives back the 4 KiB pages that hold nothing else, for reuse by any memory: what a balloon
   * asks for. Shown elsewhere too, by an alias or in another address space, they are 0 there as well. Any range is right:
   * partial pages at its ends are only zeroed, and so are pages that Rust code may have a pointer into. What `protect`
   * forbids does not count. The range counts as written: dirty clients and `onHostWrite` hear of it, watches do not. The
   * regions stay as they are; in a transaction it takes effect at once, and for good.
   *
   * Where pages are given back, views end, as by growth. A write to discarded memory takes pages again, up to 64 at a
   * time: if there are none left, linear memory grows, and views end then too. So do `view` and `views`, and a view cannot
   * cross the edge of what was discarded: `views` gives one for each part.
   *
   * @throws GuestMemoryError `READ_ONLY` where ROM is, `NOT_MEMORY` where a device is, `INVALID_GUEST_ADDRESS`,
   * `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`. Nothing has changed then.
   *
   * @example
   * ```ts
   * memory.insertRegion(0x10_0000, 0x10_0000);
   * memory.fill(0x10_0000, 0xff, 0x10_0000);
   * memory.discard(0x14_0000, 0x8_0000);
   * console.assert(memory.readUint32(0x14_0000) === 0 && memory.readUint8(0x13_ffff) === 0xff);
   * memory.writeUint8(0x14_0000, 7); // takes pages again
   * ```
   */
  discard(address: Wide, length: Wide): void {
    this.#ranges.discard(address, length);
  }
}
