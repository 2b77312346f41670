// GuestMemory: the guest-physical memory of one VM.

import { installScalars } from "./accessors.ts";
import type { AtomicFields } from "./atomic-fields.ts";
import { installAtomics } from "./atomics.ts";
import { DirtyLog } from "./dirty.ts";
import { load, loaded } from "./init.ts";
import { create, type GuestMemoryOptions, type GuestRange } from "./layout.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { OnUnmapped } from "./on-unmapped.ts";
import { RegionAccess } from "./region-access.ts";
import { Resolver } from "./resolver.ts";
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
  /**
   * 2^20 entries, one for each 4 KiB page of the first 4 GiB: host page << 4 | flags.
   * @example
   * ```ts
   * const entry = memory.tables.pageTable[0x10 >>> 12]!;
   * console.assert((entry & 3) === 3); // readable and writable
   * ```
   */
  readonly pageTable: Uint32Array<ArrayBuffer>;
  /**
   * One byte a host page; whoever stores writes 0xff.
   * @example
   * ```ts
   * const { pageTable, dirty, bytes } = memory.tables;
   * const page = pageTable[0x10 >>> 12]! >>> 4;
   * bytes[page * 4096 + 0x10] = 7;
   * dirty[page] = 0xff; // after the store
   * console.assert(memory.readUint8(0x10) === 7);
   * ```
   */
  readonly dirty: Uint8Array<ArrayBuffer>;
  /**
   * All of linear memory, by host offset.
   * @example
   * ```ts
   * memory.writeUint8(0x10, 7);
   * console.assert(memory.tables.bytes[memory.hostOffset(0x10, 1)!] === 7);
   * ```
   */
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
export class GuestMemory<A extends number | bigint = number> extends RegionAccess<A> {
  readonly #space: Space;
  readonly #resolver: Resolver;
  readonly #dirty: DirtyLog<A>;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) GuestMemory.prototype[Symbol.dispose] = GuestMemory.prototype.dispose;
  }

  /**
   * Disposes the memory; what `using` calls.
   * @example
   * ```ts
   * {
   *   using scratch = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   *   scratch.writeUint8(0x10, 1);
   * } // given back
   * ```
   */
  declare [Symbol.dispose]: () => void;

  private constructor(space: Space) {
    super(space);
    this.#space = space;
    this.#resolver = new Resolver(space);
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
   * Making another memory may move this one's regions in linear memory, which counts too.
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
