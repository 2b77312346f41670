// DmaRange: a checked range that a device reads or writes.

import { byteLengthOf, deliver, keep, part } from "./bytes.ts";
import { GuestMemoryError, hex } from "./errors.ts";
import type { Space } from "./space.ts";
import type { Transfer } from "./transfer.ts";
import { READ, WRITE } from "./watch.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

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
    return at <= Number.MAX_SAFE_INTEGER ? Number(at) : at;
  }
}
