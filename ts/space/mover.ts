// Mover: the bytes of a range of any kind, piece by piece: memory here and elsewhere, devices by their handlers.

import { GuestMemoryError, hex } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { Transfer } from "../device/transfer.ts";
import { type Access, READ, WRITE } from "../observe/watchers.ts";
import type { Space } from "./space.ts";

/** What `gm_piece` finds. */
export const MEMORY = 0;
export const DEVICE = 2;
export const EXTERNAL = 5;
/** Discarded memory that would be written: `populate` comes first. */
export const ABSENT = 6;
/** What a range is asked to be backed by, as the core's numbers: memory or devices, memory, linear memory. */
export const ANY = 0;
export const BYTES = 1;
export const LINEAR = 2;
type Backing = typeof ANY | typeof BYTES | typeof LINEAR;
/** An access beside those of `watch.ts`: a loader's write, to which nothing is forbidden. */
export const LOAD = 8;
/** The longest piece asked for. */
const LONGEST = 1 << 30;
const HIGH = 0x1_0000_0000;
const MARK = 0xff;

/**
 * A handler is called with no core call on the stack, and nothing that was resolved before is used after it: it may do
 * anything. So each piece is resolved by itself.
 */
export class Mover {
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Throws unless the whole range is mapped to what is asked for, and allows the accesses (0: anything). */
  expect(address: Wide, length: Wide, access: number, what: string, backing: Backing = ANY): void {
    const status = this.status(address, length, access, backing);
    if (status !== 0) throw this.#space.linear.failure(status, what, { address, length });
  }

  /** The status of a range for an access. */
  status(address: Wide, length: Wide, access: number, backing: Backing = ANY): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    return linear.raw.gm_check_access(handle, low, high, lengthLow, lengthHigh, access, backing);
  }

  /**
   * Gives host pages to what of a range was discarded, before any of it is written. Linear memory may grow, and listeners
   * are told; after it the range has its pages, whatever they did.
   *
   * @throws GuestMemoryError `OUT_OF_MEMORY`.
   */
  populate(address: Wide, length: Wide, what: string): void {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    const space = this.#space;
    const { linear, handle } = space;
    let before: number | undefined;
    do {
      space.enter(); // the second time it tells of the first, and a listener may discard it again
      before = space.control[0];
      const status = linear.raw.gm_populate(handle, low, high, lengthLow, lengthHigh);
      linear.replace();
      linear.expect(status, what, { address, length });
    } while (space.control[0] !== before);
  }

  /** Reads into an array of the library's own until it is full, or as far as the access goes. */
  read(into: Uint8Array, access: Access | 0, transfer: Transfer): void {
    this.expectThere(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count, done) => into.set(memory.subarray(at, at + count), done),
      (device, offset, count, done) => device.readBytes(offset, into.subarray(done, done + count), transfer),
    );
  }

  /** Writes an array of the library's own, from where the transfer is on, or as much of it as the access goes. */
  write(bytes: Uint8Array, access: typeof WRITE | typeof LOAD, transfer: Transfer): void {
    this.populate(transfer.address, transfer.length, "write");
    this.expectThere(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count, done) => {
        memory.set(bytes.subarray(done, done + count), at);
        this.mark(memory, at, count);
      },
      (device, offset, count, done) => device.writeBytes(offset, bytes.subarray(done, done + count), transfer),
    );
  }

  /** Sets a range to one byte, as far as the access goes. */
  fill(byte: number, access: typeof WRITE, transfer: Transfer): void {
    this.populate(transfer.address, transfer.length, "fill");
    this.expectThere(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count) => {
        memory.fill(byte, at, at + count);
        this.mark(memory, at, count);
      },
      (device, offset, count) => device.writeBytes(offset, new Uint8Array(count).fill(byte), transfer),
    );
  }

  /** Marks the pages of what was written, if that is linear memory: nobody else's has marks. */
  mark(memory: Uint8Array, at: number, count: number): void {
    const { u8, dirty } = this.#space.linear;
    if (memory === u8 && count > 0) dirty.fill(MARK, at >>> 12, ((at + count - 1) >>> 12) + 1);
  }

  /** A whole range as one piece of memory that nobody watches, or undefined. */
  piece(address: Wide, length: number, access: Access): { memory: Uint8Array; at: number } | undefined {
    wide.split(address, "address");
    const { low, high } = wide;
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const found = linear.raw.gm_piece(space.handle, low, high, Math.min(length, LONGEST), access);
    const [count = 0, watched = 0, place = 0, offsetLow = 0, offsetHigh = 0] = linear.report;
    if (watched !== 0 || count < length) return undefined;
    if (found === MEMORY) return { memory: linear.u8, at: place };
    if (found !== EXTERNAL) return undefined;
    return { memory: space.external(place).current(address, length), at: wide.join(offsetLow, offsetHigh) };
  }

  /** Throws where external memory in a range is not there, before anything is moved. */
  expectThere(access: Access | 0 | typeof LOAD, transfer: Transfer): void {
    if (!this.#space.linear.externals.any) return;
    const looked = { ...transfer };
    const skip = (_device: BoundDevice, _offset: number, count: number) => {
      looked.done += count;
    };
    this.#move(access, looked, () => {}, skip, true);
  }

  /** Reads the whole range, or throws. */
  readAll(into: Uint8Array, transfer: Transfer, what: string): void {
    this.expect(transfer.address, into.length, READ, what);
    this.read(into, READ, transfer);
    if (transfer.done < into.length) throw this.gone(READ, transfer, what);
  }

  /** Reads a part of a range that was checked: all of `into`, from byte `done` of the range on, or throws. */
  readPart(address: Wide, done: number, into: Uint8Array, what: string): void {
    const transfer: Transfer = {
      who: "cpu",
      address: this.#space.own(BigInt(address) + BigInt(done)),
      length: into.length,
      done: 0,
    };
    this.read(into, READ, transfer);
    if (transfer.done < into.length) throw this.gone(READ, transfer, what);
  }

  /** How many bytes of a range from its start on allow an access. */
  reach(address: Wide, length: number, access: Access): number {
    const transfer: Transfer = { who: "cpu", address, length, done: 0 };
    const count = (_device: BoundDevice, _offset: number, bytes: number) => {
      transfer.done += bytes;
    };
    this.#move(access, transfer, () => {}, count);
    return transfer.done;
  }

  /** What memory shows of a range now, whoever may; undefined where a device is. */
  current(address: Wide, length: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.status(address, length, 0, BYTES) !== 0) return undefined;
    const bytes = new Uint8Array(length);
    this.read(bytes, 0, { who: "cpu", address, length, done: 0 });
    return bytes;
  }

  /** Writes the whole range, or throws; nothing is written unless all of it can be, or a handler changes that. */
  writeAll(bytes: Uint8Array, transfer: Transfer, what: string): void {
    this.expect(transfer.address, bytes.length, WRITE, what);
    this.write(bytes, WRITE, transfer);
    if (transfer.done < bytes.length) throw this.gone(WRITE, transfer, what);
  }

  #move(
    access: Access | 0 | typeof LOAD,
    transfer: Transfer,
    memory: (memory: Uint8Array, at: number, count: number, done: number) => void,
    device: (device: BoundDevice, offset: number, count: number, done: number) => void,
    looks = false,
  ): void {
    wide.split(transfer.address, "address");
    const { low, high } = wide;
    const space = this.#space;
    while (transfer.done < transfer.length) {
      const { length, done } = transfer;
      const nextLow = low + (done % HIGH);
      const nextHigh = high + Math.floor(done / HIGH) + (nextLow >= HIGH ? 1 : 0);
      if (nextHigh >= HIGH) break; // past 2^64
      space.enter();
      const { linear } = space;
      const limit = Math.min(length - done, LONGEST);
      const found = linear.raw.gm_piece(space.handle, nextLow >>> 0, nextHigh, limit, access);
      const [count = 0, , place = 0, offsetLow = 0, offsetHigh = 0] = linear.report;
      if (found === MEMORY) {
        memory(linear.u8, place, count, done);
        transfer.done += count;
      } else if (found === EXTERNAL) {
        const completed = done > 0 && !looks ? done : undefined;
        const bytes = space.external(place).current(transfer.address, length, completed);
        memory(bytes, wide.join(offsetLow, offsetHigh), count, done);
        transfer.done += count;
      } else if (found === ABSENT && looks) {
        transfer.done += count;
      } else if (found === ABSENT) {
        this.populate(transfer.address, length, "write"); // a handler has discarded it in the meantime
      } else if (found === DEVICE) {
        device(space.device(place), wide.join(offsetLow, offsetHigh), count, done); // counts its parts itself
      } else {
        break;
      }
    }
  }

  /** The error for a range that a handler has changed in the middle of an access. */
  gone(access: Access, { address, length, done: completed }: Transfer, what: string): Error {
    const status = this.status(address, length, access);
    const place = { address, length, completed };
    if (status !== 0) return this.#space.linear.failure(status, what, place);
    return new GuestMemoryError("PARTIAL_BUFFER", `${what} at ${hex(address)}: the map changed under it`, place);
  }
}
