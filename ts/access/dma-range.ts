// DmaRange: a checked range that a device reads or writes.

import { byteLengthOf, deliver, keep, part } from "../core/byte-array.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { putBytes, type Value, valueAt } from "../device/bound-device.ts";
import type { Transfer } from "../device/transfer.ts";
import { type Access, READ, WRITE } from "../observe/watchers.ts";
import { DEVICE } from "../space/mover.ts";
import type { Space } from "../space/space.ts";

/**
 * A range of guest memory for a device. Offsets are bytes from its start, and nothing outside it can be reached. Each
 * access is checked again, because the map may have changed.
 *
 * @example
 * ```ts
 * import { type DmaRange, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const descriptor: DmaRange = memory.dma(0x100, 16, "read");
 * const bytes = new Uint8Array(4);
 * descriptor.read(12, bytes);
 * console.assert(descriptor.length === 16 && bytes.join() === "0,0,0,0");
 * ```
 */
export class DmaRange {
  /**
   * How many bytes it has.
   * @example
   * ```ts
   * console.assert(memory.dma(0x100, 16, "read").length === 16);
   * ```
   */
  readonly length: number;
  readonly #space: Space;
  readonly #address: Wide;
  readonly #access: "read" | "write";

  /** Made by this library. */
  constructor(space: object, address: Wide, length: Wide, access: "read" | "write") {
    this.#space = space as Space;
    this.#address = address;
    this.#access = access;
    this.length = Number(length);
  }

  /**
   * Fills `into` from `offset` on, or throws.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range that was asked for to
   * write, what the memory says, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * const range = memory.dma(0x100, 4, "read");
   * range.read(0, new Uint8Array(4));
   * ```
   */
  read(offset: Wide, into: Uint8Array): void {
    const length = byteLengthOf(into, "into");
    const at = this.#at(offset, length, "read");
    const { mover, watchers } = this.#space;
    const bytes = new Uint8Array(length);
    const transfer: Transfer = { who: "dma", address: at, length, done: 0 };
    try {
      mover.readAll(bytes, transfer, "dma read");
    } catch (error) {
      keep(into, bytes, transfer.done);
      throw error;
    }
    if (watchers.any && length > 0) {
      watchers.tell(at, length, READ, "dma", () => ({ value: bytes.slice(), oldValue: undefined }));
    }
    deliver(into, bytes);
  }

  /**
   * Writes all of `bytes` from `offset` on, or nothing.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range that was asked for to
   * read, what the memory says, `DETACHED_BUFFER`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 4, "write").write(2, Uint8Array.of(1, 2));
   * console.assert(memory.readUint8(0x103) === 2);
   * ```
   */
  write(offset: Wide, bytes: Uint8Array): void {
    const length = byteLengthOf(bytes, "bytes");
    const at = this.#at(offset, length, "write");
    const { mover, watchers } = this.#space;
    const source = part(bytes, 0, length).slice();
    mover.expect(at, length, WRITE, "dma write");
    if (watchers.any && length > 0) {
      watchers.tell(at, length, WRITE, "dma", () => ({ value: source.slice(), oldValue: mover.current(at, length) }));
    }
    const transfer: Transfer = { who: "dma", address: at, length, done: 0 };
    try {
      mover.writeAll(source, transfer, "dma write");
    } finally {
      if (transfer.done > 0) this.#space.onHostWrite?.(this.#space.own(at), transfer.done);
    }
  }

  /**
   * Reads a byte at `offset`: as {@link DmaRange.readUint32}.
   *
   * @throws as {@link DmaRange.readUint32}.
   *
   * @example
   * ```ts
   * memory.writeSlice(0x100, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
   * console.assert(memory.dma(0x100, 8, "read").readUint8(0) === 0x01);
   * ```
   */
  readUint8(offset: Wide): number {
    return this.#load(offset, 1) as number;
  }

  /**
   * Reads a little-endian value of 2 bytes at `offset`: as {@link DmaRange.readUint32}.
   *
   * @throws as {@link DmaRange.readUint32}.
   *
   * @example
   * ```ts
   * memory.writeSlice(0x100, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
   * console.assert(memory.dma(0x100, 8, "read").readUint16(0) === 0x0201);
   * ```
   */
  readUint16(offset: Wide): number {
    return this.#load(offset, 2) as number;
  }

  /**
   * Reads a little-endian value of 4 bytes at `offset`, in one access: a device that holds it is asked once, with that
   * width, and what it gives passes unmodified; a watch is told once, with the value.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range that was asked for to
   * write, what the memory says, `DISPOSED`; RangeError for an offset that is none.
   *
   * @example
   * ```ts
   * memory.writeUint32(0x108, 7);
   * console.assert(memory.dma(0x100, 16, "read").readUint32(8) === 7);
   * ```
   */
  readUint32(offset: Wide): number {
    return this.#load(offset, 4) as number;
  }

  /**
   * Reads a little-endian value of 8 bytes at `offset`: as {@link DmaRange.readUint32}.
   *
   * @throws as {@link DmaRange.readUint32}.
   *
   * @example
   * ```ts
   * memory.writeSlice(0x100, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
   * console.assert(memory.dma(0x100, 8, "read").readBigUint64(0) === 0x0807_0605_0403_0201n);
   * ```
   */
  readBigUint64(offset: Wide): bigint {
    return this.#load(offset, 8) as bigint;
  }

  /**
   * Writes a byte at `offset`: as {@link DmaRange.writeUint32}.
   *
   * @throws as {@link DmaRange.writeUint32}.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 8, "write").writeUint8(0, 0x01);
   * console.assert(memory.readUint8(0x100) === 0x01);
   * ```
   */
  writeUint8(offset: Wide, value: number): void {
    this.#store(offset, 1, value);
  }

  /**
   * Writes a little-endian value of 2 bytes at `offset`: as {@link DmaRange.writeUint32}.
   *
   * @throws as {@link DmaRange.writeUint32}.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 8, "write").writeUint16(0, 0x0201);
   * console.assert(memory.readUint16(0x100) === 0x0201);
   * ```
   */
  writeUint16(offset: Wide, value: number): void {
    this.#store(offset, 2, value);
  }

  /**
   * Writes a little-endian value of 4 bytes at `offset`, in one access: a device that holds it is told once, with that
   * width; a watch is told once, before it happens. Values wrap, as those of a DataView do.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range that was asked for to
   * read, what the memory says, `DISPOSED`; RangeError for an offset that is none, a TypeError for another kind of value.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 16, "write").writeUint32(8, 7);
   * console.assert(memory.readUint32(0x108) === 7);
   * ```
   */
  writeUint32(offset: Wide, value: number): void {
    this.#store(offset, 4, value);
  }

  /**
   * Writes a little-endian value of 8 bytes at `offset`: as {@link DmaRange.writeUint32}.
   *
   * @throws as {@link DmaRange.writeUint32}.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 8, "write").writeBigUint64(0, 0x0807_0605_0403_0201n);
   * console.assert(memory.readBigUint64(0x100) === 0x0807_0605_0403_0201n);
   * ```
   */
  writeBigUint64(offset: Wide, value: bigint): void {
    this.#store(offset, 8, value);
  }

  #load(offset: Wide, size: 1 | 2 | 4 | 8): Value {
    const at = this.#at(offset, size, "read");
    const { mover, watchers } = this.#space;
    mover.expect(at, size, READ, "dma read");
    const alone = this.#deviceAt(at, size, READ);
    const bytes = new Uint8Array(size);
    if (!alone) mover.readAll(bytes, { who: "dma", address: at, length: size, done: 0 }, "dma read");
    const value = alone ? alone.device.read(alone.offset, size, "dma", at) : valueAt(bytes, 0, size);
    if (watchers.any) watchers.tell(at, size, READ, "dma", () => ({ value, oldValue: undefined }));
    return value;
  }

  #store(offset: Wide, size: 1 | 2 | 4 | 8, given: Value): void {
    const bytes = new Uint8Array(size);
    putBytes(bytes, 0, given, size); // first: an object that becomes a number may do anything
    const value = valueAt(bytes, 0, size);
    const at = this.#at(offset, size, "write");
    const space = this.#space;
    const { mover, watchers } = space;
    mover.expect(at, size, WRITE, "dma write");
    if (watchers.any) {
      const oldValue = (current = mover.current(at, size)) => current && valueAt(current, 0, size);
      watchers.tell(at, size, WRITE, "dma", () => ({ value, oldValue: oldValue() }));
    }
    const transfer: Transfer = { who: "dma", address: at, length: size, done: 0 };
    try {
      const alone = this.#deviceAt(at, size, WRITE); // now: a callback may do anything
      if (alone) {
        alone.device.write(alone.offset, size, value, "dma", at);
        transfer.done = size;
      } else {
        mover.writeAll(bytes, transfer, "dma write");
      }
    } finally {
      if (transfer.done > 0) space.onHostWrite?.(space.own(at), transfer.done);
    }
  }

  /** The device that holds a whole access. */
  #deviceAt(address: Wide, size: number, access: Access) {
    const space = this.#space;
    space.enter();
    const { linear, handle } = space;
    wide.split(address, "address");
    if (linear.raw.gm_piece(handle, wide.low, wide.high, size, access) !== DEVICE) return undefined;
    const [count = 0, , id = 0, low = 0, high = 0] = linear.report;
    return count < size ? undefined : { device: space.device(id), offset: wide.join(low, high) };
  }

  /** Where `length` bytes at an offset are, if they are inside. */
  #at(offset: Wide, length: number, access: "read" | "write"): Wide {
    wide.check(offset, "offset");
    const at = BigInt(this.#address) + BigInt(offset);
    const place = { address: this.#address, length: this.length };
    if (access !== this.#access) {
      throw new GuestMemoryError(
        "PERMISSION_DENIED",
        `the range at ${hex(this.#address)} is not for a ${access}`,
        place,
      );
    }
    if (BigInt(offset) + BigInt(length) > BigInt(this.length)) {
      const message = `${length} bytes at offset ${offset} go past the range's ${this.length}`;
      throw new GuestMemoryError("PARTIAL_BUFFER", message, place);
    }
    if (length === 0) return this.#address; // no bytes behind the last one may lie at 2^64, which is no address
    return at <= Number.MAX_SAFE_INTEGER ? Number(at) : at;
  }
}
