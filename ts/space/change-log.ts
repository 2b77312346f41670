// ChangeLog: which pages of a machine's regions were written since a moment, for snapshots.

import { DIRTY_CLIENT } from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { collectRegion } from "./dirty-ranges.ts";
import type { RegionRecord } from "./placements.ts";
import type { Space } from "./space.ts";

/** The bytes of a page of a region; pages count from its first byte. */
export const PAGE = 4096;

/** Pages of a region: pairs of the first and the one behind the last, ascending and apart. */
export type PageRuns = [first: number, behind: number][];

/** Adds pages to runs that begin no later. */
export function addRun(runs: PageRuns, first: number, behind: number): void {
  const last = runs.at(-1);
  if (last && first <= last[1]) last[1] = Math.max(last[1], behind);
  else runs.push([first, behind]);
}

/** A moment. It holds the epochs after it: the log forgets those that no mark asks for. */
export interface Mark {
  /** The number of the last epoch before it; `ENDED` once it is no longer asked for. */
  epoch: number;
  /** The generations of the map and of permissions at that moment, in the space that made the mark. */
  generations: string;
}

/** How many epochs more than marks are not joined yet. */
const FEW = 16;

/** The epoch of a mark that holds no epochs any more. */
const ENDED = -1;

/** The pages that were written between two marks. */
interface Epoch {
  /** Its number; the first of them where epochs were joined is lost. */
  number: number;
  /** By the region's id; undefined where they are not known. */
  runs: Map<number, PageRuns> | undefined;
}

/**
 * The changes of one machine, by epochs. The log takes one of its seven dirty clients, as long as there is one; without
 * it the log knows nothing, and its users compare bytes.
 */
export class ChangeLog {
  readonly #linear: LinearMemory;
  /** The dirty client that is open. */
  #bit: number | undefined;
  #number = 0;
  readonly #epochs: Epoch[] = [];
  readonly #marks: WeakRef<Mark>[] = [];

  constructor(linear: LinearMemory) {
    this.#linear = linear;
  }

  /**
   * Ends the epoch that runs, and begins the next: gives a mark for the moment between them.
   *
   * @param regions - those that may have been written since the last call. Pages of others count as written after the mark.
   */
  mark(space: Space, regions: Iterable<RegionRecord> = space.machine.regions()): Mark {
    this.#end(space, regions);
    const mark = { epoch: this.#number, generations: generationsOf(space) };
    this.#marks.push(new WeakRef(mark));
    return mark;
  }

  /** As `mark`, for a mark that there is already. */
  move(space: Space, mark: Mark, regions: Iterable<RegionRecord>): void {
    this.#end(space, regions);
    mark.epoch = this.#number;
    mark.generations = generationsOf(space);
  }

  /** Lets go of a mark, before it is collected as garbage. */
  end(mark: Mark | undefined): void {
    if (mark) mark.epoch = ENDED;
  }

  /** The pages of regions, by id, that were written since a mark; undefined if that is not known. */
  since(space: Space, mark: Mark): Map<number, PageRuns> | undefined {
    this.#end(space, space.machine.regions());
    const epochs = this.#epochs.filter(({ number }) => number > mark.epoch);
    return epochs.length === 1 ? epochs[0]?.runs : joined(epochs);
  }

  /** Gives the dirty client back, for a user who asks for one. The epoch that runs is lost. */
  release(space: Space): boolean {
    const bit = this.#bit;
    if (bit === undefined) return false;
    this.#bit = undefined;
    this.#linear.raw.gm_dirty_close(space.handle, bit);
    return true;
  }

  #end(space: Space, regions: Iterable<RegionRecord>): void {
    const bit = this.#bit;
    let runs: Epoch["runs"];
    if (bit === undefined) {
      const { raw } = this.#linear;
      if (raw.gm_dirty_open(space.handle) === 0) this.#bit = this.#linear.reported(DIRTY_CLIENT);
    } else {
      runs = new Map();
      for (const region of regions) this.#collect(bit, region, runs);
    }
    if (runs?.size !== 0) this.#epochs.push({ number: ++this.#number, runs });
    this.#forget();
  }

  #collect(bit: number, { id, size }: RegionRecord, runs: Map<number, PageRuns>): void {
    if (this.#linear.raw.gm_region_run(id, 0) !== 0) return; // a device, an alias, external memory; or no longer there
    const pages: PageRuns = [];
    for (const [start, length] of collectRegion(this.#linear, bit, id, 0n, BigInt(size))) {
      const first = Math.floor(start / PAGE);
      const behind = Math.ceil((start + length) / PAGE);
      addRun(pages, first, behind);
    }
    if (pages.length > 0) runs.set(id, pages);
  }

  /** Forgets the epochs before all marks, and joins those with no mark in between. */
  #forget(): void {
    const held = new Set<number>();
    for (let index = this.#marks.length - 1; index >= 0; index--) {
      const epoch = this.#marks[index]?.deref()?.epoch;
      if (epoch === undefined || epoch === ENDED) this.#marks.splice(index, 1);
      else held.add(epoch);
    }
    const oldest = Math.min(...held, Number.POSITIVE_INFINITY);
    let gone = 0;
    while (gone < this.#epochs.length && (this.#epochs[gone] as Epoch).number <= oldest) gone++;
    this.#epochs.splice(0, gone);
    if (this.#epochs.length <= 2 * held.size + FEW) return; // joining costs more than what it saves
    const kept: Epoch[] = [];
    let between: Epoch[] = [];
    for (const epoch of this.#epochs) {
      between.push(epoch);
      if (!held.has(epoch.number) && epoch !== this.#epochs.at(-1)) continue;
      kept.push(between.length === 1 ? epoch : { number: epoch.number, runs: joined(between) });
      between = [];
    }
    this.#epochs.splice(0, this.#epochs.length, ...kept);
  }
}

/** The generations of a space's map and permissions, which move if either changes. */
export function generationsOf({ handle, mapGeneration, permissionGeneration }: Space): string {
  return `${handle} ${mapGeneration} ${permissionGeneration}`;
}

/** The pages of all epochs together. */
function joined(epochs: readonly Epoch[]): Epoch["runs"] {
  const lists = new Map<number, PageRuns[]>();
  for (const { runs } of epochs) {
    if (runs === undefined) return undefined;
    for (const [region, pages] of runs) {
      const list = lists.get(region);
      if (list) list.push(pages);
      else lists.set(region, [pages]);
    }
  }
  return new Map(
    [...lists].map(([region, list]) => [region, list.length === 1 ? (list[0] as PageRuns) : merged(list)]),
  );
}

/** The runs of all lists, in ascending order, without what they have in common. */
export function merged(lists: readonly PageRuns[]): PageRuns {
  const end = lists.reduce((most, pages) => pages.reduce((last, [, behind]) => Math.max(last, behind), most), 0);
  const marked = new Uint8Array(end);
  for (const pages of lists) for (const [first, behind] of pages) marked.fill(1, first, behind);
  const runs: PageRuns = [];
  for (let first = marked.indexOf(1); first >= 0; first = marked.indexOf(1, runs.at(-1)?.[1])) {
    const behind = marked.indexOf(0, first);
    runs.push([first, behind < 0 ? end : behind]);
  }
  return runs;
}
