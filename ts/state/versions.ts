// Versions: copies of pages, each by the mark at which it was taken, within a budget of bytes.

import { PAGE } from "../space/change-log.ts";
import { type Cells, cellsOf } from "./cells.ts";
import type { Place } from "./pages.ts";

/** The pages of a piece of memory for them: 256 KiB, so that a rewind takes memory as it needs it. */
const CHUNK = 64;
/** The bytes of a version: its page, three words, and a word in the list of its mark. */
export const VERSION_BYTES: number = PAGE + 4 * 4;
/** No version: a page of zeros. */
export const NONE = -1;

/** Pages of one region or section, by their newest versions. */
export class Track {
  /** The newest version of each page, or `NONE`. */
  newest: Int32Array;

  constructor(pages: number) {
    this.newest = new Int32Array(pages).fill(NONE);
  }

  /** Makes room for the pages of a section that has grown. */
  grow(pages: number): void {
    if (pages <= this.newest.length) return;
    const newest = new Int32Array(pages).fill(NONE);
    newest.set(this.newest);
    this.newest = newest;
  }
}

/** All versions of all pages. */
export class Versions {
  /** How many versions there can be. */
  readonly capacity: number;
  readonly #chunks: Cells[] = [];
  /** The mark at which a version was taken. */
  readonly #mark: Uint32Array;
  /** The version of the same page before it. */
  readonly #before: Int32Array;
  /** The versions that were given back, and how many they are. */
  readonly #free: Int32Array;
  #freed = 0;
  /** How many versions were ever in use. */
  #used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#mark = new Uint32Array(capacity);
    this.#before = new Int32Array(capacity);
    this.#free = new Int32Array(capacity);
  }

  /** How many can be taken. */
  get left(): number {
    return this.capacity - this.#used + this.#freed;
  }

  /** The bytes of memory that all of it takes. */
  get byteLength(): number {
    const chunks = this.#chunks.reduce((sum, { u8 }) => sum + u8.length, 0);
    return chunks + 3 * this.#mark.byteLength;
  }

  /** Takes the next version of a page. The caller fills its bytes. */
  take(track: Track, page: number, mark: number): number {
    const version = this.#freed > 0 ? (this.#free[--this.#freed] as number) : this.#used++;
    if (version >= this.#chunks.length * CHUNK) {
      const pages = Math.min(CHUNK, this.capacity - version);
      this.#chunks.push(cellsOf(new Uint8Array(pages * PAGE)));
    }
    this.#mark[version] = mark;
    this.#before[version] = track.newest[page] as number;
    track.newest[page] = version;
    return version;
  }

  /** Where the bytes of a version lie. */
  place(version: number): Place {
    return { cells: this.#chunks[Math.floor(version / CHUNK)] as Cells, at: (version % CHUNK) * PAGE };
  }

  /** The version that a page had at a mark; undefined for zeros. */
  at(track: Track, page: number, mark: number): number | undefined {
    let version = track.newest[page] ?? NONE;
    while (version !== NONE && (this.#mark[version] as number) > mark) version = this.#before[version] as number;
    return version === NONE ? undefined : version;
  }

  /** Gives back the versions before this one, the newest that is left of its page. */
  dropBefore(version: number): void {
    const before = this.#before[version] as number;
    if (before !== NONE) this.#free[this.#freed++] = before;
    this.#before[version] = NONE;
  }

  /** Gives back the newest version of a page. */
  dropNewest(track: Track, page: number): void {
    const version = track.newest[page] as number;
    track.newest[page] = this.#before[version] as number;
    this.#free[this.#freed++] = version;
  }
}
