// Making a memory: of ranges of RAM, or empty, to be mapped.

import { SPACE_HANDLE, SPACE_TABLE } from "../core/abi.ts";
import { type ErrorDetails, hex } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { Space, type SpaceOptions } from "../space/space.ts";

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

/** Makes a space of these ranges. Linear memory may grow. */
export function createFromRanges(
  linear: LinearMemory,
  ranges: Iterable<GuestRange>,
  options: GuestMemoryOptions,
): Space {
  const { reserve, bigint } = checkOptions(options);
  if (typeof ranges !== "object" || ranges === null || !(Symbol.iterator in ranges)) {
    throw new TypeError(`ranges must be a list of [start, size], not ${u64.describe(ranges)}`);
  }
  // All of them first: the caller's iterator may do anything, make a memory too.
  const checked = Array.from(ranges, (range) => checkRange(range, bigint));
  const { raw } = linear;
  for (const [start, size] of checked) {
    const status = raw.gm_stage(u64.low(start), u64.high(start), u64.low(size), u64.high(size));
    linear.expect(status, "fromRanges");
  }
  const total = checked.reduce((sum, [, size]) => sum + BigInt(size), 0n);
  const details = { address: checked[0]?.[0], length: u64.shortest(total) };
  return make(linear, raw.gm_create(), "fromRanges", details, { bigint }, reserve);
}

/** Makes a space where nothing is mapped: of the same machine as `sibling`, if there is one. Linear memory may grow. */
export function createEmpty(linear: LinearMemory, options: GuestMemoryOptions, sibling?: Space): Space {
  const { reserve, bigint, name } = checkOptions(options);
  return make(linear, linear.raw.gm_new(sibling?.handle ?? 0), "create", {}, { bigint, name, sibling }, reserve);
}

function checkOptions(options: GuestMemoryOptions): { reserve: U64Like; bigint: boolean; name: string } {
  const { reserve = 0, addresses = "number", name = "memory" } = options;
  if (addresses !== "number" && addresses !== "bigint") throw new TypeError(`addresses must be "number" or "bigint"`);
  if (typeof name !== "string") throw new TypeError(`name must be a string, not ${u64.describe(name)}`);
  u64.check(reserve, "reserve");
  return { reserve, bigint: addresses === "bigint", name };
}

/** The space that the core has made, with linear memory reserved for later; or, where there is not so much, none. */
function make(
  linear: LinearMemory,
  status: number,
  what: string,
  details: ErrorDetails,
  options: SpaceOptions,
  reserve: U64Like,
): Space {
  linear.replace();
  linear.expect(status, what, details);
  const handle = linear.reported(SPACE_HANDLE);
  const space = new Space(linear, handle, linear.reported(SPACE_TABLE), options);
  const reserved = linear.raw.gm_reserve(handle, u64.low(reserve), u64.high(reserve));
  if (reserved !== 0) {
    const failure = linear.failure(reserved, "reserve", { length: reserve });
    space.dispose();
    linear.notify();
    throw failure;
  }
  linear.refresh();
  return space;
}

/** A region of some bytes that ends where numbers can say it, or where bigints were asked for. */
export function checkRange(range: GuestRange, bigint: boolean): readonly [U64Like, U64Like] {
  if (typeof range !== "object" || range === null || !(Symbol.iterator in range)) {
    throw new TypeError(`a range must be [start, size], not ${u64.describe(range)}`);
  }
  const [start, size] = range;
  u64.check(start, "start");
  u64.check(size, "size");
  if (size === 0 || size === 0n) throw new RangeError(`a region has at least one byte: ${hex(start)}, 0 bytes`);
  if (!bigint && BigInt(start) + BigInt(size) > SAFE_END) {
    throw new RangeError(
      `the region at ${hex(start)}, ${size} bytes, ends past 2^53: make the memory with { addresses: "bigint" }`,
    );
  }
  return [start, size];
}
