// Mover: moves the bytes of any range piece by piece: linear memory, external memory, and devices by their handlers.

import {
  type ACCESS_EXECUTE,
  type ACCESS_LOAD,
  ACCESS_READ,
  ACCESS_WRITE,
  BACKING_ANY,
  BACKING_BYTES,
  type BACKING_LINEAR,
  FOUND_ABSENT,
  FOUND_DEVICE,
  FOUND_EXTERNAL,
  FOUND_FORBIDDEN,
  FOUND_MEMORY,
  FOUND_NOTHING,
  FOUND_READ_ONLY,
  STATUS_INVALID_GUEST_ADDRESS,
  STATUS_PARTIAL_BUFFER,
} from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { Transfer } from "../device/transfer.ts";
import { copyScalar, type Words, wordIn } from "../external/words.ts";
import { Pieces } from "./pieces.ts";
import type { Space } from "./space.ts";

type Backing = typeof BACKING_ANY | typeof BACKING_BYTES | typeof BACKING_LINEAR;
/** The most bytes in the holes of one range that `onUnmapped` is asked for. */
const MOST_IN_HOLES = 1 << 24;
/** The longest part of a hole, in bytes. */
const WIDEST_PART = 8;
/** The kind of an access, as the core's bits. Some methods also take 0: the address must be mapped, nothing more. */
export type Access = typeof ACCESS_READ | typeof ACCESS_WRITE | typeof ACCESS_EXECUTE;

/**
 * Moves ranges. Each piece is resolved by itself, after the piece before it was moved: a device's handler may change
 * the map or linear memory, so nothing resolved before its call is used after it. No core call is on the stack
 * meanwhile.
 */
export class Mover {
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Throws unless the whole range has the backing and allows all kinds of access in `access`. */
  expect(address: U64Like, length: U64Like, access: number, what: string, backing: Backing = BACKING_ANY): void {
    const status = this.status(address, length, access, backing);
    if (status !== 0) throw this.#space.linear.failure(status, what, { address, length });
  }

  /** As `expect`, but a hole is no error if `onUnmapped` serves it. */
  expectServed(
    address: U64Like,
    length: U64Like,
    access: typeof ACCESS_READ | typeof ACCESS_WRITE,
    what: string,
  ): void {
    let status = this.status(address, length, access);
    const unmapped = status === STATUS_INVALID_GUEST_ADDRESS || status === STATUS_PARTIAL_BUFFER;
    if (unmapped && this.#space.holes.serves(address, length, access)) status = this.#refused(address, length, access);
    if (status !== 0) throw this.#space.linear.failure(status, what, { address, length });
  }

  /**
   * The status of a range by the bytes of it that are mapped: forbidden, then read-only, else 0. A range with too many
   * bytes in holes, as a guest may ask for, keeps its status.
   */
  #refused(address: U64Like, length: U64Like, access: Access): number {
    const pieces = new Pieces(this.#space, address, Number(length));
    let readOnly: number | undefined;
    let holes = 0;
    for (let done = 0; pieces.next(done, access); done += pieces.bytes) {
      if (pieces.kind === FOUND_NOTHING) holes += pieces.bytes;
      if (holes > MOST_IN_HOLES) return this.status(address, length, access);
      // The status of the byte alone, so that the report names its address.
      if (pieces.kind === FOUND_FORBIDDEN) return this.status(u64.add(address, done), 1, access);
      if (pieces.kind === FOUND_READ_ONLY) readOnly ??= done;
    }
    return readOnly === undefined ? 0 : this.status(u64.add(address, readOnly), 1, access);
  }

  /** As `expect`, but returns the core's status instead of an error. */
  status(address: U64Like, length: U64Like, access: number, backing: Backing = BACKING_ANY): number {
    u64.check(length, "length");
    u64.check(address, "address");
    this.#space.enter();
    const { linear, handle } = this.#space;
    const [low, high] = [u64.low(address), u64.high(address)];
    return linear.raw.gm_check_access(handle, low, high, u64.low(length), u64.high(length), access, backing);
  }

  /**
   * Gives host pages to the discarded parts of a range, before any byte of it is written. Linear memory may grow, and
   * then listeners run. When it returns the range has all its pages, even if a listener has discarded some again.
   *
   * @throws GuestMemoryError `OUT_OF_MEMORY`.
   */
  populate(address: U64Like, length: U64Like, what: string): void {
    u64.check(length, "length");
    u64.check(address, "address");
    const space = this.#space;
    const { linear, handle } = space;
    const [low, high] = [u64.low(address), u64.high(address)];
    let before: number | undefined;
    do {
      space.enter(); // the second time, it runs listeners for the first change, and one of them may discard pages
      before = space.generation;
      const status = linear.raw.gm_populate(handle, low, high, u64.low(length), u64.high(length));
      linear.replace();
      linear.expect(status, what, { address, length });
    } while (space.generation !== before);
  }

  /** Reads into an array that is not the caller's, until it is full or a byte cannot be read. */
  read(into: Uint8Array, access: Access | 0, transfer: Transfer): void {
    this.expectExternal(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count, done, words) => {
        if (words) copyScalar(words, at, wordIn(into, done), 0, count);
        else into.set(memory.subarray(at, at + count), done);
      },
      (device, offset, count, done) => device.readBytes(offset, into.subarray(done, done + count), transfer),
      (limit) => this.#space.holes.read(into, transfer, limit),
    );
  }

  /**
   * Writes an array that is not the caller's, from byte `transfer.done` on, up to the first byte that cannot be
   * written.
   */
  write(bytes: Uint8Array, access: typeof ACCESS_WRITE | typeof ACCESS_LOAD, transfer: Transfer): void {
    this.populate(transfer.address, transfer.length, "write");
    this.expectExternal(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count, done, words) => {
        if (words) copyScalar(wordIn(bytes, done), 0, words, at, count);
        else memory.set(bytes.subarray(done, done + count), at);
        this.mark(memory, at, count);
      },
      (device, offset, count, done) => device.writeBytes(offset, bytes.subarray(done, done + count), transfer),
      (limit) => this.#space.holes.write((done, size) => bytes.subarray(done, done + size), transfer, limit),
    );
  }

  /** Sets a range to one byte, up to the first byte that cannot be written. */
  fill(byte: number, access: typeof ACCESS_WRITE | typeof ACCESS_LOAD, transfer: Transfer): void {
    this.populate(transfer.address, transfer.length, "fill");
    this.expectExternal(access, transfer);
    this.#move(
      access,
      transfer,
      (memory, at, count, _done, words) => {
        if (words) copyScalar(wordIn(new Uint8Array(count).fill(byte), 0), 0, words, at, count);
        else memory.fill(byte, at, at + count);
        this.mark(memory, at, count);
      },
      (device, offset, count) => device.writeBytes(offset, new Uint8Array(count).fill(byte), transfer),
      (limit) => this.#space.holes.write((_done, size) => new Uint8Array(size).fill(byte), transfer, limit),
    );
  }

  /** Marks written pages as dirty, if they are in linear memory: external memory has no marks. */
  mark(memory: Uint8Array, at: number, count: number): void {
    const { linear } = this.#space;
    if (memory === linear.u8) linear.markDirty(at, count);
  }

  /** A whole range as one piece of memory that is not watched, or undefined; undefined too for a shared word. */
  piece(address: U64Like, length: number, access: Access): { memory: Uint8Array; at: number } | undefined {
    u64.check(address, "address");
    const { piece, linear } = this.#space;
    const kind = piece.find(address, length, access);
    if (piece.watched || piece.bytes < length) return undefined;
    const { offset: at } = piece;
    if (kind === FOUND_MEMORY) return { memory: linear.u8, at };
    if (kind !== FOUND_EXTERNAL) return undefined;
    const { external } = piece;
    const memory = external.current(address, length);
    return external.words(length) ? undefined : { memory, at };
  }

  /** Throws if external memory in a range is detached or too small, before any byte is moved. */
  expectExternal(access: Access | 0 | typeof ACCESS_LOAD, transfer: Transfer): void {
    if (!this.#space.registry.any) return;
    const checked = { ...transfer };
    const skip = (_device: BoundDevice, _offset: number, count: number) => {
      checked.done += count;
    };
    this.#move(
      access,
      checked,
      () => {},
      skip,
      (count) => count,
      true,
    );
  }

  /** Reads the whole range, or throws. `onUnmapped` serves holes. */
  readAll(into: Uint8Array, transfer: Transfer, what: string): void {
    this.expectServed(transfer.address, into.length, ACCESS_READ, what);
    this.read(into, ACCESS_READ, transfer);
    if (transfer.done < into.length) throw this.mapChangedError(ACCESS_READ, transfer, what);
  }

  /** Fills `into` from byte `done` of a checked range, or throws. */
  readPart(address: U64Like, done: number, into: Uint8Array, what: string): void {
    const transfer: Transfer = {
      who: "cpu",
      address: this.#space.toAddress(BigInt(address) + BigInt(done)),
      length: into.length,
      done: 0,
    };
    this.read(into, ACCESS_READ, transfer);
    if (transfer.done < into.length) throw this.mapChangedError(ACCESS_READ, transfer, what);
  }

  /** How many bytes from the start of a range allow an access. */
  reach(address: U64Like, length: number, access: Access): number {
    const transfer: Transfer = { who: "cpu", address, length, done: 0 };
    const count = (_device: BoundDevice, _offset: number, bytes: number) => {
      transfer.done += bytes;
    };
    this.#move(
      access,
      transfer,
      () => {},
      count,
      () => 0,
    );
    return transfer.done;
  }

  /** The bytes of a range, without regard to permissions; undefined if a device or a hole is in the range. */
  current(address: U64Like, length: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.status(address, length, 0, BACKING_BYTES) !== 0) return undefined;
    const bytes = new Uint8Array(length);
    this.read(bytes, 0, { who: "cpu", address, length, done: 0 });
    return bytes;
  }

  /**
   * Writes the whole range, or throws. The range is checked first, so only a handler can stop it in the middle.
   * `onUnmapped` serves holes.
   */
  writeAll(bytes: Uint8Array, transfer: Transfer, what: string): void {
    this.expectServed(transfer.address, bytes.length, ACCESS_WRITE, what);
    this.write(bytes, ACCESS_WRITE, transfer);
    if (transfer.done < bytes.length) throw this.mapChangedError(ACCESS_WRITE, transfer, what);
  }

  #move(
    access: Access | 0 | typeof ACCESS_LOAD,
    transfer: Transfer,
    memory: (memory: Uint8Array, at: number, count: number, done: number, words?: Words) => void,
    device: (device: BoundDevice, offset: number, count: number, done: number) => void,
    hole: (limit: number) => number,
    checkOnly = false,
  ): void {
    const space = this.#space;
    const pieces = new Pieces(space, transfer.address, transfer.length);
    while (pieces.next(transfer.done, access)) {
      const { length, done } = transfer;
      const { kind, bytes: count, offset } = pieces;
      if (kind === FOUND_MEMORY) {
        memory(space.linear.u8, offset, count, done);
        transfer.done += count;
      } else if (kind === FOUND_EXTERNAL) {
        const completed = done > 0 && !checkOnly ? done : undefined;
        const { external } = pieces;
        const bytes = external.current(transfer.address, length, completed);
        memory(bytes, offset, count, done, external.words(count));
        transfer.done += count;
      } else if (kind === FOUND_ABSENT && checkOnly) {
        transfer.done += count;
      } else if (kind === FOUND_ABSENT) {
        this.populate(transfer.address, length, "write"); // a handler has discarded the page since it was populated
      } else if (kind === FOUND_DEVICE) {
        device(space.device(pieces.region), offset, count, done); // counts its parts in `transfer`
      } else if (kind === FOUND_NOTHING && transfer.holes) {
        const { generation } = space;
        let limit = count;
        // A part does not end where one hole ends and the next begins: a reserved range, say.
        while (limit < WIDEST_PART && pieces.next(done + limit, access) && pieces.kind === FOUND_NOTHING) {
          limit += pieces.bytes;
        }
        const served = hole(limit);
        // A handler that has mapped the bytes is retried, unless it has answered a read: they are moved as the map shows
        // them now.
        const retries = !checkOnly && (access !== ACCESS_READ || served === 0);
        const changed = retries && space.generation !== generation;
        if (changed && pieces.next(done, access) && pieces.kind !== FOUND_NOTHING) continue;
        if (served === 0) break;
        transfer.done += served;
      } else {
        break;
      }
    }
  }

  /** The error for an access that stopped early, because a handler has changed the map. */
  mapChangedError(access: Access, { address, length, done, holes }: Transfer, what: string): Error {
    const status = this.status(address, length, access);
    // A hole without an answer, at the start of the range, is no change.
    const place = { address, length, completed: holes && done === 0 ? undefined : done };
    if (status !== 0) return this.#space.linear.failure(status, what, place);
    return new GuestMemoryError("PARTIAL_BUFFER", `${what} at ${hex(address)}: the map changed under it`, place);
  }
}
