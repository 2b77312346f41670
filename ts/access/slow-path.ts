// SlowPath: scalar accesses that the page table does not serve: partial pages, crossings, addresses past 4 GiB,
// devices, external memory, holes, ROM, protection, watches.

import { ACCESS_READ, ACCESS_WRITE, FOUND_EXTERNAL, FOUND_MEMORY } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { type Value, valueAt } from "../device/bound-device.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import { copyScalar, type Words, wordIn } from "../external/words.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { CachedRun } from "../space/cached-run.ts";
import type { Access, Mover } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import { Refused, statusOf, toUnsigned } from "./refused.ts";
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
  readonly #refused: Refused;
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
    this.#refused = new Refused(space);
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
      this.#keepHandlerValue(this.#refused.load(statusOf(kind), address, size, access), size);
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
    return this.#refused.storeSection(kind, address, size, valueAt(bytes, 0, size));
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
    const alone = status === 0 ? this.#refused.single(address, size, access) : undefined;
    if (status !== 0) {
      this.#keepHandlerValue(this.#refused.load(status, address, size, access), size);
      this.#handlerValue = undefined; // the accessor converts this value, which is not a device's
    } else if (alone) this.#keepHandlerValue(alone.device.read(alone.offset, size, "cpu", address), size);
    else {
      const bytes = this.#refused.loadMapped(address, size, access); // a handler may use the scratch area
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
    let handlers = this.#refused.handlersOf(address, size);
    if (this.#watchers.any) {
      const oldValue = () => (handlers ? undefined : this.#current(address, size));
      this.#watchers.notify(address, size, ACCESS_WRITE, "cpu", () => ({ value, oldValue: oldValue() }));
      handlers = this.#refused.handlersOf(address, size); // a callback may do anything
    }
    if (handlers && !this.#refused.store(handlers, address, size, value)) return;
    this.#refused.storeMapped(address, bytes, value);
  }

  /** The value in memory now; undefined for a device. */
  #current(address: U64Like, size: number): Value | undefined {
    const bytes = this.#mover.current(address, size);
    return bytes && valueAt(bytes, 0, size);
  }

  /** Reads a section of kind `DENIED` or `HOLE` that no watch sees. */
  loadServed(kind: number, address: U64Like, size: 1 | 2 | 4): number {
    return this.#refused.loadSection(kind, address, size);
  }

  /** Writes a section of kind `DENIED` or `HOLE` that no watch sees. */
  storeServed(kind: number, address: U64Like, size: 1 | 2 | 4, value: number): void {
    if (!this.#refused.storeSection(kind, address, size, toUnsigned(value, size)))
      this.storeUnsigned(address, size, value); // throws its error
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
