// MapEvent: what listeners hear of a change of the map.

import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { type MappedRegion, mappedRegion } from "../map/mapped-region.ts";
import type { FlatRange } from "../space/flat-view.ts";
import type { Space } from "../space/space.ts";

/**
 * A range that shows something else than before: the event `regionremove` for what was there, `regionadd` for what is.
 * All of a change come between `mapbegin` and `mapcommit`, when accesses see the new map already (QEMU's MemoryListener has
 * the same order). `mapchanged` follows, as for every change of translations.
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
  /** How many bytes it has. */
  readonly size: number | bigint;
  /** What is seen there, never an alias; undefined where Rust code has mapped it. */
  readonly region: MappedRegion<A> | undefined;
  /** Where in the region the range begins, in bytes. */
  readonly offset: number | bigint;

  /** Made by this library. */
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
