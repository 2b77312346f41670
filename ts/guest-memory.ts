// GuestMemory: the guest-physical memory of one VM, assembled from the parts that the rooms define.

import type { AtomicAccess } from "./access/atomic-access.ts";
import { installAtomics } from "./access/atomics.ts";
import { Bulk } from "./access/bulk.ts";
import { type ByteAccess, byteAccess } from "./access/byte-access.ts";
import { type DmaAccess, dmaAccess } from "./access/dma-range.ts";
import { type HandlerAccess, handlerAccess } from "./access/handler-access.ts";
import { Ranges } from "./access/ranges.ts";
import type { ScalarAccess } from "./access/scalar-access.ts";
import { installScalars } from "./access/scalars.ts";
import { Sections } from "./access/sections.ts";
import { SlowPath } from "./access/slow-path.ts";
import { type StreamAccess, streamAccess } from "./access/stream-access.ts";
import { type TableAccess, tableAccess } from "./access/table-access.ts";
import { load, loaded } from "./core/init.ts";
import type { LinearMemory } from "./core/linear-memory.ts";
import { showAs } from "./core/shown.ts";
import type { U64Like } from "./core/u64.ts";
import { createEmpty, createFromRanges, type GuestMemoryOptions, type GuestRange } from "./map/create.ts";
import { type MapAccess, mapAccess } from "./map/map-access.ts";
import { textOf } from "./map/map-text.ts";
import { placeRegions, readSpecs } from "./map/place-region.ts";
import { type RegionAccess, regionAccess } from "./map/region-access.ts";
import type { RegionSpec } from "./map/region-spec.ts";
import { DirtyLog } from "./observe/dirty.ts";
import { type EventAccess, Events, eventAccess } from "./observe/events.ts";
import { type HostAccess, hostAccess } from "./observe/host-access.ts";
import { type WatchAccess, watchAccess } from "./observe/watch-access.ts";
import { Watchers } from "./observe/watchers.ts";
import { Space } from "./space/space.ts";
import { type ReviveOptions, revive } from "./state/revive.ts";
import type { Snapshot } from "./state/snapshot.ts";
import { type StateAccess, stateAccess } from "./state/state-access.ts";

/** The parts of one memory, each made once. */
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
 * The guest-physical memory of a virtual machine. Its RAM and ROM are in WebAssembly linear memory.
 *
 * Arguments that are addresses or lengths are numbers or bigints. Results are numbers; addresses are bigints if the
 * memory was made with `{ addresses: "bigint" }`. A range is a start and a length in bytes, never a start and an end;
 * an access of length 0 succeeds. A wrong type throws a TypeError, a number that is not an address a RangeError; every
 * other error is a {@link GuestMemoryError}. After an error memory is as it was, except for the bytes that `completed`
 * counts.
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
    StreamAccess,
    HandlerAccess<A>,
    TableAccess,
    RegionAccess<A>,
    MapAccess<A>,
    HostAccess<A>,
    WatchAccess<A>,
    EventAccess<A>,
    StateAccess {}

/** The space of a memory, for the package's other entries. */
export let spaceOf: (memory: object) => Space;

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block gives the class what the interface says.
export class GuestMemory<A extends number | bigint = number> {
  readonly #parts: Parts;

  static {
    const of = (memory: object): Parts => (memory as GuestMemory).#parts;
    spaceOf = (memory) => of(memory).space;
    const rooms = [byteAccess, dmaAccess, handlerAccess, tableAccess, regionAccess, mapAccess, hostAccess, watchAccess];
    for (const part of [...rooms.map((room) => room(of)), streamAccess(of), eventAccess(of), stateAccess(of)]) {
      const members = Object.getOwnPropertyDescriptors(part);
      for (const member of Object.values(members)) member.enumerable = false; // as a class's own are
      Object.defineProperties(GuestMemory.prototype, members);
    }
    // Frameworks that wrap plain objects in proxies (Vue's ref) leave an object with a tag of its own alone.
    Object.defineProperty(GuestMemory.prototype, Symbol.toStringTag, { value: "GuestMemory", configurable: true });
    showAs(GuestMemory, "GuestMemory", (memory) => textOf(of(memory).space));
    // Not every engine has the symbol.
    if (Symbol.dispose) GuestMemory.prototype[Symbol.dispose] = GuestMemory.prototype.dispose;
  }

  /**
   * As {@link GuestMemory.dispose}; `using` calls it.
   * @example
   * ```ts
   * {
   *   using scratch = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   *   scratch.writeUint8(0x10, 1);
   * } // disposed
   * ```
   */
  declare [Symbol.dispose]: () => void;

  private constructor(space: Space) {
    if (!(space instanceof Space))
      throw new TypeError(
        "GuestMemory has no public constructor: await GuestMemory.create([...]), or fromRanges([...])",
      );
    const parts = partsOf(space);
    const { watchers, events } = parts;
    this.#parts = parts;
    const sections = new Sections(space, watchers);
    const slow = new SlowPath(space, watchers, sections);
    installScalars(this, space, slow, sections);
    installAtomics(this, space, watchers);
    const memory = new WeakRef<ScalarAccess>(this); // a strong reference would keep the memory from being collected
    space.listener = {
      arraysReplaced() {
        if (space.disposed) sections.forget(); // for accessors that outlive the memory
        const target = memory.deref();
        try {
          if (target) installScalars(target, space, slow, sections);
        } catch {
          // The user has frozen the memory, so it keeps its accessors. Their arrays are detached, so they find no page
          // in them, and take the slow path.
        }
      },
      viewsDetached: () => events.viewsDetached(),
      mapChanged: () => events.mapChanged(),
    };
  }

  /**
   * Makes a memory from regions of RAM, with all bytes 0. Loads the Wasm module first, if it is not loaded.
   *
   * @param ranges - `[start, size in bytes]` of each region, in ascending order, without overlap. Gaps are holes.
   * @param options - see {@link GuestMemoryOptions}.
   * @throws GuestMemoryError `NO_MEMORY_REGION` for an empty list, `UNSORTED_MEMORY_REGIONS`, `MEMORY_REGION_OVERLAP`,
   * `GUEST_ADDRESS_OVERFLOW` past 2^64, `OUT_OF_MEMORY`; RangeError for an empty region, and for a region past 2^53 if
   * addresses are numbers; and as {@link init}.
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
   * Does the same synchronously. {@link init} must be done before.
   *
   * @throws as {@link GuestMemory.fromRanges}; GuestMemoryError `NOT_INITIALIZED` before `init` is done.
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
   * Makes a memory from a list of regions of any kind. An alias may come before its target in the list. Loads the Wasm
   * module first, if it is not loaded.
   *
   * @param specs - the regions, see {@link RegionSpec}. The list may be empty.
   * @param options - see {@link GuestMemoryOptions}.
   * @throws as {@link GuestMemory.map} and {@link init}; GuestMemoryError `INVALID_ALIAS` for aliases in a circle.
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
    const linear = await load();
    return GuestMemory.#withRegions(specs, () => createEmpty(linear, options));
  }

  /**
   * Does the same synchronously. {@link init} must be done before.
   *
   * @throws as {@link GuestMemory.create}; GuestMemoryError `NOT_INITIALIZED` before `init` is done.
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
    const linear = loaded();
    return GuestMemory.#withRegions(specs, () => createEmpty(linear, options));
  }

  /**
   * Makes a memory with the regions and the bytes of a snapshot, which may be another page's machine, or a fork of one that
   * runs. Loads the Wasm module first, if it is not loaded.
   *
   * @param snapshot - a full one or the changes since another.
   * @param options - the handlers of devices and the sources of external memory, by the names of their regions.
   * @throws as {@link GuestMemory.create} and {@link init}: GuestMemoryError `INVALID_HANDLER` for a device without a handler,
   * `INVALID_EXTERNAL`, `OUT_OF_MEMORY`; TypeError for another type.
   *
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using parent = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0x0, size: 0x1000 }]);
   * parent.writeUint8(0x10, 7);
   * using child = await GuestMemory.fromSnapshot(parent.snapshot());
   * console.assert(child.readUint8(0x10) === 7);
   * ```
   */
  static async fromSnapshot(
    snapshot: Snapshot,
    options: ReviveOptions<bigint> & { addresses: "bigint" },
  ): Promise<GuestMemory<bigint>>;
  static async fromSnapshot(snapshot: Snapshot, options?: ReviveOptions): Promise<GuestMemory>;
  static async fromSnapshot(snapshot: Snapshot, options: ReviveOptions<never> = {}): Promise<GuestMemory<never>> {
    const linear = await load();
    return GuestMemory.#revived(linear, snapshot, options);
  }

  /**
   * Does the same synchronously. {@link init} must be done before.
   *
   * @throws as {@link GuestMemory.fromSnapshot}; GuestMemoryError `NOT_INITIALIZED` before `init` is done.
   *
   * @example
   * ```ts
   * using child = GuestMemory.fromSnapshotSync(memory.snapshot());
   * console.assert(child.regions.length === memory.regions.length);
   * ```
   */
  static fromSnapshotSync(
    snapshot: Snapshot,
    options: ReviveOptions<bigint> & { addresses: "bigint" },
  ): GuestMemory<bigint>;
  static fromSnapshotSync(snapshot: Snapshot, options?: ReviveOptions): GuestMemory;
  static fromSnapshotSync(snapshot: Snapshot, options: ReviveOptions<never> = {}): GuestMemory<never> {
    return GuestMemory.#revived(loaded(), snapshot, options);
  }

  static #revived(linear: LinearMemory, snapshot: Snapshot, options: ReviveOptions<never>): GuestMemory<never> {
    const memory = new GuestMemory<never>(revive(linear, snapshot, options));
    if (options.onUnmapped) memory.onUnmapped = options.onUnmapped;
    return memory;
  }

  /** Makes a memory with regions. The specs are checked first, so that a wrong one takes no memory. */
  static #withRegions(specs: Iterable<RegionSpec>, make: () => Space): GuestMemory<never> {
    const checked = readSpecs(specs);
    const space = make();
    try {
      placeRegions(space, checked);
    } catch (error) {
      space.dispose();
      throw error;
    }
    return new GuestMemory<never>(space);
  }

  /**
   * Makes another address space of the same machine, for I/O ports, a DMA master or system management mode. It has its
   * own map, whose aliases may show regions of this memory, given as objects. All address spaces of a machine together
   * have seven dirty clients. Each is disposed by itself. `options.name` is its name in `tree()`.
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
    const all = { ...options, addresses: space.bigint ? "bigint" : "number" } as const;
    return GuestMemory.#withRegions(specs, () => {
      space.enter();
      return createEmpty(space.linear, all, space);
    }) as GuestMemory<A>;
  }

  /**
   * The dirty log, whose clients collect the pages that were written.
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
   * Frees the memory. From then on every access throws `DISPOSED`. Views are detached when their bytes are used again.
   * Disposing again has no effect. A memory that is never disposed is freed when it is garbage-collected.
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
