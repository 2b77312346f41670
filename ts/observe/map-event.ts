// MapEvent: the event for one range that a change of the map has added or removed.

import type { SizeOf, U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { type MappedRegion, mappedRegion } from "../map/mapped-region.ts";
import type { FlatChange } from "../space/flat-view.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";

/**
 * A range of the flat view that a change of the map has removed (event `regionremove`) or added (event `regionadd`).
 * All events of one change come between `mapbegin` and `mapcommit`, when accesses already see the new map; QEMU's
 * MemoryListener has the same order. Then comes `mapchanged`, as for every change of translations.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
 * const heard: string[] = [];
 * memory.events.addEventListener("regionadd", (event) => heard.push(event.region!.name));
 * memory.map({ kind: "ram", name: "more", start: 0x1000, size: 0x1000 });
 * console.assert(heard.join() === "more");
 * ```
 */
export class MapEvent<A extends number | bigint = number> extends Event {
  readonly #space: Space;
  readonly #range: FlatChange;
  readonly #record: RegionRecord | undefined;

  /** For this library: users listen for events. */
  constructor(type: "regionadd" | "regionremove", space: object, range: object) {
    super(type);
    this.#space = space as Space;
    this.#range = range as FlatChange;
    this.#record = this.#space.machine.get(this.#range.id);
  }

  /**
   * The first guest-physical address of the range.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.create([]);
   * memory.events.addEventListener("regionadd", (event) => console.assert(event.start === 0x4000));
   * memory.map({ kind: "ram", name: "window", start: 0x4000, size: 0x1000 });
   * ```
   */
  get start(): A {
    return this.#space.toAddress(this.#range.start) as A;
  }

  /**
   * The size of the range in bytes: a bigint past 2^53.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.create([]);
   * memory.events.addEventListener("regionadd", (event) => console.assert(event.size === 0x1000));
   * memory.map({ kind: "ram", name: "window", start: 0x4000, size: 0x1000 });
   * ```
   */
  get size(): SizeOf<A> {
    return u64.shortest(this.#range.last - this.#range.start + 1n) as SizeOf<A>;
  }

  /**
   * The region whose bytes the range shows, never an alias; undefined if the facade does not know it.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.create([]);
   * memory.events.addEventListener("regionadd", (event) => console.assert(event.region?.name === "window"));
   * memory.map({ kind: "ram", name: "window", start: 0x4000, size: 0x1000 });
   * ```
   */
  get region(): MappedRegion<A> | undefined {
    return this.#record && (mappedRegion(this.#record) as MappedRegion<U64Like> as MappedRegion<A>);
  }

  /**
   * The byte of the region at which the range begins: a bigint past 2^53.
   * @example
   * ```ts
   * import { GuestMemory } from "guest-memory";
   *
   * using memory = await GuestMemory.create([]);
   * memory.events.addEventListener("regionadd", (event) => console.assert(event.offset === 0));
   * memory.map({ kind: "ram", name: "window", start: 0x4000, size: 0x1000 });
   * ```
   */
  get offset(): SizeOf<A> {
    return u64.shortest(this.#range.offset) as SizeOf<A>;
  }
}
