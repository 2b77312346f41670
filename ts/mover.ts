// Mover: the bytes of a range of any kind, piece by piece: memory here, devices by their handlers.

import type { BoundDevice } from "./bound-device.ts";
import { GuestMemoryError, hex } from "./errors.ts";
import type { Space } from "./space.ts";
import type { Transfer } from "./transfer.ts";
import { type Access, READ, WRITE } from "./watch.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

/** What `gm_piece` finds. */
export const MEMORY = 0;
export const DEVICE = 2;
/** Discarded memory that would be written: `populate` comes first. */
export const ABSENT = 6;
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

  /** Throws unless the whole range is mapped and allows the accesses (0: anything); devices too, if not `onlyMemory`. */
  expect(address: Wide, length: Wide, access: number, what: string, onlyMemory = false): void {
    const status = this.status(address, length, access, onlyMemory);
    if (status !== 0) throw this.#space.linear.failure(status, what, { address, length });
  }

  /** The status of a range for an access. */
  status(address: Wide, length: Wide, access: number, onlyMemory = false): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    this.#space.enter();
    const { linear, handle } = this.#space;
    return linear.raw.gm_check_access(handle, low, high, lengthLow, lengthHigh, access, onlyMemory ? 1 : 0);
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
    this.#move(
      access,
      transfer,
      (host, count, done) => into.set(this.#space.linear.u8.subarray(host, host + count), done),
      (device, offset, count, done) => device.readBytes(offset, into.subarray(done, done + count), transfer),
    );
  }

  /** Writes an array of the library's own, from where the transfer is on, or as much of it as the access goes. */
  write(bytes: Uint8Array, access: typeof WRITE | typeof LOAD, transfer: Transfer): void {
    this.populate(transfer.address, transfer.length, "write");
    this.#move(
      access,
      transfer,
      (host, count, done) => {
        const { u8, dirty } = this.#space.linear;
        u8.set(bytes.subarray(done, done + count), host);
        dirty.fill(MARK, host >>> 12, ((host + count - 1) >>> 12) + 1);
      },
      (device, offset, count, done) => device.writeBytes(offset, bytes.subarray(done, done + count), transfer),
    );
  }

  /** Reads the whole range, or throws. */
  readAll(into: Uint8Array, transfer: Transfer, what: string): void {
    this.expect(transfer.address, into.length, READ, what);
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
    if (this.status(address, length, 0, true) !== 0) return undefined;
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
    memory: (host: number, count: number, done: number) => void,
    device: (device: BoundDevice, offset: number, count: number, done: number) => void,
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
        memory(place, count, done);
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
