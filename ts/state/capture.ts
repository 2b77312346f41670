// Capture: makes a snapshot of a memory, full or of what has changed.

import { byteLengthOf, part } from "../core/byte-array.ts";
import { checkObject, oneOf } from "../core/options.ts";
import { ChangeLog, PAGE, type PageRuns } from "../space/change-log.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { equal } from "./cells.ts";
import { type RegionState, readMap, regionsOfMap, stateOf } from "./map-state.ts";
import { type Pages, sourceOfBytes, takePages } from "./pages.ts";
import { RegionPages } from "./region-pages.ts";
import { partsOf, Snapshot } from "./snapshot.ts";

/**
 * The way in which changed pages are found; {@link SnapshotOptions.by} describes each.
 *
 * @example
 * ```ts
 * import { type ChangesBy, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const saved = memory.snapshot();
 * memory.view(0, 1)[0] = 1; // not marked
 * const by: ChangesBy = "bytes";
 * console.assert(memory.snapshot({ since: saved, by }).byteLength > 0);
 * ```
 */
export type ChangesBy = "marks" | "bytes";

/**
 * Options of {@link GuestMemory.snapshot}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type SnapshotOptions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const options: SnapshotOptions = { since: memory.snapshot(), sections: { cpu: new Uint8Array(64) } };
 * console.assert(memory.snapshot(options).sections.length === 1);
 * ```
 */
export interface SnapshotOptions {
  /** The snapshot to hold the changes since, of this memory or of one with the same regions. Default: hold everything. */
  since?: Snapshot;
  /** The state of devices, of a CPU: bytes by name. Their number may change from one snapshot to the next. */
  sections?: Readonly<Record<string, Uint8Array>>;
  /**
   * How the changed pages are found. `"marks"`: by the marks of writes, which cost nothing to look at; writes through a view
   * count if they were marked. `"bytes"`: all bytes are compared. External memory has no marks, and is compared. Default
   * `"marks"`.
   */
  by?: ChangesBy;
}

/** Makes a snapshot. */
export function capture(space: Space, options: SnapshotOptions): Snapshot {
  checkObject(options, "options");
  const { since, sections: given = {}, by } = options;
  const base = since === undefined ? undefined : partsOf(since, "since");
  const byBytes = checkBy(by);
  const sections = takeSections(given, base?.sections);
  space.enter();
  const regions = regionsOfMap(space);
  const log = logOf(space);
  const mark = base?.marks.get(log);
  const changed = base && mark && !byBytes ? log.since(space, mark) : undefined;
  // Before the bytes are read: an external source may run user code. Nothing was written since the changes were asked for.
  const marks = new WeakMap([[log, log.mark(space, changed && [])]]);
  const states = new Map<string, RegionState & { pages: Pages | undefined }>();
  for (const [key, record] of regions) {
    const known = base?.regions.get(key);
    const { kind, size } = record;
    const same = known?.kind === kind && BigInt(known.size) === BigInt(size) ? known.pages : undefined;
    const isKnown = changed !== undefined && !record.external && known?.id === record.id;
    const runs = isKnown ? (changed.get(record.id) ?? []) : undefined;
    const pages = hasPages(record) ? takeRegion(new RegionPages(record), same, runs) : undefined;
    states.set(key, { ...stateOf(key, record), pages });
  }
  const map = readMap(space, regions);
  return new Snapshot({ base: since, regions: states, map, sections, bigint: space.bigint, moment: {}, marks });
}

/** The log of a space's machine. */
export function logOf(space: Space): ChangeLog {
  space.machine.changeLog ??= new ChangeLog(space.linear);
  return space.machine.changeLog;
}

/** Whether bytes are to be compared. */
export function checkBy(by: unknown): boolean {
  if (by === undefined) return false;
  oneOf(by, "by", ["marks", "bytes"]);
  return by === "bytes";
}

/** Whether a region has bytes. */
export function hasPages({ kind, external }: RegionRecord): boolean {
  return kind === "ram" || kind === "rom" || kind === "romDevice" || external !== undefined;
}

/** The pages of a region that differ from the base's. `runs` are the pages that may, if that is known. */
function takeRegion(region: RegionPages, base: Pages | undefined, runs: PageRuns | undefined): Pages {
  const numbers: number[] = [];
  for (const [first, behind] of base ? (runs ?? region.all()) : region.written()) {
    for (let number = first; number < behind; number++) {
      if (base ? !region.equals(number, base.find(number)) : !region.isZero(number)) numbers.push(number);
    }
  }
  return takePages(region, numbers, base);
}

/** The caller's sections, as plain arrays. */
export function sectionBytes(given: unknown): Map<string, Uint8Array> {
  checkObject(given, "sections");
  const all = Object.entries(given as Record<string, Uint8Array>);
  return new Map(all.map(([name, bytes]) => [name, part(bytes, 0, byteLengthOf(bytes, `section "${name}"`))]));
}

/** The pages of the caller's sections that differ from the base's. */
function takeSections(given: unknown, base: ReadonlyMap<string, Pages> | undefined): Map<string, Pages> {
  const sections = new Map<string, Pages>();
  for (const [name, bytes] of sectionBytes(given)) {
    const { length } = bytes;
    const source = sourceOfBytes(bytes);
    const known = base?.get(name);
    const numbers: number[] = [];
    for (let number = 0; number * PAGE < length; number++) {
      const place = known?.find(number);
      const count = Math.min(PAGE, length - number * PAGE);
      // Bytes behind the end of either count on neither side: a page that is cut is compared as far as it goes.
      const same = place ? equal(source.cells, number * PAGE, place.cells, place.at, count) : source.isZero(number);
      if (!same) numbers.push(number);
    }
    sections.set(name, takePages(source, numbers, known));
  }
  return sections;
}
