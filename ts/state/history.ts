// History: the states of a memory at a row of marks, each page kept once for each state in which it differs.

import { GuestMemoryError } from "../core/errors.ts";
import { addRun, generationsOf, type Mark, merged, PAGE, type PageRuns } from "../space/change-log.ts";
import type { Space } from "../space/space.ts";
import { bringBack, type KeptState } from "./bring-back.ts";
import { hasPages, logOf, sectionBytes } from "./capture.ts";
import { equal, isZero } from "./cells.ts";
import { type MapState, type RegionState, type Regions, readMap, regionsOfMap, stateOf } from "./map-state.ts";
import { sourceOfBytes } from "./pages.ts";
import { RegionPages } from "./region-pages.ts";
import { NONE, Track, VERSION_BYTES, Versions } from "./versions.ts";

/** The part of a budget in bytes for marks and for lists of sections, whose number is not known beforehand. */
const reserveOf = (budget: number) => Math.max(Math.min(budget / 8, 1 << 20), budget / 64);
/** The bytes of a mark beside its pages, for its map, lists and numbers. */
const MARK_BYTES = 512;

/** A state that was marked. */
interface Moment {
  readonly number: number;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly map: MapState;
  /** The sizes of the sections. */
  readonly sections: ReadonlyMap<string, number>;
  /** The pages that have a version of this mark. */
  readonly pages: ReadonlyMap<Track, number[]>;
}

/** Pages that differ from their newest version, and the way to their bytes. */
interface Change {
  readonly track: Track;
  readonly numbers: number[];
  copy(number: number, into: Uint8Array): void;
}

/** The history of one memory. The first mark is the base: it holds all pages, each other one the pages that differ. */
export class History {
  readonly #space: Space;
  readonly #budget: number;
  readonly #moments: Moment[] = [];
  #versions = new Versions(0);
  readonly #regions = new Map<string, Track>();
  readonly #sections = new Map<string, Track>();
  /** How many pages have a version. */
  #live = 0;
  #number = 0;
  #mark: Mark | undefined;

  constructor(space: Space, budget: number) {
    this.#space = space;
    this.#budget = budget;
  }

  /** How many marks are kept. */
  get length(): number {
    return this.#moments.length;
  }

  /** The bytes of memory that all of it takes. */
  get byteLength(): number {
    return this.#versions.byteLength + this.#listed() + this.#versions.capacity * 4 + bytesOf(this.#regions);
  }

  /** Keeps the state as it is now. */
  mark(given: Readonly<Record<string, Uint8Array>>): void {
    const sections = sectionBytes(given);
    const space = this.#space;
    space.enter();
    const regions = regionsOfMap(space);
    if (this.#isOther(regions)) this.#restart(regions);
    const log = logOf(space);
    const changed = this.#mark && log.since(space, this.#mark);
    // Before the bytes are read: an external source may run user code. Nothing was written since the changes were asked for.
    const next = log.mark(space, changed && []);
    try {
      this.#take(regions, sections, changed);
    } catch (error) {
      log.end(next);
      throw error;
    }
    log.end(this.#mark);
    this.#mark = next;
  }

  /** Keeps the pages that differ. */
  #take(
    regions: Regions,
    sections: ReadonlyMap<string, Uint8Array>,
    changed: ReadonlyMap<number, PageRuns> | undefined,
  ): void {
    const changes = [...this.#changesOf(regions, changed), ...this.#changesIn(sections)];
    this.#makeRoom(changes);
    const number = ++this.#number;
    const pages = new Map<Track, number[]>();
    for (const { track, numbers, copy } of changes) {
      for (const page of numbers) this.#keep(track, page, number, copy);
      if (numbers.length > 0) pages.set(track, numbers);
    }
    this.#moments.push({
      number,
      pages,
      sections: new Map([...sections].map(([name, bytes]) => [name, bytes.length])),
      ...this.#layout(regions),
    });
  }

  /** Brings back the state `count` marks before the newest, which is then the newest. Gives its sections. */
  back(count: number): Record<string, Uint8Array<ArrayBuffer>> {
    const space = this.#space;
    const target = this.#moments[this.#moments.length - 1 - count] as Moment;
    const find = (track: Track) => (page: number) => {
      const version = this.#versions.at(track, page, target.number);
      return version === undefined ? undefined : this.#versions.place(version);
    };
    const regions: KeptState["regions"] = new Map(
      [...target.regions].map(([key, region]) => {
        const track = this.#regions.get(key);
        return [key, { ...region, pages: track && { find: find(track) } }];
      }),
    );
    bringBack(space, {
      regions,
      map: target.map,
      generations: () => (target.map === this.#moments.at(-1)?.map ? this.#mark?.generations : undefined),
      changed: () => this.#changedSince(target),
      done: (written) => {
        while (this.#moments.at(-1) !== target) this.#dropNewest();
        logOf(space).move(space, this.#mark as Mark, written);
      },
    });
    return Object.fromEntries([...target.sections].map(([name, size]) => [name, this.#section(name, size, target)]));
  }

  #section(name: string, size: number, { number }: Moment): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    const track = this.#sections.get(name) as Track;
    for (let page = 0; page * PAGE < size; page++) {
      const version = this.#versions.at(track, page, number);
      if (version === undefined) continue;
      const { cells, at } = this.#versions.place(version);
      bytes.set(cells.u8.subarray(at, at + Math.min(PAGE, size - page * PAGE)), page * PAGE);
    }
    return bytes;
  }

  /** The pages that may differ from an older mark, by the region's id. */
  #changedSince(target: Moment): ReadonlyMap<number, PageRuns> | undefined {
    const changed = this.#mark && logOf(this.#space).since(this.#space, this.#mark);
    if (changed === undefined) return undefined;
    const all = new Map(changed);
    const later = this.#moments.filter(({ number }) => number > target.number);
    for (const [key, { id }] of regionsOfMap(this.#space)) {
      const track = this.#regions.get(key);
      const lists = later.flatMap(({ pages }) => (track && pages.has(track) ? [pages.get(track) as number[]] : []));
      if (lists.length > 0) all.set(id, merged([changed.get(id) ?? [], runsOf(lists)]));
    }
    return all;
  }

  /** The pages of the regions that differ from their newest versions. */
  #changesOf(regions: Regions, changed: ReadonlyMap<number, PageRuns> | undefined): Change[] {
    const changes: Change[] = [];
    const last = this.#moments.at(-1)?.regions;
    for (const [key, record] of regions) {
      const track = this.#regions.get(key);
      if (track === undefined) continue;
      const known = record.external || last?.get(key)?.id !== record.id ? undefined : changed;
      if (known && !known.has(record.id)) continue;
      const pages = new RegionPages(record);
      const numbers: number[] = [];
      const isFirst = this.#moments.length === 0;
      for (const [first, behind] of known?.get(record.id) ?? (isFirst ? pages.written() : pages.all())) {
        for (let page = first; page < behind; page++) {
          const version = track.newest[page] as number;
          const place = version === NONE ? undefined : this.#versions.place(version);
          if (!pages.equals(page, place)) numbers.push(page);
        }
      }
      changes.push({ track, numbers, copy: (page, into) => pages.copy(page, page + 1, into) });
    }
    return changes;
  }

  /** The pages of the sections that differ from their newest versions. */
  #changesIn(sections: ReadonlyMap<string, Uint8Array>): Change[] {
    return [...sections].map(([name, bytes]) => {
      const track = this.#sections.get(name) ?? new Track(0);
      this.#sections.set(name, track);
      track.grow(Math.ceil(bytes.length / PAGE));
      const source = sourceOfBytes(bytes);
      const numbers: number[] = [];
      for (let page = 0; page * PAGE < bytes.length; page++) {
        const version = track.newest[page] as number;
        const count = Math.min(PAGE, bytes.length - page * PAGE);
        const place = version === NONE ? undefined : this.#versions.place(version);
        const same = place
          ? equal(source.cells, page * PAGE, place.cells, place.at, count)
          : isZero(source.cells, page * PAGE, count);
        if (!same) numbers.push(page);
      }
      return { track, numbers, copy: (page, into) => source.copy(page, page + 1, into) };
    });
  }

  /** Keeps the bytes of a page. If there is room for one mark alone, they replace the version before. */
  #keep(track: Track, page: number, number: number, copy: Change["copy"]): void {
    const isNew = track.newest[page] === NONE;
    const replaces = this.#moments.length === 0 && !isNew;
    const version = replaces ? (track.newest[page] as number) : this.#versions.take(track, page, number);
    if (isNew) this.#live++;
    const { cells, at } = this.#versions.place(version);
    copy(page, cells.u8.subarray(at, at + PAGE));
  }

  /**
   * Lets the oldest marks fall off until the changes fit.
   *
   * @throws GuestMemoryError `BUDGET_EXCEEDED` if they do not fit even without all other marks; then no mark falls off.
   */
  #makeRoom(changes: readonly Change[]): void {
    const all = changes.reduce((sum, { numbers }) => sum + numbers.length, 0);
    const fresh = changes.reduce((sum, { track, numbers }) => {
      return sum + numbers.filter((page) => track.newest[page] === NONE).length;
    }, 0);
    const listed = bytesOf(this.#sections) + MARK_BYTES;
    if (this.#live + fresh > this.#versions.capacity || listed > reserveOf(this.#budget)) {
      const pages = (this.#live + fresh) * VERSION_BYTES + bytesOf(this.#regions);
      const needed = Math.ceil(Math.max((pages * 8) / 7, pages + listed, listed * 8)); // 7 / 8 are always for pages
      throw new GuestMemoryError(
        "BUDGET_EXCEEDED",
        `mark: one copy of what is written takes ${needed} bytes, and the budget is ${this.#budget}`,
        { length: needed },
      );
    }
    const fits = () => this.#versions.left >= all && this.#listed() + MARK_BYTES <= reserveOf(this.#budget);
    while (this.#moments.length > 1 && !fits()) this.#dropOldest();
    if (!fits()) this.#moments.pop(); // the base alone is left, and the new mark takes its place
  }

  #dropOldest(): void {
    this.#moments.shift();
    for (const [track, pages] of this.#moments[0]?.pages ?? []) {
      for (const page of pages)
        this.#versions.dropBefore(this.#versions.at(track, page, this.#moments[0]?.number ?? 0) as number);
    }
  }

  #dropNewest(): void {
    for (const [track, pages] of this.#moments.pop()?.pages ?? []) {
      for (const page of pages) {
        this.#versions.dropNewest(track, page);
        if (track.newest[page] === NONE) this.#live--;
      }
    }
  }

  /** The regions and the map, as they were if nothing has changed since the newest mark. */
  #layout(regions: Regions): Pick<Moment, "regions" | "map"> {
    const last = this.#moments.at(-1);
    if (last && this.#mark?.generations === generationsOf(this.#space)) return { regions: last.regions, map: last.map };
    return {
      regions: new Map([...regions].map(([key, record]) => [key, stateOf(key, record)])),
      map: readMap(this.#space, regions),
    };
  }

  /** Whether the memory has other regions than at the newest mark. */
  #isOther(regions: Regions): boolean {
    const last = this.#moments.at(-1)?.regions;
    if (last === undefined || last.size !== regions.size) return true;
    return [...regions].some(([key, { kind, size }]) => {
      const known = last.get(key);
      return known?.kind !== kind || BigInt(known.size) !== BigInt(size);
    });
  }

  /** Forgets all marks, and begins with these regions. */
  #restart(regions: Regions): void {
    const tracks = [...regions].filter(([, record]) => hasPages(record));
    const sizes = tracks.map(([key, { size }]) => [key, Math.ceil(Number(size) / PAGE)] as const);
    const fixed = sizes.reduce((sum, [, pages]) => sum + pages * 4, 0);
    const capacity = Math.max(0, Math.floor((this.#budget - reserveOf(this.#budget) - fixed) / VERSION_BYTES));
    this.#moments.length = 0;
    this.#regions.clear();
    this.#sections.clear();
    this.#mark = undefined;
    this.#live = 0;
    this.#versions = new Versions(capacity);
    for (const [key, pages] of sizes) this.#regions.set(key, new Track(pages));
  }

  /** The bytes of the lists. */
  #listed(): number {
    return bytesOf(this.#sections) + this.#moments.length * MARK_BYTES;
  }
}

/** The runs of the pages in lists. */
function runsOf(lists: readonly (readonly number[])[]): PageRuns {
  const numbers = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const list of lists) {
    numbers.set(list, filled);
    filled += list.length;
  }
  const runs: PageRuns = [];
  for (const number of numbers.sort()) addRun(runs, number, number + 1);
  return runs;
}

/** The bytes of tracks. */
function bytesOf(tracks: ReadonlyMap<string, Track>): number {
  return [...tracks.values()].reduce((sum, { newest }) => sum + newest.byteLength, 0);
}
