// Creation: makes a memory from ranges of RAM, or with an empty map.

import { SPACE_HANDLE, SPACE_TABLE } from "../core/abi.ts";
import { type ErrorDetails, GuestMemoryError, hex } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { checkObject, oneOf } from "../core/options.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { Space, type SpaceOptions } from "../space/space.ts";

/**
 * A region of RAM to make: its first guest-physical address and its size in bytes.
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
 * Options of a new memory.
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
   * How many bytes to set aside, so that a later region of this size needs no growth of linear memory. Default 0.
   * @example
   * ```ts
   * using machine = await GuestMemory.fromRanges([[0x0, 0x1000]], { reserve: 0x10_0000 });
   * const view = machine.view(0x0, 16);
   * machine.insertRegion(0x10_0000, 0x10_0000);
   * console.assert(view.length === 16); // linear memory did not grow, so the view is still attached
   * ```
   */
  reserve?: number | bigint;
  /**
   * The kind of number in which addresses are returned. Layouts past 2^53 need `"bigint"`. Default `"number"`.
   * @example
   * ```ts
   * using high = await GuestMemory.fromRanges([[2n ** 60n, 4096]], { addresses: "bigint" });
   * console.assert(high.lastAddress === 2n ** 60n + 4095n);
   * ```
   */
  addresses?: "number" | "bigint";
  /**
   * The name of the memory in `tree()`. Default `"memory"`.
   * @example
   * ```ts
   * using ports = await GuestMemory.create([], { name: "I/O" });
   * console.assert(ports.tree().startsWith("address-space: I/O"));
   * ```
   */
  name?: string;
}

const SAFE_END = 1n << 53n;

/** Makes a space with these ranges of RAM. Linear memory may grow. */
export function createFromRanges(
  linear: LinearMemory,
  ranges: Iterable<GuestRange>,
  options: GuestMemoryOptions,
): Space {
  const { reserve, bigint } = checkOptions(options);
  if (typeof ranges !== "object" || ranges === null || !(Symbol.iterator in ranges)) {
    throw new TypeError(`ranges must be a list of [start, size], not ${u64.describe(ranges)}`);
  }
  // All ranges are read before the first is staged: the caller's iterator may run any code, even make a memory.
  const checked = Array.from(ranges, (range) => checkRange(range, bigint));
  if (checked.length === 0) {
    const text = "fromRanges: the list has no range; GuestMemory.create([]) makes a memory without regions";
    throw new GuestMemoryError("NO_MEMORY_REGION", text, { length: 0 });
  }
  const { raw } = linear;
  for (const [start, size] of checked) {
    const status = raw.gm_stage_range(u64.low(start), u64.high(start), u64.low(size), u64.high(size));
    linear.expect(status, "fromRanges");
  }
  const total = checked.reduce((sum, [, size]) => sum + BigInt(size), 0n);
  const details = { address: checked[0]?.[0], length: u64.shortest(total) };
  return make(linear, raw.gm_create_staged(), "fromRanges", details, { bigint }, reserve);
}

/** Makes a space with an empty map, in the machine of `sibling` if it is given. Linear memory may grow. */
export function createEmpty(linear: LinearMemory, options: GuestMemoryOptions, sibling?: Space): Space {
  const { reserve, bigint } = checkOptions(options);
  const { name = "memory" } = options;
  if (typeof name !== "string") throw new TypeError(`name must be a string, not ${u64.describe(name)}`);
  const status = linear.raw.gm_create_empty(sibling?.handle ?? 0);
  return make(linear, status, "create", {}, { bigint, name, sibling }, reserve);
}

/** Makes the window of a machine, which shows one region at a time. Linear memory may grow. */
export function createWindow(sibling: Space): Space {
  const status = sibling.linear.raw.gm_create_empty(sibling.handle);
  return make(sibling.linear, status, "region", {}, { bigint: true, sibling, isWindow: true }, 0);
}

function checkOptions(options: GuestMemoryOptions): { reserve: U64Like; bigint: boolean } {
  checkObject(options, "options");
  const { reserve = 0, addresses = "number" } = options;
  oneOf(addresses, "addresses", ["number", "bigint"]);
  u64.check(reserve, "reserve");
  return { reserve, bigint: addresses === "bigint" };
}

/**
 * Wraps the space that the core has just made, and reserves linear memory. If that fails, disposes the space and
 * throws.
 */
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

/** Checks a range: it has at least one byte, and ends past 2^53 only if addresses are bigints. */
export function checkRange(range: GuestRange, bigint: boolean): readonly [U64Like, U64Like] {
  if (typeof range !== "object" || range === null || !(Symbol.iterator in range)) {
    throw new TypeError(`a range must be [start, size], not ${u64.describe(range)}`);
  }
  const [start, size] = range;
  u64.check(start, "start");
  u64.check(size, "size");
  if (size === 0 || size === 0n) throw new RangeError(`the region at ${hex(start)}: size must be at least 1, not 0`);
  if (!bigint && BigInt(start) + BigInt(size) > SAFE_END) {
    throw new RangeError(
      `the region at ${hex(start)}, ${size} bytes, ends past 2^53: make the memory with { addresses: "bigint" }`,
    );
  }
  return [start, size];
}
