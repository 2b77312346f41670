// Events: the events of a memory, and the generations that tell the same without a listener.

import { readFlatChanges } from "../space/flat-view.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import { MapEvent } from "./map-event.ts";
import { MapEvents } from "./map-events.ts";
import type { MemoryEventTarget } from "./memory-events.ts";

/** The engine's own method: the user may have given the event target another. It never throws a listener's error. */
const dispatch = EventTarget.prototype.dispatchEvent;

/**
 * Tells that views were detached, or that the map has changed. {@link GuestMemory} has all of these properties.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const generation = memory.mapGeneration;
 * memory.events.addEventListener("mapchanged", () => console.assert(memory.mapGeneration !== generation));
 * memory.insertRegion(0x8000, 0x1000);
 * ```
 */
export interface EventAccess<A extends number | bigint = number> {
  /**
   * How often typed arrays over linear memory were detached so far. Readable after disposal.
   *
   * @example
   * ```ts
   * const before = memory.viewGeneration;
   * memory.reserve(0x1000_0000);
   * console.assert(memory.viewGeneration > before);
   * ```
   */
  get viewGeneration(): number;

  /**
   * How often this memory's translations of addresses changed so far, modulo 2^32. A software TLB or a JIT flushes when
   * it differs. Two more changes count: the creation of another memory may move this one's regions in linear memory,
   * and the first write to discarded pages gives them new places. Readable after disposal.
   *
   * @example
   * ```ts
   * const before = memory.mapGeneration;
   * memory.insertRegion(0x8000, 0x1000);
   * console.assert(memory.mapGeneration !== before);
   * ```
   */
  get mapGeneration(): number;

  /**
   * How often this memory's permissions changed so far, modulo 2^32: protection, watches and write traps. Code that keeps
   * page table entries to write through compares both generations: an entry may have lost its flag for writes. Readable
   * after disposal.
   *
   * @example
   * ```ts
   * const before = memory.permissionGeneration;
   * memory.protect(0x0, 0x1000, "r--");
   * console.assert(memory.permissionGeneration !== before);
   * ```
   */
  get permissionGeneration(): number;

  /**
   * The target at which events are dispatched, synchronously: `viewsdetached` when typed arrays over linear memory were
   * detached, `mapchanged` when translations have changed, and the events of {@link MapEvent}. Changes by Rust code in
   * the same module are dispatched at the next call that leaves the fast path: every call but a scalar or atomic access
   * to a page that the page table has.
   *
   * @example
   * ```ts
   * let changes = 0;
   * memory.events.addEventListener("mapchanged", () => changes++);
   * memory.insertRegion(0x8000, 0x1000);
   * console.assert(changes === 1);
   * ```
   */
  get events(): MemoryEventTarget<A>;
}

/** The part of GuestMemory that is {@link EventAccess}. */
export function eventAccess(of: PartOf<{ space: Space; events: Events }>): EventAccess {
  return {
    get viewGeneration() {
      const { linear } = of(this).space;
      linear.refresh();
      return linear.generation;
    },
    get mapGeneration() {
      const { space } = of(this);
      space.linear.refresh();
      space.notifyMapChanged();
      return space.mapGeneration;
    },
    get permissionGeneration() {
      return of(this).space.permissionGeneration;
    },
    get events() {
      return of(this).events.target;
    },
  };
}

/** The event target of one memory. */
export class Events {
  readonly #space: Space;
  /** Made when `events` is first read: most memories have no listener. */
  #target: MapEvents | undefined;

  constructor(space: Space) {
    this.#space = space;
  }

  get target(): MemoryEventTarget {
    this.#target ??= new MapEvents((type) => {
      if (type === "regionadd" || type === "regionremove") this.#listen();
    });
    return this.#target as EventTarget as MemoryEventTarget;
  }

  viewsDetached(): void {
    this.#target?.tell("viewsdetached");
  }

  mapChanged(): void {
    const target = this.#target;
    if (target === undefined) return;
    // All events are made before the first listener runs: by another change it may end what is known of a region.
    const events = target.hears("regionadd") || target.hears("regionremove") ? this.#changes() : [];
    target.tell("mapbegin");
    for (const event of events) if (target.hears(event.type)) dispatch.call(target, event);
    target.tell("mapcommit");
    target.tell("mapchanged");
  }

  /** Lets the core note each range that comes or goes. The records of the regions in the map exist from then on. */
  #listen(): void {
    const space = this.#space;
    if (space.disposed) return;
    space.linear.raw.gm_listen(space.handle);
    space.placements.records();
  }

  /** The events for the ranges that have gone and come since the last call. */
  #changes(): MapEvent[] {
    const space = this.#space;
    const changes = readFlatChanges(space);
    for (const { id, come } of changes) if (come) space.placements.record(id);
    return changes.map((range) => new MapEvent(range.come ? "regionadd" : "regionremove", space, range));
  }
}
