// Snapshot: the bytes of a machine's regions, its map and its sections, as of one moment.

import { GuestMemoryError } from "../core/errors.ts";
import { describe } from "../core/u64.ts";
import { type ChangeLog, type Mark, PAGE } from "../space/change-log.ts";
import type { MapState, RegionState } from "./map-state.ts";
import { type Pages, sourceOf, takePages } from "./pages.ts";

/** The contents of a snapshot. */
export interface SnapshotParts {
  readonly base: Snapshot | undefined;
  /** The regions by key, with their bytes where they have any. */
  readonly regions: ReadonlyMap<string, RegionState & { readonly pages: Pages | undefined }>;
  readonly map: MapState;
  readonly sections: ReadonlyMap<string, Pages>;
  readonly bigint: boolean;
  /** The moment. Snapshots of one moment, one of them merged, have the same. */
  readonly moment: object;
  /** When memory had these bytes last, by the log of each machine. */
  readonly marks: WeakMap<ChangeLog, Mark>;
}

const parts = new WeakMap<Snapshot, SnapshotParts>();

/**
 * The state of a memory at one moment: the bytes of its RAM, ROM and external memory, its map, and named sections for the
 * state of devices. {@link GuestMemory.snapshot} makes one, {@link GuestMemory.restore} brings it back. The bytes lie in
 * ArrayBuffers of their own, outside linear memory; pages of zeros take none. A snapshot never changes, and is freed by
 * garbage collection.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Snapshot } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x10_0000]]);
 * memory.writeUint32(0x1000, 7);
 * const booted: Snapshot = memory.snapshot();
 * memory.writeUint32(0x1000, 8);
 * const later = memory.snapshot({ since: booted });
 * memory.restore(booted);
 * console.assert(memory.readUint32(0x1000) === 7 && later.base === booted);
 * ```
 */
export class Snapshot {
  /** For this library: users call `memory.snapshot`. */
  constructor(made: object) {
    if (typeof made !== "object" || !("moment" in made))
      throw new TypeError("Snapshot has no public constructor: memory.snapshot() makes one");
    parts.set(this, made as SnapshotParts);
  }

  /**
   * The snapshot that this one holds the changes since; undefined if it holds everything.
   * @example
   * ```ts
   * const first = memory.snapshot();
   * console.assert(memory.snapshot({ since: first }).base === first && first.base === undefined);
   * ```
   */
  get base(): Snapshot | undefined {
    return partsOf(this).base;
  }

  /**
   * How many bytes of memory the snapshot's pages take, without its base's.
   * @example
   * ```ts
   * memory.writeUint8(0x10, 1);
   * const first = memory.snapshot();
   * console.assert(first.byteLength >= 4096 && memory.snapshot({ since: first }).byteLength === 0);
   * ```
   */
  get byteLength(): number {
    return [...pagesOf(this)].reduce((sum, pages) => sum + pages.byteLength, 0);
  }

  /**
   * The names of the sections.
   * @example
   * ```ts
   * const saved = memory.snapshot({ sections: { cpu: Uint8Array.of(1, 2) } });
   * console.assert(saved.sections.join() === "cpu");
   * ```
   */
  get sections(): string[] {
    return [...partsOf(this).sections.keys()];
  }

  /**
   * A copy of the bytes of a section; undefined if there is none of this name.
   * @example
   * ```ts
   * const saved = memory.snapshot({ sections: { cpu: Uint8Array.of(1, 2) } });
   * console.assert(saved.section("cpu")!.join() === "1,2");
   * ```
   */
  section(name: string): Uint8Array<ArrayBuffer> | undefined {
    return partsOf(this).sections.get(name)?.toBytes();
  }

  /**
   * Joins the changes of a snapshot with its base: the result is the state of `delta`, and holds what both hold, each page
   * once. Snapshots since `delta` can be merged with the result. Both stay as they are.
   *
   * @throws GuestMemoryError `SNAPSHOT_MISMATCH` if `delta` does not hold the changes since `base`, or since a snapshot of the
   * same moment; TypeError for another type.
   *
   * @example
   * ```ts
   * import { GuestMemory, Snapshot } from "guest-memory";
   *
   * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
   * const first = memory.snapshot();
   * memory.writeUint8(0x10, 7);
   * const second = memory.snapshot({ since: first });
   * memory.writeUint8(0x10, 8);
   * memory.restore(Snapshot.merge(first, second));
   * console.assert(memory.readUint8(0x10) === 7);
   * ```
   */
  static merge(base: Snapshot, delta: Snapshot): Snapshot {
    const [lower, upper] = [partsOf(base, "base"), partsOf(delta, "delta")];
    if (upper.base === undefined || partsOf(upper.base).moment !== lower.moment) {
      throw new GuestMemoryError("SNAPSHOT_MISMATCH", "merge: delta does not hold the changes since base");
    }
    const join = (pages: Pages, below: Pages | undefined) => joined(pages, pages.base ? below : undefined);
    const regions = [...upper.regions].map(([key, { pages, ...region }]) => {
      return [key, { ...region, pages: pages && join(pages, lower.regions.get(key)?.pages) }] as const;
    });
    const sections = [...upper.sections].map(([name, pages]) => [name, join(pages, lower.sections.get(name))] as const);
    const { map, bigint, moment, marks } = upper;
    const made: SnapshotParts = {
      base: lower.base,
      regions: new Map(regions),
      map,
      sections: new Map(sections),
      bigint,
      moment,
      marks,
    };
    return new Snapshot(made);
  }
}

/** The pages of a delta and of its base, in one. */
function joined(delta: Pages, base: Pages | undefined): Pages {
  if (base === undefined) return delta;
  const behind = Math.ceil(delta.size / PAGE);
  const numbers = new Set([...base.numbers, ...delta.numbers].filter((number) => number < behind));
  // A base that is shorter hides pages of its own base, which the result would show.
  for (let number = Math.ceil(base.size / PAGE); number < behind; number++) numbers.add(number);
  const source = sourceOf(delta);
  const kept = [...numbers].filter((number) => base.base !== undefined || !source.isZero(number));
  return takePages(source, Uint32Array.from(kept).sort(), base.base);
}

/** The contents of a snapshot. */
export function partsOf(snapshot: Snapshot, what = "snapshot"): SnapshotParts {
  const made = typeof snapshot === "object" && snapshot !== null ? parts.get(snapshot) : undefined;
  if (made) return made;
  throw new TypeError(`${what} must be a Snapshot, as memory.snapshot() makes it, not ${describe(snapshot)}`);
}

function* pagesOf(snapshot: Snapshot): Iterable<Pages> {
  const { regions, sections } = partsOf(snapshot);
  for (const { pages } of regions.values()) if (pages) yield pages;
  yield* sections.values();
}
