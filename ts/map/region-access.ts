// RegionAccess: GuestMemory's methods for regions as vm-memory has them: find, insert, remove, reserve, discard.

import { ACCESS_LOAD, STATUS_MEMORY_REGION_OVERLAP, STATUS_NO_MEMORY_REGION } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { hostWritten } from "../space/host-writes.ts";
import { overlapError } from "../space/overlap.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import { checkRange } from "./create.ts";
import { type GuestRegion, guestRegionAt, guestRegionOf, guestRegions } from "./guest-region.ts";
import { type RegionAt, regionAt } from "./region-at.ts";

/**
 * The regions of guest memory. An address is backed if memory is there. {@link GuestMemory} has all of these methods.
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
export interface RegionAccess<A extends number | bigint = number> {
  /**
   * The regions of memory, in ascending order of address.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.start === 0 && memory.regions[0]!.size === 0x1000);
   * ```
   */
  get regions(): readonly GuestRegion<A>[];

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
  findRegion(address: U64Like): GuestRegion<A> | undefined;

  /**
   * The region that holds `address`, and the offset of the address in that region in bytes; undefined in a hole.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.toRegionAddress(0x10)!.address === 0x10);
   * ```
   */
  toRegionAddress(address: U64Like): { region: GuestRegion<A>; address: number } | undefined;

  /**
   * The highest address that is backed; undefined if there is no region.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.lastAddress === 0xfff);
   * ```
   */
  get lastAddress(): A | undefined;

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
  addressInRange(address: U64Like): boolean;

  /**
   * Whether every byte of a range is backed. An empty range is always backed.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkRange(0xffc, 4) && !memory.checkRange(0xffc, 5));
   * ```
   */
  checkRange(address: U64Like, length: U64Like): boolean;

  /**
   * `address + offset` if that address is backed, else undefined. The addresses between the two need not be backed, and
   * the sum may pass 2^64.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkedOffset(0x10, 0x20) === 0x30 && memory.checkedOffset(0x10, 0x1000) === undefined);
   * ```
   */
  checkedOffset(address: U64Like, offset: U64Like): A | undefined;

  /**
   * Adds a region of RAM of `size` zero bytes. Linear memory may grow, which detaches views.
   *
   * @throws GuestMemoryError `MEMORY_REGION_OVERLAP`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; RangeError
   * for an empty region, and for a region past 2^53 if addresses are numbers. The map is then unchanged.
   *
   * @example
   * ```ts
   * const region = memory.insertRegion(0x8000, 0x1000);
   * console.assert(region.start === 0x8000 && memory.regions.length === 2);
   * ```
   */
  insertRegion(start: U64Like, size: U64Like): GuestRegion<A>;

  /**
   * Removes the RAM region with exactly this start and size, and returns it, whether other regions hide it or it is
   * disabled. Its bytes are free at once. Views of it are detached, and then have length 0, before the bytes are used again.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if no region has exactly this start and size, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.insertRegion(0x8000, 0x1000);
   * memory.removeRegion(0x8000, 0x1000);
   * console.assert(memory.regions.length === 1);
   * ```
   */
  removeRegion(start: U64Like, size: U64Like): GuestRegion<A>;

  /**
   * Makes sure that a region of `bytes` bytes can later be inserted without growth of linear memory, so that views stay
   * attached. If not enough is free, linear memory grows now, which detaches views.
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
  reserve(bytes: U64Like): void;

  /**
   * Zeroes a range of RAM and frees its 4 KiB pages, for reuse by any memory: a memory balloon uses it. The range need
   * not be page-aligned: partial pages at its ends are only zeroed, and so are pages that Rust code may have a pointer
   * into. Aliases, and other address spaces that show the same bytes, read 0 too. `protect` does not forbid it. The
   * range counts as written for dirty clients and `onHostWrite`, but not for watches. Regions stay as they are. In a
   * transaction it takes effect at once, and is not rolled back.
   *
   * If pages are freed, all views are detached, as by growth, unless none was taken since views were last detached. A write to discarded memory takes pages again, up to 64 at a
   * time; if none are free, linear memory grows, which detaches views. `view` and `views` take pages like a write. A
   * view cannot cross the edge of discarded memory; `views` returns a view for each part.
   *
   * @throws GuestMemoryError `READ_ONLY` for ROM, `NOT_MEMORY` for a device or external memory,
   * `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`. No byte has
   * changed then.
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
  discard(address: U64Like, length: U64Like): void;

  /**
   * The region of any kind that an address shows, with the offset in it, the permissions there, and the regions of lower
   * priority beneath it. Undefined in a hole. A cache of translated code takes its keys from it: the region and the
   * offset are the same wherever the bytes are shown.
   *
   * @throws GuestMemoryError `DISPOSED`; TypeError, RangeError for what is no address.
   *
   * @example
   * ```ts
   * memory.map({ kind: "ram", name: "bank", start: 0x8000, size: 0x1000 });
   * console.assert(memory.regionAt(0x8010)!.region.name === "bank" && memory.regionAt(0x8010)!.offset === 0x10);
   * console.assert(memory.regionAt(0x9000) === undefined);
   * ```
   */
  regionAt(address: U64Like): RegionAt<A> | undefined;
}

/** The part of GuestMemory that is {@link RegionAccess}. */
export function regionAccess(of: PartOf<{ space: Space }>): RegionAccess<U64Like> {
  /** The region that holds an address, which is checked first. */
  const find = (memory: object, address: U64Like) => {
    u64.check(address, "address");
    const { space } = of(memory);
    space.enter();
    return guestRegionAt(space, address);
  };
  return {
    get regions() {
      const { space } = of(this);
      space.enter();
      return guestRegions(space);
    },
    findRegion(address) {
      return find(this, address);
    },
    toRegionAddress(address) {
      const region = find(this, address);
      return region && { region, address: Number(BigInt(address) - BigInt(region.start)) };
    },
    get lastAddress() {
      return this.regions.at(-1)?.lastAddress;
    },
    addressInRange(address) {
      return find(this, address) !== undefined;
    },
    checkRange(address, length) {
      return of(this).space.resolver.status(address, length) === 0;
    },
    checkedOffset(address, offset) {
      return checkedOffset(of(this).space, address, offset);
    },
    insertRegion(start, size) {
      return insert(of(this).space, start, size);
    },
    removeRegion(start, size) {
      return remove(of(this).space, start, size);
    },
    reserve(bytes) {
      reserve(of(this).space, bytes);
    },
    discard(address, length) {
      discard(of(this).space, address, length);
    },
    regionAt(address) {
      return regionAt(of(this).space, address);
    },
  };
}

function checkedOffset(space: Space, address: U64Like, offset: U64Like): U64Like | undefined {
  u64.check(address, "address");
  u64.check(offset, "offset");
  space.enter();
  const sum = BigInt(address) + BigInt(offset);
  return sum >> 64n === 0n && space.flatView.at(sum) !== undefined ? space.toAddress(sum) : undefined;
}

/** Adds a region of RAM. Linear memory may grow. */
function insert(space: Space, start: U64Like, size: U64Like): GuestRegion<U64Like> {
  checkRange([start, size], space.bigint);
  const { linear, handle } = space;
  space.enter();
  const status = linear.raw.gm_insert(handle, u64.low(start), u64.high(start), u64.low(size), u64.high(size));
  let failure = status === 0 ? undefined : linear.failure(status, "insertRegion", detailsOf(start, size));
  linear.replace();
  if (status === STATUS_MEMORY_REGION_OVERLAP) {
    const given = { id: 0, name: "ram", start, size, priority: 0 };
    failure =
      overlapError(space, `insertRegion at ${hex(start)}, ${size} bytes`, [given], detailsOf(start, size)) ?? failure;
  }
  if (!failure) space.placements.invalidate();
  const placed = failure ? undefined : space.placements.exact(start, size);
  const region = placed && guestRegionOf(space, placed.id, start, size);
  linear.notify();
  if (failure) throw failure;
  space.notifyMapChanged();
  return region as GuestRegion<U64Like>;
}

/** Removes a region. */
function remove(space: Space, start: U64Like, size: U64Like): GuestRegion<U64Like> {
  u64.check(start, "start");
  u64.check(size, "size");
  const { linear, handle } = space;
  space.enter();
  const leaving = space.placements.exact(start, size); // its record says from now on where the region was
  const region = leaving && guestRegionOf(space, leaving.id, start, size);
  const status = linear.raw.gm_remove(handle, u64.low(start), u64.high(start), u64.low(size), u64.high(size));
  if (status === STATUS_NO_MEMORY_REGION) {
    const text = `removeRegion at ${hex(start)}, ${size} bytes: no region of RAM has exactly this start and size`;
    throw new GuestMemoryError("NO_MEMORY_REGION", text, detailsOf(start, size));
  }
  if (status !== 0) throw linear.failure(status, "removeRegion", detailsOf(start, size));
  space.placements.invalidate();
  if (leaving) space.machine.leaving(leaving.id);
  space.notifyMapChanged(); // first, so that its event knows the region
  space.machine.forget();
  return region as GuestRegion<U64Like>;
}

function detailsOf(start: U64Like, size: U64Like) {
  return { address: start, length: size, region: { start, size: Number(size) } };
}

function reserve(space: Space, bytes: U64Like): void {
  u64.check(bytes, "bytes");
  space.enter();
  const { linear, handle } = space;
  const status = linear.raw.gm_reserve(handle, u64.low(bytes), u64.high(bytes));
  const failure = status === 0 ? undefined : linear.failure(status, "reserve", { length: bytes });
  linear.refresh();
  if (failure) throw failure;
}

function discard(space: Space, address: U64Like, length: U64Like): void {
  u64.check(length, "length");
  u64.check(address, "address");
  space.changes.make("discard", { address, length }, () => {
    const { linear, handle } = space;
    return linear.raw.gm_discard(handle, u64.low(address), u64.high(address), u64.low(length), u64.high(length));
  });
  try {
    space.traps.spring(address, length, ACCESS_LOAD, true);
  } finally {
    hostWritten(space, address, length);
  }
}
