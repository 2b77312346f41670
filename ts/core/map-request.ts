// MapRequest: a region that the core is asked to make and to place, passed by the report block.

import * as abi from "./abi.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { high, low, type U64Like } from "./u64.ts";

/** What the core needs to know of a region; all checked. */
export interface MapRequest {
  /** `KIND_RAM` or its like. */
  readonly kind: number;
  readonly name: string;
  readonly start: U64Like;
  /** Bytes. */
  readonly size: U64Like;
  readonly priority: number;
  readonly enabled: boolean;
  /** The id of the region that an alias shows, or the number of an external memory; else 0. */
  readonly target: number;
  /** Where in its target an alias begins. */
  readonly offset: U64Like;
}

const encoder = new TextEncoder();

/**
 * Asks the core for a region in the map of the space `handle`; gives the status, and leaves the region's id in the report.
 * Linear memory may grow: the typed arrays are those of now afterwards, and nobody is told yet.
 */
export function requestMap(linear: LinearMemory, handle: number, request: MapRequest): number {
  const { start, size, offset } = request;
  const name = encoder.encode(request.name).subarray(0, linear.transfer.length);
  linear.transfer.set(name);
  const { report } = linear;
  report[abi.REQUEST_KIND] = request.kind;
  report[abi.REQUEST_START_LOW] = low(start);
  report[abi.REQUEST_START_HIGH] = high(start);
  report[abi.REQUEST_SIZE_LOW] = low(size);
  report[abi.REQUEST_SIZE_HIGH] = high(size);
  report[abi.REQUEST_PRIORITY] = request.priority;
  report[abi.REQUEST_ENABLED] = request.enabled ? 1 : 0;
  report[abi.REQUEST_TARGET] = request.target;
  report[abi.REQUEST_OFFSET_LOW] = low(offset);
  report[abi.REQUEST_OFFSET_HIGH] = high(offset);
  report[abi.REQUEST_NAME_BYTES] = name.length;
  const status = linear.raw.gm_map(handle);
  linear.replace();
  return status;
}
