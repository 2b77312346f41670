// DmaRange: a range of guest memory that a device reads or writes.

import { ACCESS_READ, ACCESS_WRITE, FOUND_DEVICE } from "../core/abi.ts";
import { byteLengthOf, deliver, keep, part } from "../core/byte-array.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import { oneOf } from "../core/options.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { putBytes, type Value, valueAt } from "../device/bound-device.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Watchers } from "../observe/watchers.ts";
import { hostWritten } from "../space/host-writes.ts";
import type { Access } from "../space/mover.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";

/**
 * A range of guest memory for a device to read or to write. Offsets are bytes from its start, and no byte outside can
 * be reached. The range is checked when it is made, and each access is checked again, because the map may have changed.
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
  /** The length in bytes. */
  readonly length: number;
  readonly #space: Space;
  readonly #watchers: Watchers;
  readonly #address: U64Like;
  readonly #access: "read" | "write";

  /** For this library: users call `memory.dma`. */
  constructor(parts: object, address: U64Like, length: U64Like, access: "read" | "write") {
    const { space, watchers } = parts as DmaParts;
    this.#space = space;
    this.#watchers = watchers;
    this.#address = address;
    this.#access = access;
    this.length = Number(length);
  }

  /**
   * Fills `into` with the bytes from `offset` on, or throws.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range for `"write"`,
   * `DETACHED_BUFFER`, and the errors of {@link GuestMemory.readSlice}.
   *
   * @example
   * ```ts
   * const range = memory.dma(0x100, 4, "read");
   * range.read(0, new Uint8Array(4));
   * ```
   */
  read(offset: U64Like, into: Uint8Array): void {
    const length = byteLengthOf(into, "into");
    const at = this.#at(offset, length, "read");
    const { mover } = this.#space;
    const watchers = this.#watchers;
    const bytes = new Uint8Array(length);
    const transfer: Transfer = { who: "dma", address: at, length, holes: true, done: 0 };
    try {
      mover.readAll(bytes, transfer, "dma read");
    } catch (error) {
      keep(into, bytes, transfer.done);
      throw error;
    }
    if (watchers.any && length > 0) {
      watchers.notifyRange(at, length, ACCESS_READ, "dma", (from, count) => ({
        value: bytes.slice(from, from + count),
        oldValue: undefined,
      }));
    }
    deliver(into, bytes);
  }

  /**
   * Writes all of `bytes` from `offset` on, or throws.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range for `"read"`,
   * `DETACHED_BUFFER`, and the errors of {@link GuestMemory.writeSlice}.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 4, "write").write(2, Uint8Array.of(1, 2));
   * console.assert(memory.readUint8(0x103) === 2);
   * ```
   */
  write(offset: U64Like, bytes: Uint8Array): void {
    const length = byteLengthOf(bytes, "bytes");
    const at = this.#at(offset, length, "write");
    const { mover } = this.#space;
    const watchers = this.#watchers;
    const source = part(bytes, 0, length).slice();
    mover.expectServed(at, length, ACCESS_WRITE, "dma write");
    if (watchers.any && length > 0) {
      watchers.notifyRange(at, length, ACCESS_WRITE, "dma", (from, count) => ({
        value: source.slice(from, from + count),
        oldValue: mover.current(u64.add(at, from), count),
      }));
    }
    const transfer: Transfer = { who: "dma", address: at, length, holes: true, done: 0 };
    try {
      mover.writeAll(source, transfer, "dma write");
    } finally {
      hostWritten(this.#space, at, transfer.done);
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
  readUint8(offset: U64Like): number {
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
  readUint16(offset: U64Like): number {
    return this.#load(offset, 2) as number;
  }

  /**
   * Reads a little-endian value of 4 bytes at `offset`, in one access: if a device holds all bytes, its handler is
   * called once, with this size, and its result is passed on unmodified. A watch is called once, with the value.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range for `"write"`, and
   * the errors of {@link GuestMemory.readSlice}; RangeError for an offset out of the range of numbers.
   *
   * @example
   * ```ts
   * memory.writeUint32(0x108, 7);
   * console.assert(memory.dma(0x100, 16, "read").readUint32(8) === 7);
   * ```
   */
  readUint32(offset: U64Like): number {
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
  readBigUint64(offset: U64Like): bigint {
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
  writeUint8(offset: U64Like, value: number): void {
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
  writeUint16(offset: U64Like, value: number): void {
    this.#store(offset, 2, value);
  }

  /**
   * Writes a little-endian value of 4 bytes at `offset`, in one access: if a device holds all bytes, its handler is
   * called once, with this size. A watch is called once, before the write. Values are converted and wrap, as in a
   * DataView.
   *
   * @throws GuestMemoryError `PARTIAL_BUFFER` past the range's end, `PERMISSION_DENIED` in a range for `"read"`, and
   * the errors of {@link GuestMemory.writeSlice}; RangeError for an offset out of the range of numbers; TypeError for a
   * bigint or a symbol.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 16, "write").writeUint32(8, 7);
   * console.assert(memory.readUint32(0x108) === 7);
   * ```
   */
  writeUint32(offset: U64Like, value: number): void {
    this.#store(offset, 4, value);
  }

  /**
   * Writes a little-endian value of 8 bytes at `offset`: as {@link DmaRange.writeUint32}.
   *
   * @throws as {@link DmaRange.writeUint32}, but TypeError for a value that is not a bigint.
   *
   * @example
   * ```ts
   * memory.dma(0x100, 8, "write").writeBigUint64(0, 0x0807_0605_0403_0201n);
   * console.assert(memory.readBigUint64(0x100) === 0x0807_0605_0403_0201n);
   * ```
   */
  writeBigUint64(offset: U64Like, value: bigint): void {
    this.#store(offset, 8, value);
  }

  #load(offset: U64Like, size: 1 | 2 | 4 | 8): Value {
    const at = this.#at(offset, size, "read");
    const { mover } = this.#space;
    const watchers = this.#watchers;
    mover.expectServed(at, size, ACCESS_READ, "dma read");
    const alone = this.#deviceAt(at, size, ACCESS_READ);
    const bytes = new Uint8Array(size);
    if (!alone) mover.readAll(bytes, { who: "dma", address: at, length: size, holes: true, done: 0 }, "dma read");
    const value = alone ? alone.device.read(alone.offset, size, "dma", at) : valueAt(bytes, 0, size);
    if (watchers.any) watchers.notify(at, size, ACCESS_READ, "dma", () => ({ value, oldValue: undefined }));
    return value;
  }

  #store(offset: U64Like, size: 1 | 2 | 4 | 8, given: Value): void {
    if (size === 8 && typeof given !== "bigint") throw u64.notBigint(given);
    const bytes = new Uint8Array(size);
    putBytes(bytes, 0, given, size); // first, because an object's `valueOf` may change the map
    const value = valueAt(bytes, 0, size);
    const at = this.#at(offset, size, "write");
    const space = this.#space;
    const { mover } = space;
    const watchers = this.#watchers;
    mover.expectServed(at, size, ACCESS_WRITE, "dma write");
    if (watchers.any) {
      const oldValue = (current = mover.current(at, size)) => current && valueAt(current, 0, size);
      watchers.notify(at, size, ACCESS_WRITE, "dma", () => ({ value, oldValue: oldValue() }));
    }
    const transfer: Transfer = { who: "dma", address: at, length: size, holes: true, done: 0 };
    try {
      const alone = this.#deviceAt(at, size, ACCESS_WRITE); // after the callbacks, which may have changed the map
      if (alone) {
        alone.device.write(alone.offset, size, value, "dma", at);
        transfer.done = size;
      } else {
        mover.writeAll(bytes, transfer, "dma write");
      }
    } finally {
      hostWritten(space, at, transfer.done);
    }
  }

  /** The device that holds all bytes of an access, if one does. */
  #deviceAt(address: U64Like, size: number, access: Access) {
    const space = this.#space;
    const { piece } = space;
    if (piece.find(address, size, access) !== FOUND_DEVICE || piece.bytes < size) return undefined;
    return { device: space.device(piece.region), offset: piece.offset };
  }

  /** The guest-physical address of `length` bytes at an offset. Throws if they are not inside the range. */
  #at(offset: U64Like, length: number, access: "read" | "write"): U64Like {
    u64.check(offset, "offset");
    const at = BigInt(this.#address) + BigInt(offset);
    const place = { address: this.#address, length: this.length };
    if (access !== this.#access) {
      throw new GuestMemoryError(
        "PERMISSION_DENIED",
        `dma ${access}: the range at ${hex(this.#address)} was made for "${this.#access}" alone`,
        place,
      );
    }
    if (BigInt(offset) + BigInt(length) > BigInt(this.length)) {
      const message = `dma ${access}: ${length} bytes at offset ${offset} pass the end of a range of ${this.length} bytes`;
      throw new GuestMemoryError("PARTIAL_BUFFER", message, place);
    }
    if (length === 0) return this.#address; // at the range's end it could be 2^64, which is not an address
    return at <= Number.MAX_SAFE_INTEGER ? Number(at) : at;
  }
}

/** The parts of a memory that a DmaRange needs. */
interface DmaParts {
  readonly space: Space;
  readonly watchers: Watchers;
}

/**
 * Access to guest memory by devices. {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.dma(0x100, 4, "write").writeUint32(0, 7);
 * console.assert(memory.readUint32(0x100) === 7);
 * ```
 */
export interface DmaAccess {
  /**
   * Checks a range as a whole, and returns it for a device to read or to write. Handlers and watches in the range get
   * `"dma"` as the initiator.
   *
   * @param length - bytes.
   * @param access - `"read"` or `"write"`: the one kind of access that the range allows.
   * @throws GuestMemoryError `READ_ONLY`, `PERMISSION_DENIED`, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`; TypeError for another `access`.
   *
   * @example
   * ```ts
   * const frame = memory.dma(0x100, 4, "write");
   * frame.write(0, Uint8Array.of(1, 2, 3, 4));
   * console.assert(memory.readUint8(0x103) === 4);
   * ```
   */
  dma(address: U64Like, length: U64Like, access: "read" | "write"): DmaRange;
}

/** The part of GuestMemory that is {@link DmaAccess}. */
export function dmaAccess(of: PartOf<DmaParts>): DmaAccess {
  return {
    dma(address, length, access) {
      oneOf(access, "access", ["read", "write"]);
      const parts = of(this);
      parts.space.mover.expectServed(address, length, access === "read" ? ACCESS_READ : ACCESS_WRITE, "dma");
      return new DmaRange(parts, address, length, access);
    },
  };
}
