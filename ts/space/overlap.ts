// Overlap: the two regions that a refused change of the map would have made overlap, for the error's message.

import { type ErrorDetails, GuestMemoryError, hex } from "../core/errors.ts";
import { readPlacements } from "./placements.ts";
import type { Space } from "./space.ts";

/** Among so many regions the other one is looked for: a guest may try often to move a device's window onto another. */
const MOST = 1000;

/** A region as a change would have placed it. */
export interface Changed {
  /** Its id; 0 for a region that was not made. */
  readonly id: number;
  readonly name: string;
  readonly start: number | bigint;
  readonly size: number | bigint;
  readonly priority: number;
}

/**
 * The error of a refused change, with both regions in its message. Undefined if they are not found: in a map of many regions, and
 * where a transaction that has moved or enabled one of them was undone.
 *
 * @param changed - the regions that the change was about.
 */
export function overlapError(
  space: Space,
  what: string,
  changed: readonly Changed[],
  details: ErrorDetails,
): GuestMemoryError | undefined {
  const ids = new Set(changed.map(({ id }) => id));
  const placed = readPlacements(space, MOST)
    .filter(({ id, enabled }) => enabled && !ids.has(id))
    .map((placement) => ({ ...placement, name: space.placements.record(placement.id)?.name ?? "" }));
  for (const [index, one] of changed.entries()) {
    const other = [...placed, ...changed.slice(0, index)].find((each) => overlap(one, each));
    if (other === undefined) continue;
    const text = `region ${words(one)} overlaps region ${words(other)}, which has the same priority`;
    return new GuestMemoryError("MEMORY_REGION_OVERLAP", `${what}: ${text}`, details);
  }
  return undefined;
}

function overlap(one: Changed, other: Changed): boolean {
  const ends = (region: Changed) => BigInt(region.start) + BigInt(region.size);
  return one.priority === other.priority && one.start < ends(other) && other.start < ends(one);
}

function words({ name, start, size }: Changed): string {
  return `"${name}" (${hex(start)} to ${hex(BigInt(start) + BigInt(size) - 1n)})`;
}
