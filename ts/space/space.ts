// Space: one VM as the facade's parts share it: handle, tables, regions, life and death.

import { type ErrorPlace, GuestMemoryError, hex } from "../core/errors.ts";
import type { LinearMemory, Member } from "../core/linear-memory.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { describe, join, joinBig } from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { OnDenied } from "../device/on-denied.ts";
import type { OnUnmapped } from "../device/on-unmapped.ts";
import type { ExternalBytes } from "../external/external-memory.ts";
import { GuestRegion } from "../map/guest-region.ts";
import { type FlatRange, flatRanges, type Placement, placements } from "../map/map-text.ts";
import { deviceOf, externalOf, type MappedRegion } from "../map/mapped-region.ts";
import type { HostWriteListener } from "../observe/host-write.ts";
import { tellChanges } from "../observe/map-event.ts";
import { Watchers } from "../observe/watchers.ts";
import { ExternalPlaces } from "./external-runs.ts";
import { Machine } from "./machine.ts";
import { Mover } from "./mover.ts";

/** Entries of a page table: one for each 4 KiB page of the first 4 GiB. */
const ENTRIES = 1 << 20;
/** The control word that counts map changes. */
const GENERATION = 0;
const SAFE_END = 1n << 53n;

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; leave: () => void }>(
  ({ linear, handle, leave }) => {
    leave();
    linear.raw.gm_dispose(handle);
  },
);

/** What few spaces have. */
interface SpaceOptions {
  name?: string;
  machine?: Machine | undefined;
}

/**
 * Everything below `GuestMemory` holds a Space and never the GuestMemory itself. The core's side is freed by `dispose`,
 * or when the last holder of the Space (an accessor taken off its memory counts) is collected.
 */
export class Space implements Member {
  readonly linear: LinearMemory;
  readonly handle: number;
  /** Whether addresses are given as bigints. */
  readonly bigint: boolean;
  /** All of linear memory in words, which holds the page table from `tableIndex` on; empty after disposal. */
  words: Uint32Array<ArrayBuffer>;
  /** Where the page table starts in `words`. */
  readonly tableIndex: number;
  /** The control words behind it; empty after disposal. */
  control: Uint32Array<ArrayBuffer>;
  disposed = false;
  onUnmapped: OnUnmapped<Wide> | undefined;
  onDenied: OnDenied<Wide> | undefined;
  onHostWrite: HostWriteListener<Wide> | undefined;
  readonly watchers: Watchers;
  readonly mover: Mover;
  readonly externals: ExternalPlaces;
  /** What it shares with the other address spaces of its machine. */
  readonly machine: Machine;
  /** What this memory is called in `tree()`. */
  readonly name: string;
  /** Installs accessors over new arrays; set by the one who has the fields. */
  install: () => void = () => {};

  /** Made when somebody listens. */
  #events: EventTarget | undefined;
  /** The flat view that listeners know of. */
  #heard: FlatRange[] = [];
  /** The placements, read anew when they may have changed. */
  #placements: Map<number, Placement> | undefined;
  #placementsGeneration = 0;
  /** Transactions that were begun and not ended. */
  #depth = 0;
  readonly #leave: () => void;
  #regions: readonly GuestRegion<Wide>[] | undefined;
  #regionsGeneration = 0;
  #lastGeneration = 0;
  /** The generation that listeners know of. */
  #toldGeneration: number;

  constructor(linear: LinearMemory, handle: number, tableOffset: number, bigint: boolean, options: SpaceOptions = {}) {
    this.linear = linear;
    this.handle = handle;
    this.bigint = bigint;
    this.name = options.name ?? "memory";
    this.machine = options.machine ?? new Machine();
    this.watchers = new Watchers(this);
    this.mover = new Mover(this);
    this.externals = new ExternalPlaces(this);
    this.tableIndex = tableOffset / 4;
    this.words = linear.u32;
    this.control = linear.u32.subarray(this.tableIndex + ENTRIES, this.tableIndex + ENTRIES + 1);
    this.#toldGeneration = this.control[GENERATION] as number;
    this.#leave = linear.join(this);
    abandoned.register(this, { linear, handle, leave: this.#leave }, this);
  }

  arraysReplaced(): void {
    this.words = this.linear.u32;
    this.control = this.words.subarray(this.tableIndex + ENTRIES, this.tableIndex + ENTRIES + 1);
    this.install();
  }

  viewsDetached(): void {
    this.#events?.dispatchEvent(new Event("viewsdetached"));
  }

  /** Tells listeners if the map has changed since they were told, by this facade or by Rust code in the same module. */
  tellMap(): void {
    const generation = this.mapGeneration;
    if (generation === this.#toldGeneration || this.disposed) return;
    this.#toldGeneration = generation;
    if (this.#events === undefined) return;
    const [before, now] = [this.#heard, flatRanges(this)];
    this.#heard = now; // first, because a listener may change the map again
    tellChanges(this, this.#events, before, now);
    this.#events.dispatchEvent(new Event("mapchanged"));
  }

  /** Where events are fired; from now on it is known what has changed. */
  get events(): EventTarget {
    if (this.#events === undefined) {
      this.#events = new EventTarget();
      if (!this.disposed) this.#heard = flatRanges(this);
    }
    return this.#events;
  }

  /** At the start of whatever leaves the fast path: still alive, and the arrays are those of now. */
  enter(): void {
    if (this.disposed) throw new GuestMemoryError("DISPOSED", "the memory was disposed");
    this.linear.refresh();
    if (this.control[GENERATION] !== this.#toldGeneration) this.tellMap();
  }

  /** How often the map changed, modulo 2^32. Stays readable after disposal, as it was. */
  get mapGeneration(): number {
    if (this.disposed) return this.#lastGeneration;
    this.linear.replace(); // and not refresh: callers here are in the middle of something
    return this.control[GENERATION] as number;
  }

  /** The regions, in ascending order; read from the core when the map has changed. */
  get regions(): readonly GuestRegion<Wide>[] {
    const generation = this.mapGeneration;
    if (this.#regions === undefined || generation !== this.#regionsGeneration) {
      const memory = flatRanges(this).filter((range) => range.memory);
      const regions = memory.map(
        ({ start, last, host }) => new GuestRegion(this.own(start), Number(last - start + 1n), host),
      );
      this.#regions = Object.freeze(regions);
      this.#regionsGeneration = generation;
    }
    return this.#regions;
  }

  /** The region that holds an address that was checked; binary search. */
  regionAt(address: Wide): GuestRegion<Wide> | undefined {
    const { regions } = this;
    let from = 0;
    let end = regions.length;
    while (from < end) {
      const middle = (from + end) >>> 1;
      const region = regions[middle] as GuestRegion<Wide>;
      if (address < region.start) end = middle;
      else if (address > region.lastAddress) from = middle + 1;
      else return region;
    }
    return undefined;
  }

  /** The regions of this memory that have objects, in the order in which they were mapped. */
  mapped(): MappedRegion<Wide>[] {
    const regions = [...this.#places().keys()].map((id) => this.machine.get(id));
    return regions.filter((region) => region !== undefined);
  }

  /** Where a region is now, if it is mapped here. */
  placeOf(id: number): Placement | undefined {
    if (this.disposed) return undefined;
    this.enter();
    return this.#places().get(id);
  }

  #places(): Map<number, Placement> {
    const generation = this.mapGeneration;
    if (this.#placements === undefined || this.#placementsGeneration !== generation) {
      this.#placements = new Map(placements(this).map((placement) => [placement.id, placement]));
      this.#placementsGeneration = generation;
    }
    return this.#placements;
  }

  /** Throws a RangeError for a region that ends where this memory's kind of number cannot say. */
  expectEnd(start: Wide, size: Wide): void {
    wide.check(start, "start");
    if (this.bigint || BigInt(start) + BigInt(size) <= SAFE_END) return;
    const region = `the region at ${hex(start)}, ${size} bytes`;
    throw new RangeError(`${region}, ends past 2^53: make the memory with { addresses: "bigint" }`);
  }

  /** Changes the map by one call of the core, which gives a status; throws what that says. */
  change(what: string, place: ErrorPlace, act: () => number): void {
    this.enter();
    const status = act();
    this.#placements = undefined;
    const failure = status === 0 ? undefined : this.linear.failure(status, what, place);
    this.linear.refresh();
    if (failure) throw failure;
    if (this.#depth > 0) return;
    this.machine.forget();
    this.tellMap();
  }

  /** Runs several changes as one. */
  transaction<T>(change: () => T): T {
    if (typeof change !== "function") throw new TypeError(`change must be a function, not ${describe(change)}`);
    this.enter();
    const { raw } = this.linear;
    raw.gm_begin(this.handle);
    this.#depth++;
    this.machine.begin();
    let result: T;
    try {
      result = change();
      if (isPromise(result)) throw new TypeError("a transaction does not wait: it must not give a promise");
    } catch (error) {
      this.#depth--;
      if (!this.disposed) raw.gm_roll_back(this.handle);
      this.#placements = undefined;
      this.machine.end(true);
      this.machine.forget();
      throw error;
    }
    this.#depth--;
    this.machine.end(false);
    this.change("transaction", {}, () => raw.gm_commit(this.handle));
    return result;
  }

  /** Puts bytes into a region's own memory, wherever it is mapped. */
  load(id: number, contents: Uint8Array): void {
    const { linear } = this;
    linear.expect(linear.raw.gm_region_host(id), "contents");
    const host = linear.report[0] as number;
    linear.u8.set(contents, host);
    if (contents.length > 0) linear.dirty.fill(0xff, host >>> 12, ((host + contents.length - 1) >>> 12) + 1);
  }

  /** The device in a region of the core's. */
  device(id: number): BoundDevice {
    const region = this.machine.get(id);
    const device = region && deviceOf(region);
    if (device) return device;
    throw new GuestMemoryError("INVALID_HANDLER", "a device that Rust code has mapped has no handlers here");
  }

  /** The external memory in a region of the core's. */
  external(id: number): ExternalBytes {
    const region = this.machine.get(id);
    const external = region && externalOf(region);
    if (external) return external;
    throw new GuestMemoryError("INVALID_EXTERNAL", "external memory that Rust code has mapped is not known here");
  }

  /** A view of the page table. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(this.tableIndex, this.tableIndex + ENTRIES);
  }

  /** A user's address, in this memory's kind of number. */
  own(address: Wide): Wide {
    return this.bigint ? BigInt(address) : Number(address);
  }

  /** An address from the core, in this memory's kind of number. */
  address(low: number, high: number): Wide {
    return this.bigint ? joinBig(low, high) : join(low, high);
  }

  dispose(): void {
    if (this.disposed) return;
    this.#lastGeneration = this.mapGeneration;
    this.disposed = true;
    abandoned.unregister(this);
    this.#leave();
    this.linear.raw.gm_dispose(this.handle);
    this.words = new Uint32Array(0);
    this.control = this.words; // no generation: nothing that was resolved before is good any more
    this.#regions = undefined;
    this.onUnmapped = undefined;
    this.onDenied = undefined;
    this.onHostWrite = undefined;
    this.install();
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
