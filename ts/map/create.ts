// Layout: making a memory of regions, and changing which there are.

import { hex } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { Space } from "../space/space.ts";
import type { GuestRegion } from "./guest-region.ts";

/**
 * A region to make: `[start, size in bytes]`.
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestRange } from "guest-memory";
 *
 * const ram: GuestRange = [0x2000_0000, 264 * 1024];
 * using memory = await GuestMemory.fromRanges([ram]);
 * console.assert(memory.regions[0]!.size === 264 * 1024);
 * ```
 */
export type GuestRange = readonly [start: number | bigint, size: number | bigint];

/**
 * How to make a memory.
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestMemoryOptions } from "guest-memory";
 *
 * const options: GuestMemoryOptions = { reserve: 16 << 20 };
 * using memory = await GuestMemory.fromRanges([[0, 4096]], options);
 * ```
 */
export interface GuestMemoryOptions {
  /**
   * Bytes to set aside, so that a later region of that size can be inserted without growth of linear memory.
   * @example
   * ```ts
   * using machine = await GuestMemory.fromRanges([[0x0, 0x1000]], { reserve: 0x10_0000 });
   * const view = machine.view(0x0, 16);
   * machine.insertRegion(0x10_0000, 0x10_0000);
   * console.assert(view.length === 16); // nothing grew: the view is alive
   * ```
   */
  reserve?: number | bigint;
  /**
   * `"bigint"` for layouts past 2^53: then addresses come back as bigints. Default `"number"`.
   * @example
   * ```ts
   * using high = await GuestMemory.fromRanges([[2n ** 60n, 4096]], { addresses: "bigint" });
   * console.assert(high.lastAddress === 2n ** 60n + 4095n);
   * ```
   */
  addresses?: "number" | "bigint";
  /**
   * What `tree()` calls the memory. Default `"memory"`.
   * @example
   * ```ts
   * using ports = await GuestMemory.create([], { name: "I/O" });
   * console.assert(ports.tree().startsWith("address-space: I/O"));
   * ```
   */
  name?: string;
}

const SAFE_END = 1n << 53n;

/** Makes a memory. Linear memory may grow. */
export function create(linear: LinearMemory, ranges: Iterable<GuestRange>, options: GuestMemoryOptions): Space {
  const { reserve = 0, addresses = "number" } = options;
  if (addresses !== "number" && addresses !== "bigint") throw new TypeError(`addresses must be "number" or "bigint"`);
  wide.check(reserve, "reserve");
  if (typeof ranges !== "object" || ranges === null || !(Symbol.iterator in ranges)) {
    throw new TypeError(`ranges must be a list of [start, size], not ${wide.describe(ranges)}`);
  }
  // All of them first: the caller's iterator may do anything, make a memory too.
  const checked = Array.from(ranges, (range) => checkRange(range, addresses === "bigint"));
  const { raw } = linear;
  for (const [start, size] of checked) {
    wide.split(size, "size");
    const { low: sizeLow, high: sizeHigh } = wide;
    wide.split(start, "start");
    linear.expect(raw.gm_stage(wide.low, wide.high, sizeLow, sizeHigh), "fromRanges");
  }
  const status = raw.gm_create();
  linear.replace();
  const total = checked.reduce((sum, [, size]) => sum + BigInt(size), 0n);
  linear.expect(status, "fromRanges", { address: checked[0]?.[0], length: total <= SAFE_END ? Number(total) : total });
  const [handle = 0, table = 0] = linear.report;
  const space = new Space(linear, handle, table, addresses === "bigint");
  reserveFor(space, reserve);
  linear.refresh();
  return space;
}

/** Makes a memory where nothing is mapped: of the same machine as `sibling`, if there is one. Linear memory may grow. */
export function createEmpty(linear: LinearMemory, options: GuestMemoryOptions, sibling?: Space): Space {
  const { reserve = 0, addresses = "number", name = "memory" } = options;
  if (addresses !== "number" && addresses !== "bigint") throw new TypeError(`addresses must be "number" or "bigint"`);
  if (typeof name !== "string") throw new TypeError(`name must be a string, not ${wide.describe(name)}`);
  wide.check(reserve, "reserve");
  const status = linear.raw.gm_new(sibling?.handle ?? 0);
  linear.replace();
  linear.expect(status, "create");
  const [handle = 0, table = 0] = linear.report;
  const space = new Space(linear, handle, table, addresses === "bigint", { name, machine: sibling?.machine });
  reserveFor(space, reserve);
  linear.refresh();
  return space;
}

/** Reserves linear memory for a new space, which does not outlive a failure. */
function reserveFor(space: Space, reserve: Wide): void {
  const { linear, handle } = space;
  wide.split(reserve, "reserve");
  const reserved = linear.raw.gm_reserve(handle, wide.low, wide.high);
  if (reserved === 0) return;
  const failure = linear.failure(reserved, "reserve", { length: reserve });
  space.dispose();
  linear.notify();
  throw failure;
}

/** Adds a region. Linear memory may grow. */
export function insert(space: Space, start: Wide, size: Wide): GuestRegion<Wide> {
  checkRange([start, size], space.bigint);
  const status = call(space, "gm_insert", start, size);
  const { linear } = space;
  const failure = status === 0 ? undefined : linear.failure(status, "insertRegion", place(start, size));
  linear.replace();
  const region = space.regionAt(start) as GuestRegion<Wide>;
  linear.notify();
  if (failure) throw failure;
  space.tellMap();
  return region;
}

/** Removes a region. */
export function remove(space: Space, start: Wide, size: Wide): GuestRegion<Wide> {
  wide.check(start, "start");
  wide.check(size, "size");
  space.enter();
  const region = space.regionAt(start);
  const status = call(space, "gm_remove", start, size);
  if (status !== 0) throw space.linear.failure(status, "removeRegion", place(start, size));
  space.tellMap();
  return region as GuestRegion<Wide>;
}

function call(space: Space, name: "gm_insert" | "gm_remove", start: Wide, size: Wide): number {
  wide.split(size, "size");
  const { low: sizeLow, high: sizeHigh } = wide;
  wide.split(start, "start");
  const { low, high } = wide;
  space.enter();
  return space.linear.raw[name](space.handle, low, high, sizeLow, sizeHigh);
}

function place(start: Wide, size: Wide): { address: Wide; length: Wide; region: { start: Wide; size: number } } {
  return { address: start, length: size, region: { start, size: Number(size) } };
}

/** A region of some bytes that ends where numbers can say it, or where bigints were asked for. */
function checkRange(range: GuestRange, bigint: boolean): readonly [Wide, Wide] {
  if (typeof range !== "object" || range === null || !(Symbol.iterator in range)) {
    throw new TypeError(`a range must be [start, size], not ${wide.describe(range)}`);
  }
  const [start, size] = range;
  wide.check(start, "start");
  wide.check(size, "size");
  if (size === 0 || size === 0n) throw new RangeError(`a region has at least one byte: ${hex(start)}, 0 bytes`);
  if (!bigint && BigInt(start) + BigInt(size) > SAFE_END) {
    throw new RangeError(
      `the region at ${hex(start)}, ${size} bytes, ends past 2^53: make the memory with { addresses: "bigint" }`,
    );
  }
  return [start, size];
}
