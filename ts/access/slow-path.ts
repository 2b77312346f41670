// SlowPath: scalar accesses that the page table does not serve: partial pages, crossings, addresses past 4 GiB,
// devices, external memory, holes, ROM, protection, watches.

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
import { checkAnswer, type OnUnmapped } from "../device/on-unmapped.ts";
import type { Transfer } from "../device/transfer.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import { copyScalar, type Words, wordIn } from "../external/words.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { CachedRun } from "../space/cached-run.ts";
import type { Access, Mover } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import { DENIED, DEVICE, HOLE, MEMORY, NOTHING, PAGE, type Section, UNKNOWN } from "./section.ts";
import type { Sections } from "./sections.ts";

/** The widest scalar, in bytes. */
const WIDEST = 16;

/** How many runs are remembered; the low bits of the page number select one. */
const SLOTS = 64;

/**
 * Moves one scalar between guest memory and a scratch area. The accessor reads or writes the scratch area in its own
 * type and byte order. The core finds the bytes. A user's handler is called with no core call on the stack, and nothing
 * that was resolved before it is used after it, because it may change the map. One exception: the offset in external
 * memory is still used after the call of the function that returns the buffer.
 */
export class SlowPath {
  readonly #space: Space;
  readonly #watchers: Watchers;
  readonly #mover: Mover;
  readonly #scratch: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(WIDEST));
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #sections: Sections;
  /** The host offset of each byte of an access. */
  readonly #hosts = new Float64Array(WIDEST);
  /** The runs of external memory that were found last, by page of guest addresses. Empty until there is one. */
  readonly externalRuns: (CachedRun<ExternalMemory> | undefined)[] = [];
  /**
   * The result of the device's handler in the last `load`, unmodified; undefined if bytes were read. Set after the last
   * call of user code in a load, because user code may load too.
   */
  #handlerValue: Value | undefined;

  constructor(space: Space, watchers: Watchers, sections: Sections) {
    this.#space = space;
    this.#sections = sections;
    this.#watchers = watchers;
    this.#mover = space.mover;
    this.#bytes = new Uint8Array(this.#scratch.buffer);
  }

  /** Reads `size` bytes at `address`. The returned scratch area is valid until the next call. */
  load(address: U64Like, size: number, access: Access = ACCESS_READ): DataView {
    const run = recall(this.externalRuns, address);
    const at = this.#at(run, address, size);
    if (run && at >= 0) this.#loadExternal(run.target.data(address, size), at, size);
    else if (!this.#loadSection(address, size, access) && !this.#loadBytes(address, size, access)) {
      if (!this.#moveMemory(address, size, access)) this.#loadOther(address, size, access);
    }
    return this.#scratch;
  }

  /**
   * As `load`, but returns an unsigned number. The result of a single handler of a device is passed on unmodified. This
   * method and `storeUnsigned` are short so that engines inline them.
   */
  loadUnsigned(address: U64Like, size: 1 | 2 | 4, access: Access = ACCESS_READ): number {
    const value = this.loadExternal(address, size);
    return value >= 0 ? value : this.#loadNumber(address, size, access);
  }

  /** Reads external memory that is remembered; -1 for any other access. */
  loadExternal(address: U64Like, size: 1 | 2 | 4): number {
    const run = recall(this.externalRuns, address);
    const at = this.#at(run, address, size);
    return run !== undefined && at >= 0 ? getUnsigned(run.target.data(address, size), at, size) : -1;
  }

  #loadNumber(address: U64Like, size: 1 | 2 | 4, access: Access): number {
    if (typeof address === "bigint" && access === ACCESS_READ) {
      const near = Number(address);
      const section = this.#sections.find(near, size);
      if (section.read === MEMORY) return this.#loadAt(section.host + (near & (PAGE - 1)), size);
    }
    const view = this.load(address, size, access);
    return typeof this.#handlerValue === "number" ? this.#handlerValue : getUnsigned(view, 0, size);
  }

  #loadAt(host: number, size: 1 | 2 | 4): number {
    const { u8 } = this.#space.linear;
    let value = u8[host + size - 1] as number;
    for (let index = size - 2; index >= 0; index--) value = value * 256 + (u8[host + index] as number);
    return value;
  }

  /** As `loadUnsigned`, for 8 or 16 bytes. */
  loadBig(address: U64Like, size: 8 | 16): bigint {
    this.load(address, size);
    return typeof this.#handlerValue === "bigint" ? this.#handlerValue : (valueAt(this.#bytes, 0, size) as bigint);
  }

  /** The scratch area, for the caller to fill directly before `store`. */
  get scratch(): DataView {
    return this.#scratch;
  }

  /** Writes a number as `size` bytes. */
  storeUnsigned(address: U64Like, size: 1 | 2 | 4, value: number): void {
    if (!this.storeExternal(address, size, value)) this.#storeNumber(address, size, value);
  }

  /** Writes external memory that is remembered; returns false for any other access. */
  storeExternal(address: U64Like, size: 1 | 2 | 4, value: number): boolean {
    const run = recall(this.externalRuns, address);
    const at = this.#at(run, address, size);
    if (run === undefined || at < 0) return false;
    setUnsigned(run.target.data(address, size), at, size, value);
    return true;
  }

  #storeNumber(address: U64Like, size: 1 | 2 | 4, value: number): void {
    setUnsigned(this.#scratch, 0, size, value);
    this.store(address, size);
  }

  /** Writes the first `size` bytes of the scratch area to `address`. */
  store(address: U64Like, size: number): void {
    const run = recall(this.externalRuns, address);
    const at = this.#at(run, address, size);
    if (run && at >= 0) {
      this.#storeExternal(run.target, at, address, size);
      return;
    }
    if (this.#storeSection(this.#known(address, size), address, size, this.#bytes)) return;
    const bytes = this.#bytes.slice(0, size); // a listener, a callback or a handler may use the scratch area
    if (this.#storeSection(this.#learned(address, size, ACCESS_WRITE), address, size, bytes)) return;
    if (this.#storeBytes(address, bytes)) return;
    if (!this.#moveMemory(address, size, ACCESS_WRITE, bytes)) this.#storeOther(address, bytes);
  }

  /** The offset of an access in the target of a remembered run, or -1 if the run does not hold it. */
  #at(place: CachedRun<unknown> | undefined, address: U64Like, size: number): number {
    return place === undefined ? -1 : place.at(address as number, size, this.#space.generation);
  }

  /** The section that holds an access, as far as it is known. */
  #known(address: U64Like, size: number): Section {
    // A bigint past 2^53 becomes a number that has no section.
    const near = typeof address === "bigint" ? Number(address) : address;
    return typeof near === "number" ? this.#sections.find(near, size) : NOTHING;
  }

  /** As `#known`, after the core was asked what it is. May run listeners. */
  #learned(address: U64Like, size: number, access: Access): Section {
    const near = typeof address === "bigint" ? Number(address) : address;
    if (typeof near !== "number" || (near & (PAGE - 1)) + size > PAGE) return NOTHING; // no section holds it
    return this.#sections.learn(near, size, access) ? this.#sections.find(near, size) : NOTHING;
  }

  /** Reads what a section serves; returns false if none does. */
  #loadSection(address: U64Like, size: number, access: Access): boolean {
    let section = this.#known(address, size);
    const answer = access === ACCESS_READ ? "read" : "execute";
    if (section[answer] === UNKNOWN) section = this.#learned(address, size, access);
    const kind = section[answer];
    if (kind === UNKNOWN) return false;
    const at = Number(address) & (PAGE - 1);
    if (kind === MEMORY) {
      this.#handlerValue = undefined;
      const { u8 } = this.#space.linear;
      for (let index = 0; index < size; index++) this.#bytes[index] = u8[section.host + at + index] as number;
    } else if (kind === DEVICE && section.device) {
      this.#keepHandlerValue(section.device.read(section.offset + at, size, "cpu", address), size);
    } else {
      const status = kind === DENIED ? STATUS_PERMISSION_DENIED : STATUS_INVALID_GUEST_ADDRESS;
      this.#keepHandlerValue(this.#loadDenied(status, address, size, access), size);
      this.#handlerValue = undefined;
    }
    return true;
  }

  /** Writes the first bytes of an array to what a section serves; returns false if it serves no writes. */
  #storeSection(section: Section, address: U64Like, size: number, bytes: Uint8Array<ArrayBuffer>): boolean {
    const at = Number(address) & (PAGE - 1);
    const { write: kind, device } = section;
    if (kind === MEMORY) {
      const { linear } = this.#space;
      for (let index = 0; index < size; index++) linear.u8[section.host + at + index] = bytes[index] as number;
      linear.markDirty(section.host + at, size);
      return true;
    }
    if (kind === DEVICE && device) {
      device.write(section.offset + at, size, valueAt(bytes, 0, size), "cpu", address);
      return true;
    }
    if (kind !== DENIED && kind !== HOLE) return false;
    const handlers = kind === DENIED ? this.#space.onDenied : this.#space.onUnmapped;
    if (!handlers?.write) return false;
    const { generation } = this.#space;
    const value = valueAt(bytes, 0, size);
    handlers.write(this.#toAddress(address), size, value);
    if (kind === HOLE) this.#storeIfMapped(generation, address, bytes.slice(0, size), value);
    return true;
  }

  /** Reads bytes of several sections and pages, if all of them are linear memory; returns false if not. */
  #loadBytes(address: U64Like, size: number, access: Access): boolean {
    if (!this.#findBytes(address, size, access)) return false;
    const { u8 } = this.#space.linear;
    for (let index = 0; index < size; index++) this.#bytes[index] = u8[this.#hosts[index] as number] as number;
    this.#handlerValue = undefined;
    return true;
  }

  #storeBytes(address: U64Like, bytes: Uint8Array<ArrayBuffer>): boolean {
    if (!this.#findBytes(address, bytes.length, ACCESS_WRITE)) return false;
    const { linear } = this.#space;
    for (const [index, byte] of bytes.entries()) {
      const host = this.#hosts[index] as number;
      linear.u8[host] = byte;
      linear.markDirty(host, 1);
    }
    return true;
  }

  /** Finds the host offset of each byte of an access over a boundary. May run listeners, but none after it has found. */
  #findBytes(address: U64Like, size: number, access: Access): boolean {
    const near = typeof address === "bigint" ? Number(address) : address;
    if (typeof near !== "number") return false;
    if (this.#hostsOf(near, size, access)) return true;
    if ((near & (PAGE - 1)) + size <= PAGE) return false; // the page is known
    const last = near + size - 1;
    const learned = this.#sections.learn(near, 1, access);
    return (this.#sections.learn(last, 1, access) || learned) && this.#hostsOf(near, size, access);
  }

  #hostsOf(near: number, size: number, access: Access): boolean {
    const { words, tableIndex } = this.#space;
    for (let index = 0; index < size; index++) {
      const guest = (near + index) >>> 0;
      const entry = guest === near + index ? (words[tableIndex + (guest >>> 12)] as number) : 0;
      const section = (entry & access) === 0 ? this.#sections.find(near + index, 1) : NOTHING;
      const kind = access === ACCESS_WRITE ? section.write : access === ACCESS_READ ? section.read : section.execute;
      if ((entry & access) !== 0) this.#hosts[index] = (((entry & ~15) << 8) | (guest & (PAGE - 1))) >>> 0;
      else if (kind === MEMORY) this.#hosts[index] = section.host + (guest & (PAGE - 1));
      else return false;
    }
    return true;
  }

  /** Reads into, or writes, `bytes` if the access is one piece of memory that is not watched; returns false if not. */
  #moveMemory(address: U64Like, size: number, access: Access, bytes = this.#bytes): boolean {
    u64.check(address, "address");
    const { piece, linear } = this.#space;
    const kind = piece.find(address, size, access);
    if (kind === FOUND_EXTERNAL) return this.#moveExternal(address, size, access, bytes);
    if (kind !== FOUND_MEMORY) return false;
    this.#handlerValue = undefined;
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

  /** As `#moveMemory`, in external memory. Remembers the run. */
  #moveExternal(address: U64Like, size: number, access: Access, bytes: Uint8Array<ArrayBuffer>): boolean {
    const { externalRuns } = this.#space;
    const at = externalRuns.at(address, size);
    const place = externalRuns.last;
    if (at < 0 || place === undefined) return false;
    const isFirst = this.externalRuns.length === 0;
    if (isFirst) this.externalRuns.push(...new Array<undefined>(SLOTS).fill(undefined));
    this.externalRuns[slot(address as number)] = place;
    if (isFirst) this.#space.listener.arraysReplaced(); // other accessors, which look here first
    if (access === ACCESS_WRITE) this.#storeExternal(place.target, at, address, size, wordIn(bytes, 0));
    else this.#loadExternal(place.target.data(address, size), at, size);
    return true;
  }

  #loadExternal(data: Words, at: number, size: number): void {
    this.#handlerValue = undefined;
    copyScalar(data, at, this.#scratch, 0, size);
  }

  /** Writes `value`, a copy of the scratch area if the source is a user's function, which may use the scratch area. */
  #storeExternal(
    external: ExternalMemory,
    at: number,
    address: U64Like,
    size: number,
    value = external.asks ? wordIn(this.#bytes.slice(0, size), 0) : (this.#scratch as Words),
  ): void {
    copyScalar(value, 0, external.data(address, size), at, size);
  }

  #loadOther(address: U64Like, size: number, access: Access): void {
    const status = this.#mover.status(address, size, access);
    const alone = status === 0 ? this.#single(address, size, access) : undefined;
    if (status !== 0) {
      this.#keepHandlerValue(this.#loadDenied(status, address, size, access), size);
      this.#handlerValue = undefined; // the accessor converts this value, which is not a device's
    } else if (alone) this.#keepHandlerValue(alone.device.read(alone.offset, size, "cpu", address), size);
    else {
      const bytes = new Uint8Array(size); // not the scratch area, which a handler may use
      const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
      this.#mover.read(bytes, access, transfer);
      if (transfer.done < size) throw this.#mover.mapChangedError(access, transfer, "read");
      this.#handlerValue = undefined;
      this.#bytes.set(bytes);
    }
    if (!this.#watchers.any) return;
    const [given, bytes] = [this.#handlerValue, this.#bytes.slice()]; // kept, because a callback may make accesses
    const value = given ?? valueAt(bytes, 0, size);
    this.#watchers.notify(address, size, access, "cpu", () => ({ value, oldValue: undefined }));
    this.#bytes.set(bytes);
    this.#handlerValue = given;
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
    if (handlers) {
      const { generation } = this.#space;
      const status = this.#mover.status(address, size, ACCESS_WRITE);
      handlers.write?.(this.#toAddress(address), size, value);
      if (!this.#hasMapped(status, generation, address, size, ACCESS_WRITE)) return;
    }
    this.#storeMapped(address, bytes, value);
  }

  /** Writes a range that is mapped, and that nothing forbids. Does not ask a handler for holes. */
  #storeMapped(address: U64Like, bytes: Uint8Array<ArrayBuffer>, value: Value): void {
    const size = bytes.length;
    const alone = this.#single(address, size, ACCESS_WRITE);
    if (alone) alone.device.write(alone.offset, size, value, "cpu", address);
    else {
      const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
      this.#mover.write(bytes, ACCESS_WRITE, transfer);
      if (transfer.done < size) throw this.#mover.mapChangedError(ACCESS_WRITE, transfer, "write");
    }
  }

  /** The device that holds all bytes of an access, if one does. */
  #single(address: U64Like, size: number, access: Access): { device: BoundDevice; offset: number } | undefined {
    const { piece } = this.#space;
    if (piece.find(address, size, access) !== FOUND_DEVICE || piece.bytes < size) return undefined;
    return { device: this.#space.device(piece.region), offset: piece.offset };
  }

  /** The value in memory now; undefined for a device. */
  #current(address: U64Like, size: number): Value | undefined {
    const bytes = this.#mover.current(address, size);
    return bytes && valueAt(bytes, 0, size);
  }

  #loadDenied(status: number, address: U64Like, size: number, access: Access): Value {
    const { onDenied, onUnmapped } = this.#space;
    const handlers = isDenied(status) ? onDenied : onUnmapped;
    const handler = isDenied(status) && access === ACCESS_EXECUTE ? onDenied?.fetch : handlers?.read;
    const served = handler !== undefined && this.#servable(status, address);
    const { generation } = this.#space;
    const value: unknown = served ? handler.call(handlers, this.#toAddress(address), size) : undefined;
    return this.#expectValue(value, status, generation, address, size, access);
  }

  /**
   * The value that a handler has given for an access that `status` refuses. If it has given none, but has mapped the
   * bytes since `generation`, the access is made; else it fails.
   */
  #expectValue(
    value: unknown,
    status: number,
    generation: number,
    address: U64Like,
    size: number,
    access: Access,
  ): Value {
    const what = access === ACCESS_EXECUTE ? "fetch" : "read";
    const name = isDenied(status) ? `onDenied.${what}` : "onUnmapped.read";
    const answer = checkAnswer(value, size, name);
    if (answer !== undefined) return answer;
    if (this.#hasMapped(status, generation, address, size, access)) return this.#retry(address, size, access);
    throw this.#failure(address, size, access, what, status);
  }

  /** Reads a section of kind `DENIED` or `HOLE` that no watch sees. */
  loadServed(kind: number, address: U64Like, size: 1 | 2 | 4): number {
    const { generation } = this.#space;
    const handlers = kind === DENIED ? this.#space.onDenied : this.#space.onUnmapped;
    const value: unknown = handlers?.read?.(this.#toAddress(address), size);
    if (typeof value === "number") return size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff;
    const status = kind === DENIED ? STATUS_PERMISSION_DENIED : STATUS_INVALID_GUEST_ADDRESS;
    this.#keepHandlerValue(this.#expectValue(value, status, generation, address, size, ACCESS_READ), size);
    this.#handlerValue = undefined;
    return getUnsigned(this.#scratch, 0, size);
  }

  /** Writes a section of kind `DENIED` or `HOLE` that no watch sees. */
  storeServed(kind: number, address: U64Like, size: 1 | 2 | 4, value: number): void {
    const { generation } = this.#space;
    const handlers = kind === DENIED ? this.#space.onDenied : this.#space.onUnmapped;
    if (handlers?.write) {
      const unsigned = size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff;
      handlers.write(this.#toAddress(address), size, unsigned);
      if (kind === DENIED || this.#space.generation === generation) return;
      const bytes = Uint8Array.from({ length: size }, (_, index) => unsigned >>> (8 * index));
      this.#storeIfMapped(generation, address, bytes, unsigned);
    } else this.storeUnsigned(address, size, value); // throws its error
  }

  /** Writes bytes of a hole that its handler has mapped since `generation`, and has been told of. */
  #storeIfMapped(generation: number, address: U64Like, bytes: Uint8Array<ArrayBuffer>, value: Value): void {
    const { length } = bytes;
    if (!this.#hasMapped(STATUS_INVALID_GUEST_ADDRESS, generation, address, length, ACCESS_WRITE)) return;
    this.#storeMapped(address, bytes, value);
  }

  /** Undefined if a store is possible; else the handlers that serve it. Throws its error if none do. */
  #handlersOf(address: U64Like, size: number): OnDenied<U64Like> | OnUnmapped<U64Like> | undefined {
    const status = this.#mover.status(address, size, ACCESS_WRITE);
    if (status === 0) return undefined;
    const handlers = isDenied(status) ? this.#space.onDenied : this.#space.onUnmapped;
    if (handlers?.write && this.#servable(status, address)) return handlers;
    throw this.#failure(address, size, ACCESS_WRITE, "write", status);
  }

  /** Whether a handler for holes, called at `generation`, has mapped all bytes of the access. */
  #hasMapped(status: number, generation: number, address: U64Like, size: number, access: Access): boolean {
    const space = this.#space;
    if (isDenied(status) || space.generation === generation || space.disposed) return false;
    return this.#mover.status(address, size, access) === 0;
  }

  /** Reads what a handler for holes has mapped. Does not ask it again. */
  #retry(address: U64Like, size: number, access: Access): Value {
    const alone = this.#single(address, size, access);
    if (alone) return alone.device.read(alone.offset, size, "cpu", address);
    const bytes = new Uint8Array(size);
    const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
    this.#mover.read(bytes, access, transfer);
    if (transfer.done < size) throw this.#mover.mapChangedError(access, transfer, "read");
    return valueAt(bytes, 0, size);
  }

  /** The error of an access. Checks again, because a handler may have used the report block, or changed the map. */
  #failure(address: U64Like, size: number, access: Access, what: string, before: number): Error {
    const status = this.#mover.status(address, size, access);
    return this.#space.linear.failure(status === 0 ? before : status, what, { address, length: size });
  }

  /**
   * Whether a handler may serve the access: it is forbidden or touches a hole, but does not pass 2^64. The address must
   * be exact in this memory's kind of number, because a rounded one would be another address.
   */
  #servable(status: number, address: U64Like): boolean {
    const known = isDenied(status) || status === STATUS_INVALID_GUEST_ADDRESS || status === STATUS_PARTIAL_BUFFER;
    return known && (this.#space.bigint || address <= Number.MAX_SAFE_INTEGER);
  }

  /** Converts an address to this memory's kind of number. */
  #toAddress(address: U64Like): U64Like {
    return this.#space.toAddress(address);
  }

  /** Keeps a handler's result, and writes it to the scratch area. */
  #keepHandlerValue(value: Value, size: number): void {
    const scratch = this.#scratch;
    this.#handlerValue = value;
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

/** The index of the remembered run for an address. */
function slot(address: number): number {
  return (address >>> 12) & (SLOTS - 1);
}

function recall<T>(places: (CachedRun<T> | undefined)[], address: U64Like): CachedRun<T> | undefined {
  return typeof address === "number" && places.length > 0 ? places[slot(address)] : undefined;
}

function getUnsigned(data: Words, at: number, size: 1 | 2 | 4): number {
  return size === 4 ? data.getUint32(at, true) : size === 2 ? data.getUint16(at, true) : data.getUint8(at);
}

function setUnsigned(data: Words, at: number, size: 1 | 2 | 4, value: number): void {
  if (size === 4) data.setUint32(at, value, true);
  else if (size === 2) data.setUint16(at, value, true);
  else data.setUint8(at, value);
}

function isDenied(status: number): boolean {
  return status === STATUS_READ_ONLY || status === STATUS_PERMISSION_DENIED;
}
