// Restore: brings a memory back to a snapshot. Changes only pages that differ, and all of them or none.

import { ACCESS_LOAD } from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import { checkObject } from "../core/options.ts";
import { within } from "../map/region-bytes.ts";
import { PAGE, type PageRuns } from "../space/change-log.ts";
import { type Run, runsWritten } from "../space/host-writes.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { type ChangesBy, checkBy, hasPages, logOf } from "./capture.ts";
import { type Regions, regionsOfMap, restoreMap } from "./map-state.ts";
import type { Pages } from "./pages.ts";
import { RegionPages } from "./region-pages.ts";
import { partsOf, type Snapshot, type SnapshotParts } from "./snapshot.ts";

/**
 * Options of {@link GuestMemory.restore}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RestoreOptions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const saved = memory.snapshot();
 * memory.view(0, 1)[0] = 7; // and no markDirty
 * const options: RestoreOptions = { by: "bytes" };
 * memory.restore(saved, options);
 * console.assert(memory.readUint8(0) === 0);
 * ```
 */
export interface RestoreOptions {
  /** How the pages to compare are found, as in {@link SnapshotOptions.by}. Default `"marks"`. */
  by?: ChangesBy;
}

/** Pages of a region that differ from the snapshot's. */
interface Difference {
  readonly record: RegionRecord;
  readonly wanted: Pages;
  readonly runs: PageRuns;
}

/** Brings a memory back to a snapshot. */
export function restore(space: Space, snapshot: Snapshot, options: RestoreOptions): void {
  const parts = partsOf(snapshot);
  checkObject(options, "options");
  const byBytes = checkBy(options.by);
  space.enter();
  const regions = matching(space, parts);
  let differences = differencesOf(space, regions, parts, byBytes);
  if (prepare(space, differences)) {
    // A trap's callback has run, or memory has grown: the bytes are compared again.
    space.enter();
    if (matching(space, parts).size !== regions.size) throw mismatch("a callback has changed the map");
    differences = differencesOf(space, regions, parts, byBytes);
    populate(differences);
  }
  restoreMap(space, regions, parts.map, () => write(differences));
  const log = logOf(space);
  const mark = parts.marks.get(log);
  if (mark) log.move(space, mark);
  else parts.marks.set(log, log.mark(space));
  if (space.machine.listening.size > 0)
    runsWritten(
      space,
      differences.flatMap(({ record, runs }) => toRuns(record, runs)),
    );
}

/**
 * The regions of a memory, which must be the same as a snapshot's.
 *
 * @throws GuestMemoryError `SNAPSHOT_MISMATCH` unless there are the same.
 */
function matching(space: Space, parts: SnapshotParts): Regions {
  const regions = regionsOfMap(space);
  for (const [key, { kind, size }] of parts.regions) {
    const record = regions.get(key);
    const wanted = `region "${key}" of kind ${kind} with ${size} bytes`;
    if (record === undefined) throw mismatch(`the snapshot has a ${wanted}, and the memory has none of this name`);
    if (record.kind !== kind || BigInt(record.size) !== BigInt(size))
      throw mismatch(
        `the snapshot has a ${wanted}, and the memory one of kind ${record.kind} with ${record.size} bytes`,
      );
    const isMapped = space.placements.has(record.id);
    if (isMapped !== parts.map.places.has(key))
      throw mismatch(
        `region "${key}" ${isMapped ? "is in the map, and in the snapshot it" : "is in the snapshot's map, and"} is not`,
      );
  }
  for (const key of regions.keys()) {
    if (!parts.regions.has(key)) throw mismatch(`the snapshot has no region "${key}", which the memory has`);
  }
  return regions;
}

function mismatch(text: string): GuestMemoryError {
  return new GuestMemoryError("SNAPSHOT_MISMATCH", `restore: ${text}`);
}

/** The pages that differ. */
function differencesOf(space: Space, regions: Regions, parts: SnapshotParts, byBytes: boolean): Difference[] {
  const log = logOf(space);
  const mark = parts.marks.get(log);
  const changed = mark && !byBytes ? log.since(space, mark) : undefined;
  const differences: Difference[] = [];
  for (const [key, record] of regions) {
    const wanted = parts.regions.get(key)?.pages;
    if (wanted === undefined || !hasPages(record)) continue;
    if (changed && !record.external && !changed.has(record.id)) continue;
    const pages = new RegionPages(record);
    const candidates = changed && !record.external ? (changed.get(record.id) as PageRuns) : pages.all();
    const runs: PageRuns = [];
    for (const [first, behind] of candidates) {
      for (let number = first; number < behind; number++) {
        if (pages.equals(number, wanted.find(number))) continue;
        const last = runs.at(-1);
        if (last?.[1] === number) last[1] = number + 1;
        else runs.push([number, number + 1]);
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
