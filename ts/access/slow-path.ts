// SlowPath: scalar accesses that the page table does not answer: partial pages, crossings, far addresses, devices, holes,
// ROM, protection, watches.

import {
  ACCESS_EXECUTE,
  ACCESS_READ,
  ACCESS_WRITE,
  FOUND_DEVICE,
  FOUND_EXTERNAL,
  FOUND_MEMORY,
  STATUS_INVALID_GUEST_ADDRESS,
  STATUS_PARTIAL_BUFFER,
  STATUS_PERMISSION_DENIED,
  STATUS_READ_ONLY,
} from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { type BoundDevice, type Value, valueAt } from "../device/bound-device.ts";
import type { OnDenied } from "../device/on-denied.ts";
import type { OnUnmapped } from "../device/on-unmapped.ts";
import type { Transfer } from "../device/transfer.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import type { Watchers } from "../observe/watchers.ts";
import { CachedRun } from "../space/cached-run.ts";
import type { Access, Mover } from "../space/mover.ts";
import type { Space } from "../space/space.ts";

/** The core names 16 bytes at most. */
const WIDEST = 16;

/** Places remembered: by the low bits of the page number. */
const PLACES = 64;

/**
 * Moves one scalar between guest memory and a scratch area, in which the caller reads or writes it in the type and byte
 * order it wants. The core answers where the bytes are; a handler of the user's is called with no core call on the
 * stack, and nothing that was resolved before is used after it, but where in external memory an access lies, after the
 * function that gives its buffer.
 */
export class SlowPath {
  readonly #space: Space;
  readonly #watchers: Watchers;
  readonly #mover: Mover;
  readonly #scratch: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(WIDEST));
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Devices and external memory, as the last access to a page of addresses found them. */
  readonly #devices: (CachedRun<BoundDevice> | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #windows: (CachedRun<ExternalMemory> | undefined)[] = new Array(PLACES).fill(undefined);
  /**
   * What a handler gave for the last `load`, unmodified; undefined where bytes were read. Set when nothing of the user's
   * runs any more, which may load as well.
   */
  #given: Value | undefined;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
    this.#mover = space.mover;
    this.#bytes = new Uint8Array(this.#scratch.buffer);
  }

  /** Reads `size` bytes at `address`. The view is good until the next call. */
  load(address: U64Like, size: number, access: Access = ACCESS_READ): DataView {
    const window = recall(this.#windows, address);
    const at = this.#at(window, address, size);
    if (window && at >= 0) this.#loadExternal(window.target.data(address, size), at, size);
    else if (access !== ACCESS_READ || !this.#loadDevice(address, size)) {
      if (!this.#moveMemory(address, size, access)) this.#loadOther(address, size, access);
    }
    return this.#scratch;
  }

  /**
   * The same as an unsigned number. What one handler of a device gave passes unmodified. So short, as `storeUnsigned`,
   * that engines put it where it is called.
   */
  loadUnsigned(address: U64Like, size: 1 | 2 | 4, access: Access = ACCESS_READ): number {
    const window = recall(this.#windows, address);
    if (window !== undefined) {
      const at = this.#at(window, address, size);
      if (at >= 0) return getUnsigned(window.target.data(address, size), at, size);
    }
    return this.#loadNumber(address, size, access);
  }

  #loadNumber(address: U64Like, size: 1 | 2 | 4, access: Access): number {
    const device = access === ACCESS_READ ? recall(this.#devices, address) : undefined;
    const offset = this.#at(device, address, size);
    // Of up to 4 bytes a device gives a number.
    if (device && offset >= 0) return device.target.read(offset, size, "cpu", address) as number;
    const view = this.load(address, size, access);
    return typeof this.#given === "number" ? this.#given : getUnsigned(view, 0, size);
  }

  /** The same for 8 or 16 bytes. */
  loadBig(address: U64Like, size: 8 | 16): bigint {
    this.load(address, size);
    return typeof this.#given === "bigint" ? this.#given : (valueAt(this.#bytes, 0, size) as bigint);
  }

  /** The scratch area, to be filled right before `store`. */
  get scratch(): DataView {
    return this.#scratch;
  }

  /** Writes a number as `size` bytes. */
  storeUnsigned(address: U64Like, size: 1 | 2 | 4, value: number): void {
    const window = recall(this.#windows, address);
    if (window !== undefined) {
      const at = this.#at(window, address, size);
      if (at >= 0) {
        setUnsigned(window.target.data(address, size), at, size, value);
        return;
      }
    }
    this.#storeNumber(address, size, value);
  }

  #storeNumber(address: U64Like, size: 1 | 2 | 4, value: number): void {
    const device = recall(this.#devices, address);
    const offset = this.#at(device, address, size);
    if (device && offset >= 0) {
      const stored = size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff;
      device.target.write(offset, size, stored, "cpu", address);
      return;
    }
    setUnsigned(this.#scratch, 0, size, value);
    this.store(address, size);
  }

  /** Writes the scratch area's first `size` bytes to `address`. */
  store(address: U64Like, size: number): void {
    const window = recall(this.#windows, address);
    const at = this.#at(window, address, size);
    if (window && at >= 0) {
      this.#storeExternal(window.target, at, address, size);
      return;
    }
    const device = recall(this.#devices, address);
    const offset = this.#at(device, address, size);
    if (device && offset >= 0) {
      device.target.write(offset, size, valueAt(this.#bytes, 0, size), "cpu", address);
      return;
    }
    const bytes = this.#bytes.slice(0, size); // a listener, a callback or a handler may use the scratch area
    if (!this.#moveMemory(address, size, ACCESS_WRITE, bytes)) this.#storeOther(address, bytes);
  }

  /** Where in what is remembered an access lies; -1 if it is not known to. */
  #at(place: CachedRun<unknown> | undefined, address: U64Like, size: number): number {
    return place === undefined ? -1 : place.at(address as number, size, this.#space.generation);
  }

  #loadDevice(address: U64Like, size: number): boolean {
    const device = recall(this.#devices, address);
    const offset = this.#at(device, address, size);
    if (!device || offset < 0) return false;
    this.#take(device.target.read(offset, size, "cpu", address), size);
    return true;
  }

  /** Moves the bytes, to write those in `bytes`, if they are one piece of memory that nobody watches; false if not. */
  #moveMemory(address: U64Like, size: number, access: Access, bytes = this.#bytes): boolean {
    u64.check(address, "address");
    const { piece, linear } = this.#space;
    const kind = piece.find(address, size, access);
    if (kind === FOUND_EXTERNAL) return this.#moveExternal(address, size, access, bytes);
    if (kind !== FOUND_MEMORY) return false;
    this.#given = undefined;
    if (piece.watched || piece.bytes < size) return false;
    const { u8 } = linear;
    const host = piece.offset;
    if (access === ACCESS_WRITE) {
      for (let index = 0; index < size; index++) u8[host + index] = bytes[index] as number;
      linear.markDirty(host, size);
    } else {
      for (let index = 0; index < size; index++) bytes[index] = u8[host + index] as number;
    }
    return true;
  }

  /** The same in external memory, of which the whole place is remembered. */
  #moveExternal(address: U64Like, size: number, access: Access, bytes: Uint8Array<ArrayBuffer>): boolean {
    const { externalRuns } = this.#space;
    const at = externalRuns.at(address, size);
    const place = externalRuns.last;
    if (at < 0 || place === undefined) return false;
    this.#windows[slot(address as number)] = place;
    if (access === ACCESS_WRITE) this.#storeExternal(place.target, at, address, size, bytes);
    else this.#loadExternal(place.target.data(address, size), at, size);
    return true;
  }

  #loadExternal(data: DataView, at: number, size: number): void {
    this.#given = undefined;
    if (size < 4) {
      for (let index = 0; index < size; index++) this.#bytes[index] = data.getUint8(at + index);
    } else {
      for (let index = 0; index < size; index += 4) {
        this.#scratch.setUint32(index, data.getUint32(at + index, true), true);
      }
    }
  }

  /** Finding the bytes may call a function of the user's, which may use the scratch area: a copy then. */
  #storeExternal(
    external: ExternalMemory,
    at: number,
    address: U64Like,
    size: number,
    value = external.asks ? this.#bytes.slice(0, size) : this.#bytes,
  ): void {
    const data = external.data(address, size);
    for (let index = 0; index < size; index++) data.setUint8(at + index, value[index] as number);
  }

  #loadOther(address: U64Like, size: number, access: Access): void {
    const status = this.#mover.status(address, size, access);
    const alone = status === 0 ? this.#single(address, size, access) : undefined;
    if (status !== 0) {
      this.#take(this.#loadDenied(status, address, size, access), size);
      this.#given = undefined; // it answers for every size with one value
    } else if (alone) this.#take(alone.device.read(alone.offset, size, "cpu", address), size);
    else {
      const bytes = new Uint8Array(size); // a handler may use the scratch area
      const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
      this.#mover.read(bytes, access, transfer);
      if (transfer.done < size) throw this.#mover.mapChangedError(access, transfer, "read");
      this.#given = undefined;
      this.#bytes.set(bytes);
    }
    if (!this.#watchers.any) return;
    const [given, bytes] = [this.#given, this.#bytes.slice()]; // a callback may make accesses of its own
    const value = given ?? valueAt(bytes, 0, size);
    this.#watchers.notify(address, size, access, "cpu", () => ({ value, oldValue: undefined }));
    this.#bytes.set(bytes);
    this.#given = given;
  }

  #storeOther(address: U64Like, bytes: Uint8Array<ArrayBuffer>): void {
    const size = bytes.length;
    const value = valueAt(bytes, 0, size);
    let handlers = this.#handlersOf(address, size);
    if (this.#watchers.any) {
      const oldValue = () => (handlers ? undefined : this.#current(address, size));
      this.#watchers.notify(address, size, ACCESS_WRITE, "cpu", () => ({ value, oldValue: oldValue() }));
      handlers = this.#handlersOf(address, size); // a callback may do anything
    }
    const alone = handlers ? undefined : this.#single(address, size, ACCESS_WRITE);
    if (handlers) handlers.write?.(this.#toAddress(address), size, value);
    else if (alone) alone.device.write(alone.offset, size, value, "cpu", address);
    else {
      const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
      this.#mover.write(bytes, ACCESS_WRITE, transfer);
      if (transfer.done < size) throw this.#mover.mapChangedError(ACCESS_WRITE, transfer, "write");
    }
  }

  /** The device that holds a whole access; remembered, if nobody watches. */
  #single(address: U64Like, size: number, access: Access): { device: BoundDevice; offset: number } | undefined {
    const { piece } = this.#space;
    if (piece.find(address, size, access) !== FOUND_DEVICE || piece.bytes < size) return undefined;
    const device = this.#space.device(piece.region);
    const { offset } = piece;
    if (!piece.watched && typeof address === "number") this.#remember(address, offset, device);
    return { device, offset };
  }

  /** Remembers a device as far as it goes in its page, if reads and writes both find it and nobody watches. */
  #remember(address: number, offset: number, device: BoundDevice): void {
    const { piece, generation } = this.#space;
    let length = 0x1000 - (address & 0xfff);
    for (const access of [ACCESS_READ, ACCESS_WRITE]) {
      if (piece.find(address, 0x1000, access) !== FOUND_DEVICE || piece.watched) return;
      length = Math.min(length, piece.bytes);
    }
    this.#devices[slot(address)] = new CachedRun(device, generation, address, length, offset);
  }

  /** The value that memory shows now; undefined where a device is. */
  #current(address: U64Like, size: number): Value | undefined {
    const bytes = this.#mover.current(address, size);
    return bytes && valueAt(bytes, 0, size);
  }

  #loadDenied(status: number, address: U64Like, size: number, access: Access): Value {
    const what = access === ACCESS_EXECUTE ? "fetch" : "read";
    const name = isDenied(status) ? `onDenied.${what}` : "onUnmapped.read";
    const { onDenied, onUnmapped } = this.#space;
    const handlers = isDenied(status) ? onDenied : onUnmapped;
    const handler = isDenied(status) && access === ACCESS_EXECUTE ? onDenied?.fetch : handlers?.read;
    const served = handler !== undefined && this.#servable(status, address);
    const value: unknown = served ? handler.call(handlers, this.#toAddress(address), size) : undefined;
    if (value === undefined) throw this.#failure(address, size, access, what, status);
    if (typeof value === "number" || typeof value === "bigint") return value;
    throw new TypeError(`${name} must give a number, a bigint or undefined, not ${u64.describe(value)}`);
  }

  /** Undefined if a store can be done; else the handlers that take it, or its error. */
  #handlersOf(address: U64Like, size: number): OnDenied<U64Like> | OnUnmapped<U64Like> | undefined {
    const status = this.#mover.status(address, size, ACCESS_WRITE);
    if (status === 0) return undefined;
    const handlers = isDenied(status) ? this.#space.onDenied : this.#space.onUnmapped;
    if (handlers?.write && this.#servable(status, address)) return handlers;
    throw this.#failure(address, size, ACCESS_WRITE, "write", status);
  }

  /** The error; anew, because a handler may have used the report, or mapped something, since. */
  #failure(address: U64Like, size: number, access: Access, what: string, before: number): Error {
    const status = this.#mover.status(address, size, access);
    return this.#space.linear.failure(status === 0 ? before : status, what, { address, length: size });
  }

  /**
   * A handler answers for holes and what is forbidden, not for addresses that do not exist; nor for one that this memory's
   * kind of number cannot say: rounded, it would name another.
   */
  #servable(status: number, address: U64Like): boolean {
    const known = isDenied(status) || status === STATUS_INVALID_GUEST_ADDRESS || status === STATUS_PARTIAL_BUFFER;
    return known && (this.#space.bigint || address <= Number.MAX_SAFE_INTEGER);
  }

  /** An address in this memory's kind of number. */
  #toAddress(address: U64Like): U64Like {
    return this.#space.toAddress(address);
  }

  /** Puts what a handler gave into the scratch area. */
  #take(value: Value, size: number): void {
    const scratch = this.#scratch;
    this.#given = value;
    if (size >= 8) {
      const big = BigInt(value);
      scratch.setBigUint64(0, big, true);
      if (size === WIDEST) scratch.setBigUint64(8, big >> 64n, true);
    } else if (typeof value === "bigint") {
      scratch.setBigUint64(0, value, true);
    } else {
      scratch.setUint32(0, value, true);
    }
  }
}

/** Where what an address shows is remembered. */
function slot(address: number): number {
  return (address >>> 12) & (PLACES - 1);
}

function recall<T>(places: (CachedRun<T> | undefined)[], address: U64Like): CachedRun<T> | undefined {
  return typeof address === "number" ? places[slot(address)] : undefined;
}

function getUnsigned(data: DataView, at: number, size: 1 | 2 | 4): number {
  return size === 4 ? data.getUint32(at, true) : size === 2 ? data.getUint16(at, true) : data.getUint8(at);
}

function setUnsigned(data: DataView, at: number, size: 1 | 2 | 4, value: number): void {
  if (size === 4) data.setUint32(at, value, true);
  else if (size === 2) data.setUint16(at, value, true);
  else data.setUint8(at, value);
}

function isDenied(status: number): boolean {
  return status === STATUS_READ_ONLY || status === STATUS_PERMISSION_DENIED;
}
