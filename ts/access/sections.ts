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

/** The number of pages in a leaf of the table: 4 MiB of guest addresses. */
const LEAF = 1024;
const LEAF_BYTES = LEAF * PAGE;

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

/** The pages of a leaf. */
export type Leaf = PageSections[];

const NO_PAGE = new PageSections(-1, [NOTHING]);
const NO_LEAF: Leaf = new Array<PageSections>(LEAF).fill(NO_PAGE);

/**
 * The side table of one memory. A page is described when an access to it misses the page table, and described again
 * when the map has changed since. Each answer is one that the core gave in the same generation of the map.
 */
export class Sections {
  /** The leaves of the first 4 GiB, by the upper 10 bits of the address. */
  readonly low: Leaf[] = new Array<Leaf>(LEAF).fill(NO_LEAF);
  /** The leaves from 4 GiB on, by address / 4 MiB. */
  readonly #far = new Map<number, Leaf>();
  readonly #space: Space;
  readonly #watchers: Watchers;
  #pages = 0;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
  }

  /** The leaf of any number. Numbers that are no addresses have a leaf without pages. */
  leaf(address: number): Leaf {
    const guest = address >>> 0;
    if (guest === address) return this.low[guest >>> 22] as Leaf;
    const unit = Math.floor(address / LEAF_BYTES);
    const whole = address - unit * LEAF_BYTES === (guest & (LEAF_BYTES - 1)); // not for a fraction
    return whole ? (this.#far.get(unit) ?? NO_LEAF) : NO_LEAF;
  }

  #page(address: number): PageSections {
    return this.leaf(address)[(address >>> 12) & (LEAF - 1)] as PageSections;
  }

  /** The section that holds an access, or `NOTHING`. */
  find(address: number, size: number): Section {
    const page = this.#page(address);
    if (page.generation !== this.#space.generation) return NOTHING;
    const at = address & (PAGE - 1);
    const section = page.cells[at >>> page.shift] as Section;
    return at + size <= section.end ? section : NOTHING;
  }

  /**
   * Learns more about the bytes of an access that `leaf` has no answer for. False if there is no more to learn. May run
   * listeners.
   */
  learn(address: unknown, size: number, access: Access): boolean {
    if (typeof address !== "number" || !Number.isSafeInteger(address) || address < 0) return false;
    const space = this.#space;
    const before = this.#page(address);
    space.enter();
    const page = this.#page(address); // a listener's access may have learned it
    if (page.generation === space.generation) {
      return page !== before || this.#learnWatched(page, address, size, access);
    }
    this.#set(address, this.#describe(address - (address % PAGE)));
    return true;
  }

  /** Forgets all pages. */
  forget(): void {
    this.low.fill(NO_LEAF);
    this.#far.clear();
    this.#pages = 0;
  }

  #set(address: number, page: PageSections): void {
    if (this.#pages === MOST_PAGES) this.forget();
    this.#pages++;
    let leaf = this.leaf(address);
    if (leaf === NO_LEAF) {
      leaf = NO_LEAF.slice();
      if (address < 0x1_0000_0000) this.low[address >>> 22] = leaf;
      else this.#far.set(Math.floor(address / LEAF_BYTES), leaf);
    }
    leaf[(address >>> 12) & (LEAF - 1)] = page;
  }

  #describe(page: number): PageSections {
    const { generation } = this.#space;
    const sections: Section[] = [];
    for (let start = 0; start < PAGE; ) {
      const section = sections.length < MOST_SECTIONS ? this.#section(page, start) : new Section(start, PAGE);
      sections.push(section);
      start = section.end;
    }
    return new PageSections(generation, sections);
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
    this.#set(address, new PageSections(page.generation, sections));
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
