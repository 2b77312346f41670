// RegionPages: the pages of a region as they are now: in linear memory, discarded, or external.

import { DIRTY_EVER, PAGE_BITS, REGION_HOST, REGION_RUN_BYTES } from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { addRun, PAGE, type PageRuns } from "../space/change-log.ts";
import type { RegionRecord } from "../space/placements.ts";
import { type Cells, cellsOf, equal, isZero } from "./cells.ts";
import { type PageSource, type Place, ZERO_PAGE } from "./pages.ts";

/** The pages of one region. It holds until other code runs, which may discard pages or replace a buffer. */
export class RegionPages implements PageSource {
  readonly size: number;
  readonly record: RegionRecord;
  readonly #linear: LinearMemory;
  readonly #cells: Cells;
  /** Adjacent bytes, from `#start` up to `#end`: where the first lies; undefined if they were discarded. */
  #first: number | undefined;
  #start = 0;
  #end = 0;
  /** Where the byte lies that was looked for last. */
  #host: number | undefined;

  constructor(record: RegionRecord) {
    this.record = record;
    this.size = Number(record.size);
    const { external, space } = record;
    this.#linear = space.linear;
    const { u8, u32 } = space.linear;
    this.#cells = external ? cellsOf(external.current(record.start, this.size)) : { u8, u32 };
    if (!external) return;
    this.#first = 0;
    this.#end = this.size;
  }

  /** The bytes of the page with a number: fewer at the region's end. */
  bytesOf(number: number): number {
    return Math.min(PAGE, this.size - number * PAGE);
  }

  isZero(number: number): boolean {
    return this.#each(number, (host, _done, count) => host === undefined || isZero(this.#cells, host, count));
  }

  /** Whether a page has the bytes of another place; undefined stands for zeros. */
  equals(number: number, place: Place = ZERO_PAGE): boolean {
    const { cells, at } = place;
    const bytes = this.bytesOf(number);
    const adjacent = this.#find(number * PAGE) >= bytes; // nearly always, and then without a closure
    const host = this.#host;
    if (adjacent && host !== undefined) return equal(this.#cells, host, cells, at, bytes);
    return this.#each(number, (host, done, count) =>
      host === undefined ? isZero(cells, at + done, count) : equal(this.#cells, host, cells, at + done, count),
    );
  }

  copy(first: number, behind: number, into: Uint8Array): void {
    const start = first * PAGE;
    const end = Math.min(behind * PAGE, this.size);
    for (let offset = start; offset < end; ) {
      const count = Math.min(this.#find(offset), end - offset);
      const at = this.#host;
      if (at === undefined) into.fill(0, offset - start, offset - start + count);
      else into.set(this.#cells.u8.subarray(at, at + count), offset - start);
      offset += count;
    }
  }

  /** Writes a page, whose bytes must not be discarded unless they are to be zeros, and marks it dirty. */
  write(number: number, { cells, at }: Place = ZERO_PAGE): void {
    const bytes = this.bytesOf(number);
    const adjacent = this.#find(number * PAGE) >= bytes;
    if (adjacent) this.#put(this.#host, cells.u8, at, bytes);
    else this.#each(number, (host, done, count) => this.#put(host, cells.u8, at + done, count));
  }

  #put(host: number | undefined, from: Uint8Array, at: number, count: number): true {
    if (host === undefined) return true;
    this.#cells.u8.set(from.subarray(at, at + count), host);
    if (!this.record.external) this.#linear.markDirty(host, count);
    return true;
  }

  /** Whether a page has bytes that were discarded. */
  isAbsent(number: number): boolean {
    return !this.#each(number, (host) => host !== undefined);
  }

  /** The runs of pages that may have a byte that is not 0. */
  written(): PageRuns {
    const pages: PageRuns = [];
    if (this.record.external) return this.all();
    for (let offset = 0; offset < this.size; ) {
      const count = this.#find(offset);
      if (this.#host !== undefined) this.#written(this.#host, offset, count, pages);
      offset += count;
    }
    return pages;
  }

  /** All pages, as one run. */
  all(): PageRuns {
    return [[0, Math.ceil(this.size / PAGE)]];
  }

  #written(host: number, offset: number, count: number, pages: PageRuns): void {
    const { dirty } = this.#linear;
    const last = (host + count - 1) >>> PAGE_BITS;
    for (let page = host >>> PAGE_BITS; page <= last; page++) {
      if (((dirty[page] as number) & DIRTY_EVER) === 0) continue;
      const from = Math.max(offset, offset + page * PAGE - host);
      const to = Math.min(offset + count, offset + (page + 1) * PAGE - host);
      addRun(pages, Math.floor(from / PAGE), Math.ceil(to / PAGE));
    }
  }

  /** Calls `give` for the parts of a page that are adjacent, until it returns false. */
  #each(number: number, give: (host: number | undefined, done: number, count: number) => boolean): boolean {
    const start = number * PAGE;
    const bytes = this.bytesOf(number);
    for (let done = 0; done < bytes; ) {
      const count = Math.min(this.#find(start + done), bytes - done);
      if (!give(this.#host, done, count)) return false;
      done += count;
    }
    return true;
  }

  /** Finds where a byte lies, for `#host`. Returns how many follow it there. */
  #find(offset: number): number {
    if (offset < this.#start || offset >= this.#end) this.#ask(offset);
    this.#host = this.#first === undefined ? undefined : this.#first + offset - this.#start;
    return this.#end - offset;
  }

  #ask(offset: number): void {
    const linear = this.#linear;
    linear.expect(linear.raw.gm_region_run(this.record.id, offset), "snapshot");
    const host = linear.reported(REGION_HOST);
    this.#first = host === 0 ? undefined : host;
    this.#start = offset;
    this.#end = offset + linear.reported(REGION_RUN_BYTES);
  }
}
