// Sections: a side table of pages that the page table does not serve. An access there asks the core only once.

import {
  ACCESS_EXECUTE,
  ACCESS_LOAD,
  ACCESS_READ,
  ACCESS_WRITE,
  FOUND_ABSENT,
  FOUND_DEVICE,
  FOUND_FORBIDDEN,
  FOUND_MEMORY,
  FOUND_NOTHING,
  FOUND_READ_ONLY,
} from "../core/abi.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { Access } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import { DENIED, DEVICE, HOLE, MEMORY, NOTHING, PAGE, PageSections, Section, UNKNOWN } from "./section.ts";

/** How many pages are found fast. */
const RECENT = 1024;

/** How many pages are remembered. When there are more, all are forgotten: memory for the table is bounded. */
const MOST_PAGES = 1 << 14;

/** How many sections of a page are remembered. A page of more is left to the core. */
const MOST_SECTIONS = 256;

/** The kinds of sections for the results of `gm_piece`; unknown for the others. */
const KINDS: readonly (number | undefined)[] = Object.assign([], {
  [FOUND_MEMORY]: MEMORY,
  [FOUND_DEVICE]: DEVICE,
  [FOUND_READ_ONLY]: DENIED,
  [FOUND_FORBIDDEN]: DENIED,
  [FOUND_NOTHING]: HOLE,
});

const NO_PAGE = new PageSections(0, -1, [NOTHING]);

/** The bytes of a granule, and how many of them have a place. */
const GRANULE = 256;
const GRANULES = 1024;

/** The bits of a granule's place, which is four words: its number, the generation of the map, and its host offset. */
export const PLACES: number = 4 * (GRANULES - 1);

/** The host offset of a granule that is not RAM. */
export const NOWHERE = 0xffff_ffff;

/** The bits of a page's place among the recent ones. */
export const SLOTS: number = RECENT - 1;

function slotOf(address: number): number {
  return ((address >>> 12) ^ (address >>> 22)) & SLOTS;
}

/**
 * The side table of one memory. A page is described when an access to it misses the page table, and described again
 * when the map has changed since. Each answer is one that the core gave in the same generation of the map.
 */
export class Sections {
  /** The page that was found last in each slot. */
  readonly recent: PageSections[] = new Array<PageSections>(RECENT).fill(NO_PAGE);
  /**
   * Granules below 4 GiB that lie in one section, for RAM with its host offset. An access there needs no objects, which
   * makes it twice as fast. The low bits of a granule's number select its place.
   */
  readonly granules: Uint32Array<ArrayBuffer> = new Uint32Array(4 * GRANULES).fill(-1);
  /** The section of each granule. */
  readonly owners: Section[] = new Array<Section>(GRANULES).fill(NOTHING);
  /** The addresses of pages of RAM from 4 GiB on; and two words for each, its generation and its host offset. */
  readonly farStarts: Float64Array<ArrayBuffer> = new Float64Array(RECENT).fill(Number.NaN);
  readonly farPages: Uint32Array<ArrayBuffer> = new Uint32Array(2 * RECENT);
  /** All pages, by their addresses. */
  readonly #pages = new Map<number, PageSections>();
  readonly #space: Space;
  readonly #watchers: Watchers;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
  }

  /** The section that holds an access, or `NOTHING`. Any number may be asked for. */
  find(address: number, size: number): Section {
    const page = this.#page(address);
    const at = address - page.start;
    if ((at & (PAGE - 1)) !== at || page.generation !== this.#space.generation) return NOTHING;
    const section = page.cells[at >>> page.shift] as Section;
    return at + size <= section.end ? section : NOTHING;
  }

  #page(address: number): PageSections {
    const recent = this.recent[slotOf(address)] as PageSections;
    if (recent.start + PAGE > address && recent.start <= address) return recent;
    const page = this.#pages.get(address - (address % PAGE));
    if (page === undefined) return NO_PAGE;
    this.#setRecent(page);
    return page;
  }

  /**
   * Learns more about the bytes of an access that `leaf` has no answer for. False if there is no more to learn. May run
   * listeners.
   */
  learn(address: number, size: number, access: Access): boolean {
    if (!Number.isSafeInteger(address) || address < 0) return false;
    const space = this.#space;
    const before = this.#page(address);
    space.enter();
    const page = this.#page(address); // a listener's access may have learned it
    if (page.generation === space.generation) {
      return page !== before || this.#learnWatched(page, address, size, access);
    }
    this.#set(this.#describe(address - (address % PAGE)));
    return true;
  }

  /** Forgets all pages. */
  forget(): void {
    this.recent.fill(NO_PAGE);
    this.granules.fill(-1);
    this.owners.fill(NOTHING);
    this.farStarts.fill(Number.NaN);
    this.#pages.clear();
  }

  #set(page: PageSections): void {
    if (this.#pages.size === MOST_PAGES) this.forget();
    this.#pages.set(page.start, page);
    this.#setRecent(page);
  }

  #setRecent(page: PageSections): void {
    const { start, generation, sections } = page;
    this.recent[slotOf(start)] = page;
    if (start < 0x1_0000_0000) {
      for (const section of sections) this.#setGranules(page, section);
      return;
    }
    const [first] = sections as [Section];
    if (first.read !== MEMORY || first.write !== MEMORY || first.end < PAGE || first.host % PAGE !== 0) return;
    const slot = (start >>> 12) & SLOTS;
    this.farStarts[slot] = start;
    this.farPages.set([generation, first.host], 2 * slot);
  }

  #setGranules({ start, generation }: PageSections, section: Section): void {
    const isRam = section.read === MEMORY && section.write === MEMORY;
    const first = Math.ceil(section.start / GRANULE) * GRANULE;
    for (let at = first; at + GRANULE <= section.end; at += GRANULE) {
      const number = (start + at) / GRANULE;
      const host = section.host + at;
      const direct = isRam && host >>> 12 === (host + GRANULE - 1) >>> 12; // one host page, so a store marks one
      const place = ((number << 2) ^ (number >>> 12)) & PLACES;
      this.granules.set([number, generation, direct ? host : NOWHERE], place);
      this.owners[place / 4] = section;
    }
  }

  #describe(page: number): PageSections {
    const { generation } = this.#space;
    const sections: Section[] = [];
    for (let start = 0; start < PAGE; ) {
      const section = sections.length < MOST_SECTIONS ? this.#section(page, start) : new Section(start, PAGE);
      sections.push(section);
      start = section.end;
    }
    return new PageSections(page, generation, sections);
  }

  /**
   * The section from an offset in a page on, up to `end` at most. No watch sees the kinds of access in `unwatched`
   * there.
   */
  #section(page: number, start: number, end = PAGE, unwatched = 0): Section {
    const { piece, machine } = this.#space;
    const section = new Section(start, end);
    section.unwatched = unwatched;
    /** Asks the core for one kind of access. */
    const ask = (access: Access): number => {
      const kind = piece.find(page + start, section.end - start, access);
      const { bytes, offset, region, watched } = piece;
      section.end = start + bytes;
      // The core's `watched` goes by the page, and leaves out holes.
      if (watched || (kind === FOUND_NOTHING && this.#watchers.isWatched(page + start, bytes, access))) {
        if ((unwatched & access) === 0) {
          section.watched |= access;
          return UNKNOWN;
        }
      }
      if (kind === FOUND_MEMORY) section.host = offset - start;
      if (kind === FOUND_DEVICE) {
        section.device = machine.get(region)?.device;
        section.offset = offset - start;
        section.handlers = section.device?.handlers;
        if (section.device === undefined) return UNKNOWN;
      }
      return KINDS[kind] ?? UNKNOWN;
    };
    section.read = ask(ACCESS_READ);
    section.write = ask(ACCESS_WRITE);
    section.execute = ask(ACCESS_EXECUTE);
    // Discarded memory gets its host pages without a change of this map, so its place is not remembered.
    const absent = piece.find(page + start, section.end - start, ACCESS_LOAD) === FOUND_ABSENT;
    section.end = start + piece.bytes;
    return absent ? new Section(start, section.end) : section;
  }

  /** Cuts the section of an access on a watched page, so that the bytes around it that no watch sees are apart. */
  #learnWatched(page: PageSections, address: number, size: number, access: Access): boolean {
    const at = address % PAGE;
    const section = page.cells[at >>> page.shift] as Section;
    if ((section.watched & access) === 0 || at + size > section.end) return false;
    const base = address - at;
    const free = (from: number, to: number) => !this.#watchers.isWatched(base + from, to - from, access);
    if (!free(at, at + size)) return false;
    const end = last(at + size, section.end, (to) => free(at, to));
    const start = -last(-at, -section.start, (from) => free(-from, at));
    const middle = this.#section(base, start, end, section.unwatched | access);
    const before = start > section.start ? [section.part(section.start, start)] : [];
    const behind = end < section.end ? [section.part(end, section.end)] : [];
    const sections = page.sections.flatMap((other) => (other === section ? [...before, middle, ...behind] : [other]));
    this.#set(new PageSections(base, page.generation, sections));
    return true;
  }
}

/** The highest number from `low` to `high` that holds, if all up to some number do. `low` does. */
function last(low: number, high: number, holds: (value: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    if (holds(middle)) from = middle;
    else to = middle - 1;
  }
  return from;
}
