// Events: the events of a memory, and the generations that tell the same without a listener.

import { type FlatRange, readFlatRanges } from "../space/flat-view.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import { MapEvent } from "./map-event.ts";

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
export interface EventAccess {
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
  get events(): EventTarget;
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
    get events() {
      return of(this).events.target;
    },
  };
}

/** The event target of one memory, and the flat view that its listeners know. */
export class Events {
  readonly #space: Space;
  /** Made when `events` is first read, so that a memory without listeners never reads its flat view. */
  #target: EventTarget | undefined;
  /** The flat view as of the last event. */
  #known: readonly FlatRange[] = [];

  constructor(space: Space) {
    this.#space = space;
  }

  /** The event target. The first call reads the flat view, with which later changes are compared. */
  get target(): EventTarget {
    if (this.#target === undefined) {
      this.#target = new EventTarget();
      if (!this.#space.disposed) this.#known = this.#read();
    }
    return this.#target;
  }

  viewsDetached(): void {
    if (this.#target) dispatch.call(this.#target, new Event("viewsdetached"));
  }

  mapChanged(): void {
    const target = this.#target;
    if (target === undefined) return;
    const [before, now] = [this.#known, this.#read()];
    this.#known = now; // first, because a listener may change the map again
    const key = ({ start, last, id, offset }: FlatRange) => `${start} ${last} ${id} ${offset}`;
    const [old, fresh] = [new Set(before.map(key)), new Set(now.map(key))];
    const [gone, come] = [
      before.filter((range) => !fresh.has(key(range))),
      now.filter((range) => !old.has(key(range))),
    ];
    // All events are made before the first listener runs: by another change it may end what is known of a region.
    const events = [
      ...gone.map((range) => new MapEvent("regionremove", this.#space, range)),
      ...come.map((range) => new MapEvent("regionadd", this.#space, range)),
    ];
    dispatch.call(target, new Event("mapbegin"));
    for (const event of events) dispatch.call(target, event);
    dispatch.call(target, new Event("mapcommit"));
    dispatch.call(target, new Event("mapchanged"));
  }

  /** The flat view of now. The records of the regions in it exist from then on. */
  #read(): FlatRange[] {
    this.#space.placements.records();
    return readFlatRanges(this.#space);
  }
}
