// Diff: the ranges of regions in which two snapshots differ.

import { PAGE } from "../space/change-log.ts";
import { type Pages, type Place, ZERO_PAGE } from "./pages.ts";
import { partsOf, type Snapshot } from "./snapshot.ts";

/**
 * Adjacent bytes in which two snapshots differ: a part of the result of {@link diff}.
 *
 * @example
 * ```ts
 * import { diff, GuestMemory, type SnapshotDifference } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0x8000, size: 0x1000 }]);
 * const before = memory.snapshot();
 * memory.writeUint16(0x8010, 0x0101);
 * const [first]: SnapshotDifference[] = diff(before, memory.snapshot({ since: before }));
 * console.assert(first!.region === "RAM" && first!.offset === 0x10 && first!.length === 2);
 * ```
 */
export interface SnapshotDifference {
  /** The region's name. */
  readonly region: string;
  /** The first byte, from the region's start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * The ranges of bytes in which two snapshots differ, by region, in ascending order. A region that only one of them has differs as a
 * whole where it is not 0. Pages that both share with one base are not looked at.
 *
 * @throws TypeError for another type.
 *
 * @example
 * ```ts
 * import { diff, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x4000 }]);
 * const before = memory.snapshot();
 * memory.fill(0xfff, 1, 2);
 * console.assert(diff(before, memory.snapshot()).length === 1);
 * ```
 */
export function diff(a: Snapshot, b: Snapshot): SnapshotDifference[] {
  const [one, other] = [partsOf(a, "a"), partsOf(b, "b")];
  const differences: SnapshotDifference[] = [];
  for (const key of new Set([...one.regions.keys(), ...other.regions.keys()])) {
    const [mine, theirs] = [one.regions.get(key), other.regions.get(key)];
    const region = (mine ?? theirs)?.name as string;
    const start = differences.length;
    for (const number of candidates(mine?.pages, theirs?.pages)) {
      const offset = number * PAGE;
      const count = Math.min(PAGE, Math.max(mine?.pages?.size ?? 0, theirs?.pages?.size ?? 0) - offset);
      for (const [from, to] of different(mine?.pages?.find(number), theirs?.pages?.find(number), count)) {
        const last = differences.length > start ? differences.at(-1) : undefined;
        if (last && last.offset + last.length === offset + from) {
          differences[differences.length - 1] = { ...last, length: last.length + to - from };
        } else differences.push({ region, offset: offset + from, length: to - from });
      }
    }
  }
  return differences;
}

/** The pages that may differ, ascending: the pages of both chains down to the first base that they share. */
function candidates(a: Pages | undefined, b: Pages | undefined): Uint32Array {
  const bases = new Set<Pages>();
  for (let pages = a; pages !== undefined; pages = pages.base) bases.add(pages);
  let shared = b;
  while (shared !== undefined && !bases.has(shared)) shared = shared.base;
  const numbers = [a, b].flatMap((pages) => [...(pages?.numbersUpTo(shared) ?? [])]);
  return Uint32Array.from(new Set(numbers)).sort();
}

/** The parts of a page that differ, as the first byte and the one behind the last. */
function different(a: Place = ZERO_PAGE, b: Place = ZERO_PAGE, count: number): [number, number][] {
  const parts: [number, number][] = [];
  for (let byte = 0; byte < count; byte++) {
    if (a.cells.u8[a.at + byte] === b.cells.u8[b.at + byte]) continue;
    const last = parts.at(-1);
    if (last?.[1] === byte) last[1] = byte + 1;
    else parts.push([byte, byte + 1]);
  }
  return parts;
}
