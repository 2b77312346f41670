// GuestMemoryError and its codes. core/abi.ts maps the core's status numbers to them.

import { type JsonNumber, json } from "./json.ts";

/**
 * The reason for an error, as {@link GuestMemoryError.code}:
 *
 * - `INVALID_GUEST_ADDRESS`: nothing backs the first byte of the range.
 * - `PARTIAL_BUFFER`: the range begins in memory and runs into a hole.
 * - `GUEST_ADDRESS_OVERFLOW`: the range, or a region, passes 2^64.
 * - `CROSSES_REGIONS`: the range is backed, but by more than one region, where one is needed.
 * - `MEMORY_REGION_OVERLAP`: two regions share a byte.
 * - `UNSORTED_MEMORY_REGIONS`: regions were not given in ascending order.
 * - `EMPTY_REGION`: the range to watch is empty.
 * - `NO_MEMORY_REGION`: no region was given, or none has exactly this start and size.
 * - `READ_ONLY`: the memory there is ROM, and cannot be written.
 * - `PERMISSION_DENIED`: `protect` forbids the access.
 * - `NOT_MEMORY`: a device is there, where bytes of memory are needed.
 * - `INVALID_ALIAS`: an alias shows more bytes than its target has, or shows itself by way of other aliases.
 * - `INVALID_HANDLER`: a device has no handler, or none for this access; or a handler is misspelt, is not a function, or
 *   returned a value of the wrong type.
 * - `HANDLER_FAILED`: a device's handler, or `onUnmapped`, threw in the middle of an access in parts; `cause` is the
 *   error it threw.
 * - `INVALID_EXTERNAL`: the external source is not a buffer, is detached, or is smaller than its region.
 * - `MISALIGNED`: an atomic access is not at a multiple of its size (its bytes in linear memory count too, if its
 *   region was moved to a start that is not aligned), or a range is not of whole pages where the call needs that.
 * - `OUT_OF_MEMORY`: linear memory has no room for a new region, or for the pages that a write to discarded memory
 *   takes.
 * - `TOO_MANY_CLIENTS`: seven dirty clients are open already.
 * - `DUPLICATE_NAME`: two regions of a memory have one name, and a snapshot knows regions by their names.
 * - `SNAPSHOT_MISMATCH`: a snapshot is of a memory with other regions, or not of the snapshot that it is merged with.
 * - `BUDGET_EXCEEDED`: a rewind cannot keep one copy of the written pages within its budget of bytes.
 * - `DETACHED_BUFFER`: the caller's array has lost its bytes: its buffer was transferred, resized or grown.
 * - `DISPOSED`: the memory, or the client, was disposed.
 * - `SOURCE_FAILED`: the source of `loadFrom` failed; `cause` is its error.
 * - `NOT_INITIALIZED`: a synchronous call came before `init()` was done.
 * - `LOAD_FAILED`: the Wasm binary cannot be read or compiled.
 * - `ABI_MISMATCH`: the Wasm module and the facade are of different versions, or the binary is another module's.
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
  | "DUPLICATE_NAME"
  | "SNAPSHOT_MISMATCH"
  | "BUDGET_EXCEEDED"
  | "DETACHED_BUFFER"
  | "DISPOSED"
  | "SOURCE_FAILED"
  | "NOT_INITIALIZED"
  | "LOAD_FAILED"
  | "ABI_MISMATCH";

/** The fields of an error, as far as they apply. */
export interface ErrorDetails {
  address?: number | bigint | undefined;
  length?: number | bigint | undefined;
  region?: { readonly start: number | bigint; readonly size: number } | undefined;
  completed?: number | undefined;
  cause?: unknown;
}

/**
 * An error as data: the result of {@link GuestMemoryError.toJSON}.
 *
 * @example
 * ```ts
 * import { type ErrorAsData, GuestMemory, type GuestMemoryError } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * let data: ErrorAsData | undefined;
 * try {
 *   memory.readUint8(0x2000);
 * } catch (error) {
 *   data = (error as GuestMemoryError).toJSON();
 * }
 * console.assert(data?.code === "INVALID_GUEST_ADDRESS");
 * ```
 */
export interface ErrorAsData {
  /** `GuestMemoryError`. */
  name: string;
  /** The reason. */
  code: GuestMemoryErrorCode;
  /** The text for a person. */
  message: string;
  /** The first address of the access or range. */
  address: JsonNumber | undefined;
  /** The length in bytes. */
  length: JsonNumber | undefined;
  /** The region that the error is about. */
  region: { start: JsonNumber; size: number } | undefined;
  /** The bytes that were moved before the failure. */
  completed: number | undefined;
}

/**
 * An error about guest memory. A value of a wrong type throws a TypeError instead, and a number that is not an address
 * or a length throws a RangeError. Arguments are checked first. After an error memory is as it was before the call,
 * except for the bytes that {@link GuestMemoryError.completed} counts.
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
  /** The reason. */
  readonly code: GuestMemoryErrorCode;
  /** The first guest-physical address of the access or range, as the caller gave it. */
  readonly address: number | bigint | undefined;
  /** The length of the access or range in bytes. */
  readonly length: number | bigint | undefined;
  /** The region that the error is about, if it is about one; its size in bytes. */
  readonly region: { readonly start: number | bigint; readonly size: number } | undefined;

  /**
   * How many bytes were moved before a handler threw, had no answer, or changed the map under the access, or were loaded
   * before `loadFrom` or a stream of `writable` failed; undefined for every other error. If the source of a `copyWithin` fails, it counts the bytes read, and no byte is written.
   */
  readonly completed: number | undefined;

  /** For this library: users only catch errors. */
  constructor(code: GuestMemoryErrorCode, message: string, place: ErrorDetails = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = "GuestMemoryError";
    this.code = code;
    this.address = place.address;
    this.length = place.length;
    this.region = place.region;
    this.completed = place.completed;
  }

  /**
   * The error as data, for JSON and for another thread: `structuredClone` and `postMessage` keep no more of an error than
   * its message and its stack.
   *
   * @example
   * ```ts
   * try {
   *   memory.readUint8(0x2000);
   * } catch (error) {
   *   const { code, address } = structuredClone((error as GuestMemoryError).toJSON());
   *   console.assert(code === "INVALID_GUEST_ADDRESS" && address === 0x2000);
   * }
   * ```
   */
  toJSON(): ErrorAsData {
    const number = (value: number | bigint | undefined) => (value === undefined ? undefined : json(value));
    const { name, code, message, region, completed } = this;
    return {
      name,
      code,
      message,
      address: number(this.address),
      length: number(this.length),
      region: region && { start: json(region.start), size: region.size },
      completed,
    };
  }
}

/** An address as hexadecimal text, for messages. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
