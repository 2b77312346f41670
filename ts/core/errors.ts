// GuestMemoryError, its codes, and the one table that maps the core's numbers to them.

/**
 * What went wrong, as {@link GuestMemoryError.code}:
 *
 * - `INVALID_GUEST_ADDRESS`: nothing backs the first byte of the range.
 * - `PARTIAL_BUFFER`: the range begins in memory and runs into a hole.
 * - `GUEST_ADDRESS_OVERFLOW`: the range, or a region, passes 2^64.
 * - `CROSSES_REGIONS`: the range is backed, but by more than one region, where one is needed.
 * - `MEMORY_REGION_OVERLAP`: two regions share a byte.
 * - `UNSORTED_MEMORY_REGIONS`: regions were not given in ascending order.
 * - `EMPTY_REGION`: a range of no bytes, where there must be some to be watched.
 * - `NO_MEMORY_REGION`: no region was given, or none has exactly this start and size.
 * - `READ_ONLY`: the memory there is ROM, and cannot be written.
 * - `PERMISSION_DENIED`: `protect` forbids the access.
 * - `NOT_MEMORY`: a device is there, where bytes of memory are needed.
 * - `INVALID_ALIAS`: an alias shows more than its target has, or, by way of others, itself.
 * - `INVALID_HANDLER`: a device's handler is no function, gave something that is no number, or there is none for this
 *   access.
 * - `HANDLER_FAILED`: a device's handler threw in the middle of an access in parts; `cause` is what it threw.
 * - `INVALID_EXTERNAL`: an external memory is none, is too small for its region, was detached, or is smaller than it was.
 * - `MISALIGNED`: an atomic access is not at a multiple of its size (nor are its bytes, in a region that was moved off its
 *   alignment), or a range not of whole pages where that is needed.
 * - `OUT_OF_MEMORY`: linear memory cannot hold this much more: a region, or the pages that a write to discarded memory takes.
 * - `TOO_MANY_CLIENTS`: seven dirty clients are open already.
 * - `DETACHED_BUFFER`: the caller's array has no bytes any more (its buffer was transferred, resized or grown).
 * - `DISPOSED`: the memory, or the client, was disposed.
 * - `NOT_INITIALIZED`: a synchronous call before `init()` was done.
 * - `ABI_MISMATCH`: the Wasm module is not of this version of the facade.
 *
 * @example
 * ```ts
 * import { GuestMemory, GuestMemoryError, type GuestMemoryErrorCode } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * let code: GuestMemoryErrorCode | undefined;
 * try {
 *   memory.readUint8(0x2000);
 * } catch (error) {
 *   if (error instanceof GuestMemoryError) code = error.code;
 * }
 * console.assert(code === "INVALID_GUEST_ADDRESS");
 * ```
 */
export type GuestMemoryErrorCode =
  | "INVALID_GUEST_ADDRESS"
  | "PARTIAL_BUFFER"
  | "GUEST_ADDRESS_OVERFLOW"
  | "CROSSES_REGIONS"
  | "MEMORY_REGION_OVERLAP"
  | "UNSORTED_MEMORY_REGIONS"
  | "EMPTY_REGION"
  | "NO_MEMORY_REGION"
  | "READ_ONLY"
  | "PERMISSION_DENIED"
  | "NOT_MEMORY"
  | "INVALID_ALIAS"
  | "INVALID_HANDLER"
  | "HANDLER_FAILED"
  | "INVALID_EXTERNAL"
  | "MISALIGNED"
  | "OUT_OF_MEMORY"
  | "TOO_MANY_CLIENTS"
  | "DETACHED_BUFFER"
  | "DISPOSED"
  | "NOT_INITIALIZED"
  | "ABI_MISMATCH";

/** Where an error happened, as far as it happened anywhere. */
export interface ErrorDetails {
  address?: number | bigint | undefined;
  length?: number | bigint | undefined;
  region?: { readonly start: number | bigint; readonly size: number } | undefined;
  completed?: number | undefined;
  cause?: unknown;
}

/**
 * Every error about guest memory. A wrong type is a TypeError instead, a number that is no address or length a
 * RangeError; both come before anything was touched. After any of them memory is as it was.
 *
 * @example
 * ```ts
 * import { GuestMemory, GuestMemoryError } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * try {
 *   memory.writeSlice(0xff0, new Uint8Array(32));
 * } catch (error) {
 *   console.assert(error instanceof GuestMemoryError && error.code === "PARTIAL_BUFFER");
 *   console.assert(error instanceof GuestMemoryError && error.address === 0xff0 && error.length === 32);
 * }
 * ```
 */
export class GuestMemoryError extends Error {
  /** What went wrong. */
  readonly code: GuestMemoryErrorCode;
  /** The first guest-physical address of the range that was asked for, as it was given. */
  readonly address: number | bigint | undefined;
  /** Bytes that were asked for. */
  readonly length: number | bigint | undefined;
  /** The region that was meant, for errors about one; its size in bytes. */
  readonly region: { readonly start: number | bigint; readonly size: number } | undefined;

  /**
   * Bytes that were moved before a device's handler threw, or changed the map under the access; undefined for every other
   * error. Of a `copyWithin` whose source fails it counts what was read: nothing was written then.
   */
  readonly completed: number | undefined;

  /** Made by this library; `place` says where. */
  constructor(code: GuestMemoryErrorCode, message: string, place: ErrorDetails = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = "GuestMemoryError";
    this.code = code;
    this.address = place.address;
    this.length = place.length;
    this.region = place.region;
    this.completed = place.completed;
  }
}

/** An address as people write it. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
