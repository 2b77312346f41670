// GuestMemory: the guest-physical memory of one VM.

import type { AtomicFields } from "./access/atomic-access.ts";
import { installAtomics } from "./access/atomics.ts";
import { installScalars } from "./access/scalars.ts";
import { SlowPath } from "./access/slow-path.ts";
import { GuestMemoryError } from "./core/errors.ts";
import { load, loaded } from "./core/init.ts";
import type { LinearMemory } from "./core/linear-memory.ts";
import type { Wide } from "./core/u64.ts";
import * as wide from "./core/u64.ts";
import type { OnDenied } from "./device/on-denied.ts";
import type { OnUnmapped } from "./device/on-unmapped.ts";
import { create, createEmpty, type GuestMemoryOptions, type GuestRange } from "./map/create.ts";
import { map } from "./map/map-access.ts";
import type { RegionSpec } from "./map/region-spec.ts";
import { DirtyLog } from "./observe/dirty.ts";
import { HostAccess } from "./observe/host-access.ts";
import type { HostWriteListener } from "./observe/host-write.ts";
import { READ, WRITE } from "./observe/watchers.ts";
import { Resolver } from "./space/resolver.ts";
import type { Space } from "./space/space.ts";

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
export class GuestMemory<A extends number | bigint = number> extends HostAccess<A> {
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
      try {
        if (target) installScalars(target, space, slow);
      } catch {
        // A user has frozen the memory, so it keeps the accessors it has. Their arrays are detached: they find no page in
        // them, and take the slow path.
      }
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
   * Makes a memory from a list of regions of any kind; an alias names its target, wherever that stands in the list. Loads
   * the Wasm module first if that was not done.
   *
   * @param specs - see {@link RegionSpec}; none is possible too.
   * @param options - as for {@link GuestMemory.fromRanges}, and `name`: what `tree()` calls it (default `"memory"`).
   * @throws as {@link GuestMemory.map}; GuestMemoryError `INVALID_ALIAS` for aliases in a circle.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.create([
   *   { kind: "alias", name: "reset", start: 0xffff_0000, of: "BIOS" },
   *   { kind: "rom", name: "BIOS", start: 0xf_0000, size: 0x1_0000, contents: Uint8Array.of(0xea) },
   * ]);
   * console.assert(memory.readUint8(0xffff_0000) === 0xea);
   * ```
   */
  static async create(
    specs: Iterable<RegionSpec>,
    options: GuestMemoryOptions & { addresses: "bigint" },
  ): Promise<GuestMemory<bigint>>;
  static async create(specs: Iterable<RegionSpec>, options?: GuestMemoryOptions): Promise<GuestMemory>;
  static async create(specs: Iterable<RegionSpec>, options: GuestMemoryOptions = {}): Promise<GuestMemory<never>> {
    return GuestMemory.#mapAll(createEmpty(await load(), options), specs);
  }

  /**
   * The same without waiting, once {@link init} is done.
   *
   * @throws as {@link GuestMemory.create}; GuestMemoryError `NOT_INITIALIZED` before `init`.
   *
   * @example
   * ```ts
   * import { GuestMemory, init } from "guest-memory";
   *
   * await init();
   * using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x1000 }]);
   * console.assert(memory.mapped.length === 1);
   * ```
   */
  static createSync(
    specs: Iterable<RegionSpec>,
    options: GuestMemoryOptions & { addresses: "bigint" },
  ): GuestMemory<bigint>;
  static createSync(specs: Iterable<RegionSpec>, options?: GuestMemoryOptions): GuestMemory;
  static createSync(specs: Iterable<RegionSpec>, options: GuestMemoryOptions = {}): GuestMemory<never> {
    return GuestMemory.#mapAll(createEmpty(loaded(), options), specs);
  }

  static #mapAll(space: Space, specs: Iterable<RegionSpec>): GuestMemory<never> {
    try {
      if (typeof specs !== "object" || specs === null || !(Symbol.iterator in specs)) {
        throw new TypeError(`specs must be a list of regions, not ${wide.describe(specs)}`);
      }
      const sorted = inOrder([...specs]);
      space.transaction(() => {
        for (const spec of sorted) map(space, spec);
      });
    } catch (error) {
      space.dispose();
      throw error;
    }
    return new GuestMemory<never>(space);
  }

  /**
   * Makes another address space of the same machine: what its I/O ports, a DMA master or system management mode see. It
   * has a map of its own; regions of this memory, as objects, are shown there by aliases. The seven dirty clients are for
   * both together. Dispose it by itself.
   *
   * @throws as {@link GuestMemory.create}; GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * const ram = memory.map({ kind: "ram", name: "RAM", start: 0x10_0000, size: 0x1000 });
   * using bus = memory.space([{ kind: "alias", start: 0x0, of: ram }], { name: "DMA" });
   * bus.writeUint8(0x10, 7);
   * console.assert(memory.readUint8(0x10_0010) === 7);
   * ```
   */
  space(specs: Iterable<RegionSpec>, options: { name?: string } = {}): GuestMemory<A> {
    const space = this.#space;
    space.enter();
    const addresses = space.bigint ? "bigint" : "number";
    return GuestMemory.#mapAll(createEmpty(space.linear, { ...options, addresses }, space), specs) as GuestMemory<A>;
  }

  /**
   * Handlers for scalar accesses that ROM or `protect` forbids, or undefined: such accesses are errors. See
   * {@link OnDenied}.
   *
   * @throws TypeError for anything else.
   *
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "r-x");
   * memory.onDenied = { write: () => {} };
   * memory.writeUint8(0x10, 1);
   * console.assert(memory.readUint8(0x10) === 0);
   * ```
   */
  get onDenied(): OnDenied<A> | undefined {
    return this.#space.onDenied as OnDenied<A> | undefined;
  }

  set onDenied(handlers: OnDenied<A> | undefined) {
    checkHandlers(handlers, "onDenied", ["read", "write", "fetch"]);
    this.#space.enter();
    this.#space.onDenied = handlers as OnDenied<Wide> | undefined;
  }

  /**
   * Hears of what the host has written behind the guest's CPU, range by range, after it: `poke`, DMA, `markDirty`. A JIT
   * forgets the code it has made of these addresses.
   *
   * @throws TypeError for what is no function.
   *
   * @example
   * ```ts
   * const stale: number[] = [];
   * memory.onHostWrite = (address) => void stale.push(address);
   * memory.poke(0x10, Uint8Array.of(0x90));
   * console.assert(stale[0] === 0x10);
   * ```
   */
  get onHostWrite(): HostWriteListener<A> | undefined {
    return this.#space.onHostWrite as HostWriteListener<A> | undefined;
  }

  set onHostWrite(listener: HostWriteListener<A> | undefined) {
    if (listener !== undefined && typeof listener !== "function") {
      throw new TypeError(`onHostWrite must be a function or undefined, not ${wide.describe(listener)}`);
    }
    this.#space.enter();
    this.#space.onHostWrite = listener as HostWriteListener<Wide> | undefined;
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
    checkHandlers(handlers, "onUnmapped", ["read", "write"]);
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
   * Making another memory may move this one's regions in linear memory, which counts too, and so does the first write to
   * discarded pages.
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
   * miss throws nothing, and nothing is marked: who writes there marks it. Good until `mapGeneration` changes. Memory that
   * was discarded is somewhere to read, and not to write.
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
    return this.#resolver.probe(address, length, access === "read" ? READ : WRITE);
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

/** An object of functions, or undefined. */
function checkHandlers(handlers: unknown, what: string, names: string[]): void {
  if (handlers === undefined) return;
  if (typeof handlers !== "object" || handlers === null) {
    throw new TypeError(`${what} must be an object or undefined, not ${wide.describe(handlers)}`);
  }
  for (const name of names) {
    const handler: unknown = (handlers as Record<string, unknown>)[name];
    if (handler !== undefined && typeof handler !== "function") {
      throw new TypeError(`${what}'s handlers must be functions, not ${wide.describe(handler)}`);
    }
  }
}

/** The regions, each alias behind what it shows. */
function inOrder(specs: RegionSpec[]): RegionSpec[] {
  const ordered: RegionSpec[] = [];
  const nameOf = (spec: RegionSpec) => spec?.name ?? spec?.kind;
  const names = new Set<string>(specs.map(nameOf));
  const placed = new Set<string>();
  let waiting = specs;
  while (waiting.length > 0) {
    const left = waiting.filter((spec) => {
      const of = spec?.kind === "alias" ? spec.of : undefined;
      if (typeof of === "string" && names.has(of) && !placed.has(of)) return true;
      ordered.push(spec);
      placed.add(nameOf(spec));
      return false;
    });
    if (left.length === waiting.length) {
      const circle = left.map((spec) => `"${nameOf(spec)}"`).join(", ");
      throw new GuestMemoryError("INVALID_ALIAS", `aliases in a circle: ${circle}`);
    }
    waiting = left;
  }
  return ordered;
}
