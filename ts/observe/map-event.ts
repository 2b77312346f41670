// MapEvent: the event for one range that a change of the map has added or removed.

import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { type MappedRegion, mappedRegion } from "../map/mapped-region.ts";
import type { FlatRange } from "../space/flat-view.ts";
import type { Space } from "../space/space.ts";

/**
 * A range of the flat view that a change of the map has removed (event `regionremove`) or added (event `regionadd`).
 * All events of one change come between `mapbegin` and `mapcommit`, when accesses already see the new map; QEMU's
 * MemoryListener has the same order. Then comes `mapchanged`, as for every change of translations.
 *
 * @example
 * ```ts
 * import { GuestMemory, type MapEvent } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
 * const heard: string[] = [];
 * memory.events.addEventListener("regionadd", (event) => heard.push((event as MapEvent).region!.name));
 * memory.map({ kind: "ram", name: "more", start: 0x1000, size: 0x1000 });
 * console.assert(heard.join() === "more");
 * ```
 */
export class MapEvent<A extends number | bigint = number> extends Event {
  /** The first guest-physical address of the range. */
  readonly start: A;
  /** The size of the range in bytes: a bigint past 2^53. */
  readonly size: number | bigint;
  /** The region whose bytes the range shows, never an alias; undefined if the facade does not know it. */
  readonly region: MappedRegion<A> | undefined;
  /** The byte of the region at which the range begins: a bigint past 2^53. */
  readonly offset: number | bigint;

  /** For this library: users listen for events. */
  constructor(type: "regionadd" | "regionremove", space: object, range: object) {
    super(type);
    const { start, last, id, offset } = range as FlatRange;
    const { machine, bigint } = space as Space;
    this.start = (bigint ? start : Number(start)) as A;
    this.size = u64.shortest(last - start + 1n);
    this.offset = u64.shortest(offset);
    const record = machine.get(id);
    this.region = record && (mappedRegion(record) as MappedRegion<U64Like> as MappedRegion<A>);
  }
}
