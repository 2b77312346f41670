// GuestMemory: the guest-physical memory of one VM, put together from the parts that the rooms make.

import type { AtomicAccess } from "./access/atomic-access.ts";
import { installAtomics } from "./access/atomics.ts";
import { Bulk } from "./access/bulk.ts";
import { type ByteAccess, byteAccess } from "./access/byte-access.ts";
import { type DmaAccess, dmaAccess } from "./access/dma-range.ts";
import { type HandlerAccess, handlerAccess } from "./access/handler-access.ts";
import { Ranges } from "./access/ranges.ts";
import type { ScalarAccess } from "./access/scalar-access.ts";
import { installScalars } from "./access/scalars.ts";
import { SlowPath } from "./access/slow-path.ts";
import { type TableAccess, tableAccess } from "./access/table-access.ts";
import { load, loaded } from "./core/init.ts";
import type { U64Like } from "./core/u64.ts";
import { createEmpty, createFromRanges, type GuestMemoryOptions, type GuestRange } from "./map/create.ts";
import { type MapAccess, mapAccess } from "./map/map-access.ts";
import { placeRegions } from "./map/place-region.ts";
import { type RegionAccess, regionAccess } from "./map/region-access.ts";
import type { RegionSpec } from "./map/region-spec.ts";
import { DirtyLog } from "./observe/dirty.ts";
import { type EventAccess, Events, eventAccess } from "./observe/events.ts";
import { type HostAccess, hostAccess } from "./observe/host-access.ts";
import { type WatchAccess, watchAccess } from "./observe/watch-access.ts";
import { Watchers } from "./observe/watchers.ts";
import type { Space } from "./space/space.ts";

/** What belongs to one memory, each made once. */
interface Parts {
  readonly space: Space;
  readonly watchers: Watchers;
  readonly events: Events;
  readonly bulk: Bulk;
  readonly ranges: Ranges;
  readonly dirty: DirtyLog<U64Like>;
}

function partsOf(space: Space): Parts {
  const watchers = new Watchers(space);
  return {
    space,
    watchers,
    events: new Events(space),
    bulk: new Bulk(space, watchers),
    ranges: new Ranges(space, watchers),
    dirty: new DirtyLog(space),
  };
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
export interface GuestMemory<A extends number | bigint = number>
  extends ScalarAccess,
    AtomicAccess,
    ByteAccess<A>,
    DmaAccess,
    HandlerAccess<A>,
    TableAccess,
    RegionAccess<A>,
    MapAccess<A>,
    HostAccess<A>,
    WatchAccess<A>,
    EventAccess {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block gives the class what the interface says.
export class GuestMemory<A extends number | bigint = number> {
  readonly #parts: Parts;

  static {
    const of = (memory: object): Parts => (memory as GuestMemory).#parts;
    const rooms = [byteAccess, dmaAccess, handlerAccess, tableAccess, regionAccess, mapAccess, hostAccess, watchAccess];
    for (const part of [...rooms.map((room) => room(of)), eventAccess(of)]) {
      const members = Object.getOwnPropertyDescriptors(part);
      for (const member of Object.values(members)) member.enumerable = false; // as a class's own are
      Object.defineProperties(GuestMemory.prototype, members);
    }
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
    const parts = partsOf(space);
    const { watchers, events } = parts;
    this.#parts = parts;
    const slow = new SlowPath(space, watchers);
    installScalars(this, space, slow);
    installAtomics(this, space, watchers);
    const memory = new WeakRef<ScalarAccess>(this); // the space must not keep alive what disposes it when collected
    space.listener = {
      arraysReplaced() {
        const target = memory.deref();
        try {
          if (target) installScalars(target, space, slow);
        } catch {
          // A user has frozen the memory, so it keeps the accessors it has. Their arrays are detached: they find no page
          // in them, and take the slow path.
        }
      },
      viewsDetached: () => events.viewsDetached(),
      mapChanged: () => events.mapChanged(),
    };
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
    return new GuestMemory<never>(createFromRanges(await load(), ranges, options));
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
    return new GuestMemory<never>(createFromRanges(loaded(), ranges, options));
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
    return GuestMemory.#withRegions(createEmpty(await load(), options), specs);
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
    return GuestMemory.#withRegions(createEmpty(loaded(), options), specs);
  }

  static #withRegions(space: Space, specs: Iterable<RegionSpec>): GuestMemory<never> {
    try {
      placeRegions(space, specs);
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
    const { space } = this.#parts;
    space.enter();
    const sibling = createEmpty(space.linear, { ...options, addresses: space.bigint ? "bigint" : "number" }, space);
    return GuestMemory.#withRegions(sibling, specs) as GuestMemory<A>;
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
    return this.#parts.dirty as DirtyLog<number | bigint> as DirtyLog<A>;
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
    this.#parts.space.dispose();
  }
}
