// MapRequest: asks the core to make a region and to place it in a map. The report block carries the request.

import * as abi from "./abi.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { high, low, type U64Like } from "./u64.ts";

/** A region for the core to make, with all values checked. */
export interface MapRequest {
  /** `KIND_RAM` or another `KIND_` number. */
  readonly kind: number;
  readonly name: string;
  readonly start: U64Like;
  /** Bytes. */
  readonly size: U64Like;
  readonly priority: number;
  readonly enabled: boolean;
  /** For an alias the id of the region it shows, for external memory its number in the registry, else 0. */
  readonly target: number;
  /** For an alias, the byte of its target that it begins at; else 0. */
  readonly offset: U64Like;
}

const encoder = new TextEncoder();

/** Puts a name into the transfer buffer, as much of it as fits. Returns how many bytes. */
export function putName(linear: LinearMemory, name: string): number {
  const bytes = encoder.encode(name).subarray(0, linear.transfer.length);
  linear.transfer.set(bytes);
  return bytes.length;
}

/**
 * Asks the core for a region in the map of the space `handle`. Returns the status and leaves the region's id in the
 * report. Linear memory may grow: the typed arrays are replaced, and the caller has to call `linear.notify()`.
 */
export function requestMap(linear: LinearMemory, handle: number, request: MapRequest): number {
  const { start, size, offset } = request;
  const nameBytes = putName(linear, request.name);
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
  report[abi.REQUEST_NAME_BYTES] = nameBytes;
  const status = linear.raw.gm_map(handle);
  linear.replace();
  return status;
}
