// GuestMemory: the guest-physical memory of one VM.

import { installScalars } from "./accessors.ts";
import { AtomicFields } from "./atomic-fields.ts";
import { installAtomics } from "./atomics.ts";
import { Bulk } from "./bulk.ts";
import { DirtyLog } from "./dirty.ts";
import { load, loaded } from "./init.ts";
import { create, type GuestMemoryOptions, type GuestRange, insert, remove } from "./layout.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { OnUnmapped } from "./on-unmapped.ts";
import { Ranges } from "./ranges.ts";
import type { GuestRegion } from "./region.ts";
import { Resolver } from "./resolver.ts";
import { indexOf } from "./search.ts";
import { SlowPath } from "./slow-path.ts";
import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

/**
 * Live typed arrays over the tables of a memory; docs/page-table.md is their layout. Their byte offsets never change in
 * the memory's life; the arrays die when linear memory grows (`viewsdetached`).
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestMemoryTables } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x4000]]);
 * const tables: GuestMemoryTables = memory.tables;
 * const entry = tables.pageTable[0x1234 >>> 12]!;
 * const byte = tables.bytes[(entry >>> 4) * 4096 + (0x1234 & 0xfff)];
 * console.assert((entry & 3) === 3 && byte === 0);
 * ```
 */
export interface GuestMemoryTables {
  /** 2^20 entries, one for each 4 KiB page of the first 4 GiB: host page << 4 | flags. */
  readonly pageTable: Uint32Array<ArrayBuffer>;
  /** One byte a host page; whoever stores writes 0xff. */
  readonly dirty: Uint8Array<ArrayBuffer>;
  /** All of linear memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The guest-physical memory of a virtual machine: RAM regions in WebAssembly linear memory.
 *
 * Addresses and lengths are numbers or bigints; what comes back is numbers, or bigints for addresses where the memory
 * was made with `{ addresses: "bigint" }`. The second argument is always a length in bytes, never an end. A length of 0
 * succeeds everywhere. Every error leaves memory as it was: a TypeError for a wrong type, a RangeError for a number that
 * is no address, a {@link GuestMemoryError} for everything else.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * const memory = await GuestMemory.fromRanges([[0x0, 0x1000], [0x1000, 0x1000]]);
 * memory.write(0xffc, Uint8Array.of(1, 2, 3, 4, 5)); // across the boundary of two regions
 * const into = new Uint8Array(5);
 * console.assert(memory.read(0xffc, into) === 5 && into[4] === 5);
 * memory.dispose();
 * ```
 */
export class GuestMemory<A extends number | bigint = number> extends AtomicFields {
  readonly #space: Space;
  readonly #resolver: Resolver;
  readonly #bulk: Bulk;
  readonly #ranges: Ranges;
  readonly #dirty: DirtyLog<A>;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) GuestMemory.prototype[Symbol.dispose] = GuestMemory.prototype.dispose;
  }

  /** Disposes the memory; what `using` calls. */
  declare [Symbol.dispose]: () => void;

  private constructor(space: Space) {
    super();
    this.#space = space;
    this.#resolver = new Resolver(space);
    this.#bulk = new Bulk(space, this.#resolver);
    this.#ranges = new Ranges(space, this.#resolver);
    this.#dirty = new DirtyLog<A>(space);
    const slow = new SlowPath(space);
    const fields = new WeakRef<AtomicFields>(this);
    space.install = () => {
      const target = fields.deref();
      if (target) installScalars(target, space, slow);
    };
    installScalars(this, space, slow);
    installAtomics(this, space, this.#resolver);
  }

  /**
   * Makes a memory with these regions, all zero; loads the Wasm module first if that was not done.
   *
   * @param ranges - `[start, size in bytes]` of each region, in ascending order, without overlap; gaps are holes.
   * @param options - `reserve`: bytes that later regions may take without growth of linear memory. `addresses`:
   * `"bigint"` for layouts past 2^53.
   * @throws GuestMemoryError `NO_MEMORY_REGION`, `UNSORTED_MEMORY_REGIONS`, `MEMORY_REGION_OVERLAP`,
   * `GUEST_ADDRESS_OVERFLOW` past 2^64, `OUT_OF_MEMORY`; RangeError for an empty region, and for one past 2^53 where
   * addresses are numbers.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0xa_0000], [0x10_0000, 0x100_0000]], { reserve: 0x10_0000 });
   * console.assert(memory.lastAddress === 0x10f_ffff);
   * using high = await GuestMemory.fromRanges([[2n ** 60n, 4096]], { addresses: "bigint" });
   * console.assert(high.lastAddress === 2n ** 60n + 4095n);
   * ```
   */
  static async fromRanges(
    ranges: Iterable<GuestRange>,
    options: GuestMemoryOptions & { addresses: "bigint" },
  ): Promise<GuestMemory<bigint>>;
  static async fromRanges(ranges: Iterable<GuestRange>, options?: GuestMemoryOptions): Promise<GuestMemory>;
  static async fromRanges(ranges: Iterable<GuestRange>, options: GuestMemoryOptions = {}): Promise<GuestMemory<never>> {
    return GuestMemory.#make(await load(), ranges, options);
  }

  /**
   * The same without waiting, once {@link init} is done.
   *
   * @throws as {@link GuestMemory.fromRanges}; GuestMemoryError `NOT_INITIALIZED` before `init`.
   *
   * @example
   * ```ts
   * import { GuestMemory, init } from "guest-memory";
   *
   * await init();
   * using memory = GuestMemory.fromRangesSync([[0x0, 0x1000]]);
   * console.assert(memory.regions.length === 1);
   * ```
   */
  static fromRangesSync(
    ranges: Iterable<GuestRange>,
    options: GuestMemoryOptions & { addresses: "bigint" },
  ): GuestMemory<bigint>;
  static fromRangesSync(ranges: Iterable<GuestRange>, options?: GuestMemoryOptions): GuestMemory;
  static fromRangesSync(ranges: Iterable<GuestRange>, options: GuestMemoryOptions = {}): GuestMemory<never> {
    return GuestMemory.#make(loaded(), ranges, options);
  }

  static #make(linear: LinearMemory, ranges: Iterable<GuestRange>, options: GuestMemoryOptions): GuestMemory<never> {
    return new GuestMemory<never>(create(linear, ranges, options));
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
   * A zero-copy view of guest memory, within one region. It is good until linear memory grows, which only creation of a
   * memory, `insertRegion` and `reserve` do (any memory's); from then on its length is 0. The event `viewsdetached` and
   * `viewGeneration` tell. What you write through it is not marked dirty: call `markDirty`.
   *
   * Its `.buffer` is the *whole* linear memory, other guests' too: never post, transfer or clone it.
   *
   * | right | wrong |
   * |---|---|
   * | `postMessage(memory.readBytes(a, n))` | `postMessage(memory.view(a, n))`: clones every guest |
   * | `memory.view(a, n).set(bytes)` | `new Uint8Array(memory.view(a, n).buffer)`: from host offset 0 |
   * | `new DataView(v.buffer, v.byteOffset, v.byteLength)` | `new DataView(v.buffer)` |
   * | take a new view after `viewsdetached` | keep one for good: it reads undefined after growth |
   *
   * @throws GuestMemoryError `CROSSES_REGIONS` where the range is backed by more than one region (see `views`),
   * `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
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
   * Views of a range, one for each region that it crosses, in order; see `view` for what they are.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
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
   * Copies `length` bytes from another memory (or this one), the whole range or nothing. Marks the pages dirty.
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
  copyFrom(to: Wide, source: GuestMemory<number> | GuestMemory<bigint>, from: Wide, length: Wide): void {
    if (!(source instanceof GuestMemory)) {
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
    return indexOf(this.#space, this.#resolver, bytes, address, length) as A;
  }

  /**
   * The regions, in ascending order.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.regions[0]!.start === 0 && memory.regions[0]!.size === 0x1000);
   * ```
   */
  get regions(): readonly GuestRegion<A>[] {
    this.#space.enter();
    return this.#space.regions as readonly GuestRegion<A>[];
  }

  /**
   * The region that holds `address`, or undefined in a hole.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.findRegion(0x10) === memory.regions[0] && memory.findRegion(0x9999) === undefined);
   * ```
   */
  findRegion(address: Wide): GuestRegion<A> | undefined {
    return this.#ranges.find(address) as GuestRegion<A> | undefined;
  }

  /**
   * The region that holds `address` and the offset in it, in bytes, or undefined in a hole.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.toRegionAddress(0x10)!.address === 0x10);
   * ```
   */
  toRegionAddress(address: Wide): { region: GuestRegion<A>; address: number } | undefined {
    const region = this.findRegion(address);
    if (region === undefined) return undefined;
    return { region, address: Number(BigInt(address) - BigInt(region.start)) };
  }

  /**
   * The highest address that is backed; undefined where no region is left.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.lastAddress === 0xfff);
   * ```
   */
  get lastAddress(): A | undefined {
    return this.regions.at(-1)?.lastAddress;
  }

  /**
   * Whether `address` is backed.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.addressInRange(0xfff) && !memory.addressInRange(0x1000));
   * ```
   */
  addressInRange(address: Wide): boolean {
    return this.findRegion(address) !== undefined;
  }

  /**
   * Whether every byte of a range is backed; true for no bytes.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkRange(0xffc, 4) && !memory.checkRange(0xffc, 5));
   * ```
   */
  checkRange(address: Wide, length: Wide): boolean {
    return this.#resolver.status(address, length) === 0;
  }

  /**
   * `address + offset` if that is backed, else undefined, also past 2^64. What lies between need not be backed.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * console.assert(memory.checkedOffset(0x10, 0x20) === 0x30 && memory.checkedOffset(0x10, 0x1000) === undefined);
   * ```
   */
  checkedOffset(address: Wide, offset: Wide): A | undefined {
    return this.#ranges.offset(address, offset) as A | undefined;
  }

  /**
   * Adds a region of `size` zero bytes. Linear memory may grow: views die.
   *
   * @throws GuestMemoryError `MEMORY_REGION_OVERLAP`, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; RangeError for
   * an empty region, and for one past 2^53 where addresses are numbers. The map is as it was then.
   *
   * @example
   * ```ts
   * const region = memory.insertRegion(0x8000, 0x1000);
   * console.assert(region.start === 0x8000 && memory.regions.length === 2);
   * ```
   */
  insertRegion(start: Wide, size: Wide): GuestRegion<A> {
    return insert(this.#space, start, size) as GuestRegion<A>;
  }

  /**
   * Removes the region with exactly this start and size; gives what it was. Its bytes are free at once; a view of it
   * has length 0 before they belong to somebody else.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` where no region is exactly this, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.insertRegion(0x8000, 0x1000);
   * memory.removeRegion(0x8000, 0x1000);
   * console.assert(memory.regions.length === 1);
   * ```
   */
  removeRegion(start: Wide, size: Wide): GuestRegion<A> {
    return remove(this.#space, start, size) as GuestRegion<A>;
  }

  /**
   * Makes sure that a region of `bytes` bytes can be inserted without growth of linear memory, so that views stay alive
   * then. Linear memory may grow now: views die.
   *
   * @throws GuestMemoryError `OUT_OF_MEMORY`, `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.reserve(0x1_0000);
   * const view = memory.view(0, 16);
   * memory.insertRegion(0x8000, 0x1_0000);
   * console.assert(view.length === 16);
   * ```
   */
  reserve(bytes: Wide): void {
    this.#ranges.reserve(bytes);
  }

  /**
   * Handlers for scalar accesses where no memory is, or undefined: such accesses are errors. See {@link OnUnmapped}.
   *
   * @throws TypeError for anything else.
   *
   * @example
   * ```ts
   * memory.onUnmapped = { read: (address, size) => (size === 1 ? 0xff : undefined) };
   * console.assert(memory.readUint8(0x9999) === 0xff);
   * memory.onUnmapped = undefined;
   * ```
   */
  get onUnmapped(): OnUnmapped<A> | undefined {
    return this.#space.onUnmapped as OnUnmapped<A> | undefined;
  }

  set onUnmapped(handlers: OnUnmapped<A> | undefined) {
    if (handlers !== undefined && (typeof handlers !== "object" || handlers === null)) {
      throw new TypeError(`onUnmapped must be an object or undefined, not ${wide.describe(handlers)}`);
    }
    for (const handler of [handlers?.read, handlers?.write]) {
      if (handler !== undefined && typeof handler !== "function") {
        throw new TypeError(`onUnmapped's handlers must be functions, not ${wide.describe(handler)}`);
      }
    }
    this.#space.enter();
    this.#space.onUnmapped = handlers as OnUnmapped<Wide> | undefined;
  }

  /**
   * The dirty log: who wants to know which pages were written.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * console.assert(client.collect()[0]![1] === 0x1000);
   * ```
   */
  get dirty(): DirtyLog<A> {
    return this.#dirty;
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

  /**
   * How often typed arrays over linear memory died so far; stays readable after disposal.
   *
   * @example
   * ```ts
   * const before = memory.viewGeneration;
   * memory.reserve(0x1000_0000);
   * console.assert(memory.viewGeneration > before);
   * ```
   */
  get viewGeneration(): number {
    this.#space.linear.refresh();
    return this.#space.linear.generation;
  }

  /**
   * How often this memory's translations changed so far, modulo 2^32: a software TLB or a JIT flushes when it differs.
   * Stays readable after disposal.
   *
   * @example
   * ```ts
   * const before = memory.mapGeneration;
   * memory.insertRegion(0x8000, 0x1000);
   * console.assert(memory.mapGeneration !== before);
   * ```
   */
  get mapGeneration(): number {
    this.#space.linear.refresh();
    this.#space.tellMap();
    return this.#space.mapGeneration;
  }

  /**
   * Where events are fired, synchronously: `viewsdetached` when typed arrays over linear memory have died, `mapchanged`
   * when this memory's regions have changed. What Rust code in the same module does is noticed, and told, at the next
   * call that leaves the fast path: any but a scalar or atomic access to a page that the tables know.
   *
   * @example
   * ```ts
   * let changes = 0;
   * memory.events.addEventListener("mapchanged", () => changes++);
   * memory.insertRegion(0x8000, 0x1000);
   * console.assert(changes === 1);
   * ```
   */
  get events(): EventTarget {
    this.#space.events ??= new EventTarget();
    return this.#space.events;
  }

  /**
   * The tables, for a JIT: see {@link GuestMemoryTables} and docs/page-table.md.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * const { pageTable } = memory.tables;
   * console.assert((pageTable[0]! & 3) === 3 && pageTable[1] === 0);
   * ```
   */
  get tables(): GuestMemoryTables {
    this.#space.enter();
    const { linear, handle, table } = this.#space;
    linear.expect(linear.raw.gm_expose_tables(handle), "tables");
    return { pageTable: table, dirty: linear.dirty, bytes: linear.u8 };
  }

  /**
   * The linear memory that everything lies in, for a JIT's module to import.
   *
   * @example
   * ```ts
   * console.assert(memory.wasmMemory.buffer === memory.tables.bytes.buffer);
   * ```
   */
  get wasmMemory(): WebAssembly.Memory {
    return this.#space.linear.raw.memory;
  }

  /**
   * The offset in linear memory of a range that lies in one region and allows `access`; undefined where it does not. A
   * miss throws nothing, and nothing is marked: who writes there marks it. Good until `mapGeneration` changes.
   *
   * @param access - `"read"` or `"write"`.
   * @throws GuestMemoryError `DISPOSED`; a TypeError for another access.
   *
   * @example
   * ```ts
   * const offset = memory.hostOffset(0x10, 4, "read");
   * console.assert(offset !== undefined && memory.tables.bytes[offset] === memory.readUint8(0x10));
   * console.assert(memory.hostOffset(0x9999, 4, "read") === undefined);
   * ```
   */
  hostOffset(address: Wide, length: Wide, access: "read" | "write" = "read"): number | undefined {
    if (access !== "read" && access !== "write") throw new TypeError(`access must be "read" or "write"`);
    return this.#resolver.probe(address, length);
  }

  /**
   * The number that names this memory to Rust code in the same module: `guest_memory::handle::get(handle)`.
   *
   * @example
   * ```ts
   * console.assert(Number.isInteger(memory.handle));
   * ```
   */
  get handle(): number {
    return this.#space.handle;
  }

  /**
   * Gives the memory back. Every access throws `DISPOSED` from then on; views live until their bytes are used again.
   * Twice is no error. What is never disposed is given back when it is collected.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * const memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * memory.dispose();
   * memory.dispose();
   * ```
   */
  dispose(): void {
    this.#space.dispose();
  }
}
