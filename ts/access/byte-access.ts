// ByteAccess: ranges of guest memory, copied, shown, filled, compared and searched.

import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { Resolver } from "../space/resolver.ts";
import type { Space } from "../space/space.ts";
import { AtomicFields } from "./atomic-access.ts";
import { Bulk } from "./bulk.ts";
import { Ranges } from "./ranges.ts";
import { indexOf } from "./search.ts";

/**
 * Access to ranges of guest memory; {@link GuestMemory} has all of it. What is written is marked dirty.
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
export abstract class ByteAccess<A extends number | bigint = number> extends AtomicFields {
  readonly #space: Space;
  readonly #resolver: Resolver;
  readonly #bulk: Bulk;
  readonly #ranges: Ranges;

  /** Made by this library. */
  protected constructor(space: object) {
    super();
    this.#space = space as Space;
    this.#resolver = new Resolver(this.#space);
    this.#bulk = new Bulk(this.#space, this.#resolver);
    this.#ranges = new Ranges(this.#space);
  }

  /**
   * Writes `bytes` at `address`, up to the first hole, and marks the pages dirty.
   *
   * @returns how many bytes were written: all, or fewer at a hole.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS` where nothing backs the first byte, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.write(0x10, Uint8Array.of(1, 2, 3)) === 3);
   * ```
   */
  write(address: Wide, bytes: Uint8Array): number {
    return this.#bulk.write(address, bytes);
  }

  /**
   * Reads into `into` from `address`, up to the first hole; the rest of `into` is left as it was.
   *
   * @returns how many bytes were read: all, or fewer at a hole.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS` where nothing backs the first byte, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const into = new Uint8Array(4);
   * console.assert(memory.read(0x10, into) === 4);
   * ```
   */
  read(address: Wide, into: Uint8Array): number {
    return this.#bulk.read(address, into);
  }

  /**
   * Writes all of `bytes` at `address`, or nothing; marks the pages dirty.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DETACHED_BUFFER`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeSlice(0x10, Uint8Array.of(1, 2, 3));
   * console.assert(memory.readUint8(0x12) === 3);
   * ```
   */
  writeSlice(address: Wide, bytes: Uint8Array): void {
    this.#bulk.writeSlice(address, bytes);
  }

  /**
   * Fills `into` from `address`, or throws and leaves it as it was.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DETACHED_BUFFER`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * const into = new Uint8Array(4);
   * memory.readSlice(0x10, into);
   * console.assert(into[0] === 0);
   * ```
   */
  readSlice(address: Wide, into: Uint8Array): void {
    this.#bulk.readSlice(address, into);
  }

  /**
   * Copies `length` bytes out of guest memory.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const bytes = memory.readBytes(0x10, 16);
   * console.assert(bytes.length === 16);
   * ```
   */
  readBytes(address: Wide, length: Wide): Uint8Array<ArrayBuffer> {
    return this.#bulk.readBytes(address, length);
  }

  /**
   * A zero-copy view of guest memory, within one region. It is good until linear memory grows or reuses pages that were
   * written, which only creation of a memory, `insertRegion` and `reserve` do (any memory's; the packaged module does not
   * grow below 56 MiB), or pages are given back by `discard`; from then on its length is 0. The event `viewsdetached` and `viewGeneration` tell. What you write through it is not marked dirty: call
   * `markDirty`. Of discarded memory it takes pages, as a write does: where there are no free ones, linear memory grows.
   *
   * Its `.buffer` is the *whole* linear memory, other guests' too: never post, transfer or clone it. Of external memory it
   * is that memory's buffer, and good until that grows; a SharedArrayBuffer, if it is one, whatever the type says.
   *
   * | right | wrong |
   * |---|---|
   * | `postMessage(memory.readBytes(a, n))` | `postMessage(memory.view(a, n))`: clones every guest |
   * | `memory.view(a, n).set(bytes)` | `new Uint8Array(memory.view(a, n).buffer)`: from host offset 0 |
   * | `new DataView(v.buffer, v.byteOffset, v.byteLength)` | `new DataView(v.buffer)` |
   * | take a new view after `viewsdetached` | keep one for good: it reads undefined after growth |
   *
   * @throws GuestMemoryError `CROSSES_REGIONS` where the range is backed by more than one region, or crosses the edge of
   * what was discarded (see `views`), `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * const view = memory.view(0x100, 0x10);
   * view[3] = 7;
   * memory.markDirty(0x103, 1);
   * console.assert(memory.readUint8(0x103) === 7);
   * ```
   */
  view(address: Wide, length: Wide): Uint8Array<ArrayBuffer> {
    return this.#bulk.view(address, length);
  }

  /**
   * Views of a range, one for each region that it crosses, in order, and more where something of a region was discarded and
   * its bytes are not adjacent any more; see `view` for what they are.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * const views = memory.views(0x100, 0x10);
   * console.assert(views.length === 1 && views[0]!.length === 0x10);
   * ```
   */
  views(address: Wide, length: Wide): Uint8Array<ArrayBuffer>[] {
    return this.#bulk.views(address, length);
  }

  /**
   * Sets `length` bytes to `byte` (its low 8 bits), the whole range or nothing; marks the pages dirty.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.fill(0x10, 0xff, 4);
   * console.assert(memory.readUint32(0x10) === 0xffff_ffff);
   * ```
   */
  fill(address: Wide, byte: number, length: Wide): void {
    this.#ranges.fill(address, byte, length);
  }

  /**
   * Copies `length` bytes within guest memory, the whole range or nothing; the ranges may overlap. Marks the pages dirty.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeUint32(0x10, 0x0403_0201);
   * memory.copyWithin(0x12, 0x10, 4);
   * console.assert(memory.readUint32(0x12) === 0x0403_0201);
   * ```
   */
  copyWithin(to: Wide, from: Wide, length: Wide): void {
    this.#ranges.copy(to, this.#space, from, length);
  }

  /**
   * Copies `length` bytes from another memory (or this one), the whole range or nothing. Marks the pages dirty. The other
   * may be of another module; devices and watches take part there and here.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`; a TypeError
   * for a source that is no GuestMemory.
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
  copyFrom(to: Wide, source: ByteAccess<number> | ByteAccess<bigint>, from: Wide, length: Wide): void {
    if (!(source instanceof ByteAccess)) {
      throw new TypeError(`source must be a GuestMemory, not ${wide.describe(source)}`);
    }
    this.#ranges.copy(to, source.#space, from, length);
  }

  /**
   * Compares `length` bytes at `a` and at `b` as unsigned bytes.
   *
   * @returns -1, 0 or 1, as `Buffer.compare`.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeUint8(0x10, 1);
   * console.assert(memory.compare(0x10, 0x20, 8) === 1);
   * ```
   */
  compare(a: Wide, b: Wide, length: Wide): -1 | 0 | 1 {
    return this.#ranges.compare(a, b, length);
  }

  /**
   * Finds `bytes` inside `length` bytes from `address` on.
   *
   * @returns the first address, or -1 (-1n). No bytes are found at `address`.
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DETACHED_BUFFER`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.write(0x123, new TextEncoder().encode("marker"));
   * console.assert(memory.indexOf(new TextEncoder().encode("marker"), 0, 0x1000) === 0x123);
   * ```
   */
  indexOf(bytes: Uint8Array, address: Wide, length: Wide): A {
    return indexOf(this.#space, bytes, address, length) as A;
  }

  /**
   * Marks a range as written, for who wrote it through a view or from a JIT. The whole range or nothing.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.view(0x100, 4).fill(1);
   * memory.markDirty(0x100, 4);
   * ```
   */
  markDirty(address: Wide, length: Wide): void {
    this.#ranges.markDirty(address, length);
  }
}
