// ByteAccess: GuestMemory's methods for ranges of bytes: read, write, view, fill, copy, compare, search.

import { describe, type U64Like } from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import type { Bulk } from "./bulk.ts";
import type { Ranges } from "./ranges.ts";
import { indexOf } from "./search.ts";

/**
 * Access to ranges of guest memory. {@link GuestMemory} has all of these methods. Lengths are in bytes. Every method
 * that writes marks the written pages dirty.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.writeSlice(0x10, Uint8Array.of(1, 2, 3));
 * memory.copyWithin(0x20, 0x10, 3);
 * console.assert(memory.compare(0x10, 0x20, 3) === 0);
 * ```
 */
export interface ByteAccess<A extends number | bigint = number> {
  /**
   * Writes `bytes` at `address`, and stops at the first byte that is not mapped or not writable.
   *
   * @returns how many bytes were written: all, or fewer if it stopped.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `READ_ONLY` or `PERMISSION_DENIED` if the first byte cannot be
   * written, `OUT_OF_MEMORY`, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.write(0x10, Uint8Array.of(1, 2, 3)) === 3);
   * ```
   */
  write(address: U64Like, bytes: Uint8Array): number;

  /**
   * Reads into `into` from `address`, and stops at the first byte that is not mapped or not readable. The rest of
   * `into` stays as it was.
   *
   * @returns how many bytes were read: all, or fewer if it stopped.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS` or `PERMISSION_DENIED` if the first byte cannot be read,
   * `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const into = new Uint8Array(4);
   * console.assert(memory.read(0x10, into) === 4);
   * ```
   */
  read(address: U64Like, into: Uint8Array): number;

  /**
   * Writes all of `bytes` at `address`, or throws and writes no byte.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `READ_ONLY`,
   * `PERMISSION_DENIED`, `OUT_OF_MEMORY`, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeSlice(0x10, Uint8Array.of(1, 2, 3));
   * console.assert(memory.readUint8(0x12) === 3);
   * ```
   */
  writeSlice(address: U64Like, bytes: Uint8Array): void;

  /**
   * Fills all of `into` with the bytes from `address` on, or throws and leaves `into` as it was, except for the bytes
   * that {@link GuestMemoryError.completed} counts.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `PERMISSION_DENIED`,
   * `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const into = new Uint8Array(4);
   * memory.readSlice(0x10, into);
   * console.assert(into[0] === 0);
   * ```
   */
  readSlice(address: U64Like, into: Uint8Array): void;

  /**
   * Copies `length` bytes from guest memory into a new array.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `PERMISSION_DENIED`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * const bytes = memory.readBytes(0x10, 16);
   * console.assert(bytes.length === 16);
   * ```
   */
  readBytes(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer>;

  /**
   * A zero-copy view of guest memory, within one region. Writes through it are not marked dirty: call `markDirty`.
   *
   * The view is detached, and then has length 0, when linear memory grows, when pages that were written are reused, or
   * when `discard` frees pages. All memories of the module share linear memory. It may grow, or reuse pages, at the
   * creation of a memory, at `map` of RAM or ROM, at `insertRegion` and `reserve`, and at the first write to discarded
   * memory; the packaged module does not grow below 56 MiB. The event `viewsdetached` and `viewGeneration` tell. A view
   * of discarded memory takes pages, as a write does.
   *
   * The view's `.buffer` is the *whole* linear memory, with other guests in it: never post, transfer or clone it. A
   * view of external memory has the external buffer instead, and ends when that grows. If that is a SharedArrayBuffer,
   * so is `.buffer`, although the type says ArrayBuffer.
   *
   * | right | wrong |
   * |---|---|
   * | `postMessage(memory.readBytes(a, n))` | `postMessage(memory.view(a, n))`: clones every guest |
   * | `memory.view(a, n).set(bytes)` | `new Uint8Array(memory.view(a, n).buffer)`: from host offset 0 |
   * | `new DataView(v.buffer, v.byteOffset, v.byteLength)` | `new DataView(v.buffer)` |
   * | take a new view after `viewsdetached` | keep one for good: it reads undefined after growth |
   *
   * @throws GuestMemoryError `CROSSES_REGIONS` if the range is in more than one region, or crosses the edge of
   * discarded memory (use `views`), `NOT_MEMORY` for a device, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const view = memory.view(0x100, 0x10);
   * view[3] = 7;
   * memory.markDirty(0x103, 1);
   * console.assert(memory.readUint8(0x103) === 7);
   * ```
   */
  view(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer>;

  /**
   * Views of a range in ascending order, as {@link GuestMemory.view} makes them: one for each region in the range, or
   * several if a part of the region was discarded, because its bytes are then not adjacent.
   *
   * @throws GuestMemoryError `NOT_MEMORY` for a device, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const views = memory.views(0x100, 0x10);
   * console.assert(views.length === 1 && views[0]!.length === 0x10);
   * ```
   */
  views(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer>[];

  /**
   * Sets `length` bytes to the low 8 bits of `byte`, or throws and writes no byte.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `READ_ONLY`,
   * `PERMISSION_DENIED`, `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.fill(0x10, 0xff, 4);
   * console.assert(memory.readUint32(0x10) === 0xffff_ffff);
   * ```
   */
  fill(address: U64Like, byte: number, length: U64Like): void;

  /**
   * Copies `length` bytes from `from` to `to`, or throws and writes no byte. The ranges may overlap.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `READ_ONLY`,
   * `PERMISSION_DENIED`, `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeUint32(0x10, 0x0403_0201);
   * memory.copyWithin(0x12, 0x10, 4);
   * console.assert(memory.readUint32(0x12) === 0x0403_0201);
   * ```
   */
  copyWithin(to: U64Like, from: U64Like, length: U64Like): void;

  /**
   * Copies `length` bytes from address `from` of another memory, or throws and writes no byte. `source` may be this
   * memory, or one of another Wasm module. Devices and watches of both memories take part.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `READ_ONLY`,
   * `PERMISSION_DENIED`, `OUT_OF_MEMORY`, `DISPOSED`; TypeError for a source that is not a GuestMemory.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using a = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * using b = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * a.writeUint32(0x10, 7);
   * b.copyFrom(0x20, a, 0x10, 4);
   * console.assert(b.readUint32(0x20) === 7);
   * ```
   */
  copyFrom(to: U64Like, source: ByteAccess<number> | ByteAccess<bigint>, from: U64Like, length: U64Like): void;

  /**
   * Compares `length` bytes at `a` with those at `b`, byte by byte as unsigned values.
   *
   * @returns -1, 0 or 1, as `Buffer.compare`.
   * @throws GuestMemoryError `NOT_MEMORY` for a device, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `PERMISSION_DENIED`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeUint8(0x10, 1);
   * console.assert(memory.compare(0x10, 0x20, 8) === 1);
   * ```
   */
  compare(a: U64Like, b: U64Like, length: U64Like): -1 | 0 | 1;

  /**
   * Finds `bytes` inside `length` bytes from `address` on.
   *
   * @returns the first address at which all of `bytes` are, or -1 (-1n if addresses are bigints). An empty array is
   * found at `address`.
   * @throws GuestMemoryError `NOT_MEMORY` for a device, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `PERMISSION_DENIED`, `DETACHED_BUFFER`, `DISPOSED`; RangeError for an empty array at an
   * address past 2^53, if addresses are numbers.
   *
   * @example
   * ```ts
   * memory.write(0x123, new TextEncoder().encode("marker"));
   * console.assert(memory.indexOf(new TextEncoder().encode("marker"), 0, 0x1000) === 0x123);
   * ```
   */
  indexOf(bytes: Uint8Array, address: U64Like, length: U64Like): A;

  /**
   * Marks a range as written, for dirty clients and `onHostWrite`. Call it after writes through a view or by a JIT. If
   * it throws, no page is marked.
   *
   * @throws GuestMemoryError `NOT_MEMORY` for a device, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.view(0x100, 4).fill(1);
   * memory.markDirty(0x100, 4);
   * ```
   */
  markDirty(address: U64Like, length: U64Like): void;
}

/** The part of GuestMemory that is {@link ByteAccess}. */
export function byteAccess(of: PartOf<{ bulk: Bulk; ranges: Ranges }>): ByteAccess<U64Like> {
  return {
    write(address, bytes) {
      return of(this).bulk.write(address, bytes);
    },
    read(address, into) {
      return of(this).bulk.read(address, into);
    },
    writeSlice(address, bytes) {
      of(this).bulk.writeSlice(address, bytes);
    },
    readSlice(address, into) {
      of(this).bulk.readSlice(address, into);
    },
    readBytes(address, length) {
      return of(this).bulk.readBytes(address, length);
    },
    view(address, length) {
      return of(this).bulk.view(address, length);
    },
    views(address, length) {
      return of(this).bulk.views(address, length);
    },
    fill(address, byte, length) {
      of(this).ranges.fill(address, byte, length);
    },
    copyWithin(to, from, length) {
      const { ranges } = of(this);
      ranges.copy(to, ranges, from, length);
    },
    copyFrom(to, source, from, length) {
      of(this).ranges.copy(to, rangesOf(source), from, length);
    },
    compare(a, b, length) {
      return of(this).ranges.compare(a, b, length);
    },
    indexOf(bytes, address, length) {
      return indexOf(of(this).ranges.space, bytes, address, length);
    },
    markDirty(address, length) {
      of(this).ranges.markDirty(address, length);
    },
  };

  function rangesOf(source: object): Ranges {
    try {
      return of(source).ranges;
    } catch {
      throw new TypeError(`source must be a GuestMemory, not ${describe(source)}`);
    }
  }
}
