// Space: one VM as the facade's parts share it: handle, tables, regions, life and death.

import { GuestMemoryError } from "./errors.ts";
import type { LinearMemory, Member } from "./linear-memory.ts";
import type { OnUnmapped } from "./on-unmapped.ts";
import { GuestRegion } from "./region.ts";
import { join, joinBig, type Wide } from "./wide.ts";

/** Entries of a page table: one for each 4 KiB page of the first 4 GiB. */
const ENTRIES = 1 << 20;
/** The control word that counts map changes. */
const GENERATION = 0;

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; leave: () => void }>(
  ({ linear, handle, leave }) => {
    leave();
    linear.raw.gm_dispose(handle);
  },
);

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
  /** Installs accessors over new arrays; set by the one who has the fields. */
  install: () => void = () => {};
  /** Made when somebody listens. */
  events: EventTarget | undefined;

  readonly #leave: () => void;
  #regions: readonly GuestRegion<Wide>[] | undefined;
  #regionsGeneration = 0;
  #lastGeneration = 0;
  /** The generation that listeners know of. */
  #toldGeneration: number;

  constructor(linear: LinearMemory, handle: number, tableOffset: number, bigint: boolean) {
    this.linear = linear;
    this.handle = handle;
    this.bigint = bigint;
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
    this.events?.dispatchEvent(new Event("viewsdetached"));
  }

  /** Tells listeners if the map has changed since they were told, by this facade or by Rust code in the same module. */
  tellMap(): void {
    const generation = this.mapGeneration;
    if (generation === this.#toldGeneration || this.disposed) return;
    this.#toldGeneration = generation;
    this.events?.dispatchEvent(new Event("mapchanged"));
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
      const { raw } = this.linear;
      const regions: GuestRegion<Wide>[] = [];
      for (let index = 0; index < raw.gm_region_count(this.handle); index++) {
        this.linear.expect(raw.gm_region(this.handle, index), "regions");
        const [startLow = 0, startHigh = 0, sizeLow = 0, sizeHigh = 0, host = 0] = this.linear.report;
        const region = new GuestRegion(this.address(startLow, startHigh), join(sizeLow, sizeHigh), host);
        regions.push(region);
      }
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

  /** A view of the page table. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(this.tableIndex, this.tableIndex + ENTRIES);
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
    this.install();
  }
}
