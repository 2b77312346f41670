// BringBack: brings a memory back to a state that was kept. Changes only pages that differ, and all of them or none.

import { ACCESS_LOAD } from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import { within } from "../map/region-bytes.ts";
import { addRun, generationsOf, PAGE, type PageRuns } from "../space/change-log.ts";
import { type Run, runsWritten } from "../space/host-writes.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { hasPages } from "./capture.ts";
import { type MapState, type RegionState, type Regions, regionsOfMap, restoreMap } from "./map-state.ts";
import type { Place } from "./pages.ts";
import { RegionPages } from "./region-pages.ts";

/** The pages of a region as they were. */
export interface KeptPages {
  /** The bytes of a page; undefined if they are zeros. */
  find(number: number): Place | undefined;
}

/** A state that was kept. */
export interface KeptState {
  readonly regions: ReadonlyMap<string, RegionState & { readonly pages: KeptPages | undefined }>;
  readonly map: MapState;
  /** The generations at which memory had this map last; undefined if that is not known. */
  generations(): string | undefined;
  /** The pages that may differ, by the region's id; undefined if any may. External memory has no marks, and may always. */
  changed(): ReadonlyMap<number, PageRuns> | undefined;
  /** Called when memory has the state, before a user's listeners run, with the regions that were written. */
  done(written: readonly RegionRecord[]): void;
}

/** Pages of a region that differ from the kept ones. */
interface Difference {
  readonly record: RegionRecord;
  readonly wanted: KeptPages;
  readonly runs: PageRuns;
}

/** Brings a memory back. Errors are documented at {@link GuestMemory.restore}. */
export function bringBack(space: Space, state: KeptState): void {
  space.enter();
  // The map has not changed since it was the state's: it has the state's regions.
  const isSame = state.generations() === generationsOf(space);
  let regions = isSame ? regionsOfMap(space) : matching(space, state);
  let differences = differencesOf(regions, state);
  if (prepare(space, differences)) {
    // A trap's callback has run, or memory has grown: the bytes are compared again.
    space.enter();
    regions = matching(space, state);
    differences = differencesOf(regions, state);
    populate(differences);
  }
  if (state.generations() === generationsOf(space)) write(differences);
  else restoreMap(space, regions, state.map, () => write(differences));
  state.done(differences.map(({ record }) => record));
  if (space.machine.listening.size === 0) return;
  runsWritten(
    space,
    differences.flatMap(({ record, runs }) => toRuns(record, runs)),
  );
}

/**
 * The regions of a memory. They must have the names, kinds and sizes that the state has.
 *
 * @throws GuestMemoryError `SNAPSHOT_MISMATCH`.
 */
function matching(space: Space, state: KeptState): Regions {
  const regions = regionsOfMap(space);
  for (const [key, { kind, size }] of state.regions) {
    const record = regions.get(key);
    const wanted = `region "${key}" of kind ${kind} with ${size} bytes`;
    if (record === undefined) throw mismatch(`the snapshot has a ${wanted}, and the memory has none of this name`);
    if (record.kind !== kind || BigInt(record.size) !== BigInt(size))
      throw mismatch(
        `the snapshot has a ${wanted}, and the memory one of kind ${record.kind} with ${record.size} bytes`,
      );
    const isMapped = space.placements.has(record.id);
    if (isMapped !== state.map.places.has(key))
      throw mismatch(
        `region "${key}" ${isMapped ? "is in the map, and in the snapshot it" : "is in the snapshot's map, and"} is not`,
      );
  }
  for (const key of regions.keys()) {
    if (!state.regions.has(key)) throw mismatch(`the snapshot has no region "${key}", which the memory has`);
  }
  return regions;
}

function mismatch(text: string): GuestMemoryError {
  return new GuestMemoryError("SNAPSHOT_MISMATCH", `restore: ${text}`);
}

/** The pages that differ. */
function differencesOf(regions: Regions, state: KeptState): Difference[] {
  const changed = state.changed();
  const differences: Difference[] = [];
  for (const [key, record] of regions) {
    const wanted = state.regions.get(key)?.pages;
    if (wanted === undefined || !hasPages(record)) continue;
    const known = record.external || state.regions.get(key)?.id !== record.id ? undefined : changed;
    if (known && !known.has(record.id)) continue;
    const pages = new RegionPages(record);
    const runs: PageRuns = [];
    for (const [first, behind] of known?.get(record.id) ?? pages.all()) {
      for (let number = first; number < behind; number++) {
        if (!pages.equals(number, wanted.find(number))) addRun(runs, number, number + 1);
      }
    }
    if (runs.length > 0) differences.push({ record, wanted, runs });
  }
  return differences;
}

/** Does what may fail or run a user's code, before any byte changes. Returns whether any code may have run. */
function prepare(space: Space, differences: readonly Difference[]): boolean {
  const { generation } = space.linear;
  populate(differences);
  let touched = space.linear.generation !== generation;
  if (!space.traps.any) return touched;
  for (const { record, runs } of differences) {
    within(record, "restore", 0, 0, ({ traps }) => {
      for (const { start, length } of toRuns(record, runs)) {
        if (!traps.touches(start, length)) continue;
        touched = true;
        traps.spring(start, length, ACCESS_LOAD);
      }
    });
  }
  return touched;
}

/** Gives host pages to the pages that were discarded and get bytes. Linear memory may grow. */
function populate(differences: readonly Difference[]): void {
  for (const { record, runs } of differences) {
    if (record.external) continue;
    const pages = new RegionPages(record);
    const absent: number[] = [];
    for (const number of numbersOf(runs)) if (pages.isAbsent(number)) absent.push(number);
    if (absent.length === 0) continue;
    within(record, "restore", 0, 0, ({ mover }) => {
      for (const number of absent) mover.populate(number * PAGE, pages.bytesOf(number), "restore");
    });
  }
}

/** Writes the pages. Nothing can fail any more. */
function write(differences: readonly Difference[]): void {
  for (const { record, wanted, runs } of differences) {
    const pages = new RegionPages(record);
    for (const number of numbersOf(runs)) pages.write(number, wanted.find(number));
  }
}

function* numbersOf(runs: PageRuns): Iterable<number> {
  for (const [first, behind] of runs) for (let number = first; number < behind; number++) yield number;
}

/** The runs of bytes of a region. */
function toRuns({ id, size }: RegionRecord, runs: PageRuns): Run[] {
  return runs.map(([first, behind]) => {
    const start = first * PAGE;
    return { region: id, start: BigInt(start), length: Math.min(behind * PAGE, Number(size)) - start };
  });
}
