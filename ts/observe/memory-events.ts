// The types of a memory's events: a wrong name of an event does not compile, and a listener knows what it gets.

import type { MapEvent } from "./map-event.ts";

/**
 * The events of a memory, by name. {@link EventAccess.events} tells when each of them comes.
 *
 * @example
 * ```ts
 * import type { MemoryEvents } from "guest-memory";
 *
 * const names: (keyof MemoryEvents)[] = ["mapbegin", "regionremove", "regionadd", "mapcommit", "mapchanged"];
 * console.assert(names.length === 5); // of one change, in this order; `viewsdetached` comes by itself
 * ```
 */
export interface MemoryEvents<A extends number | bigint = number> {
  /** Typed arrays over linear memory were detached. */
  viewsdetached: Event;
  /** Translations have changed. */
  mapchanged: Event;
  /** Before the first event for a range of a change. */
  mapbegin: Event;
  /** After the last event for a range of a change. */
  mapcommit: Event;
  /** A change of the map has added a range. */
  regionadd: MapEvent<A>;
  /** A change of the map has removed a range. */
  regionremove: MapEvent<A>;
}

/**
 * The target of a memory's events: an EventTarget for the names in {@link MemoryEvents}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type MemoryEventTarget } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const events: MemoryEventTarget = memory.events;
 * const added: number[] = [];
 * events.addEventListener("regionadd", ({ start }) => added.push(start), { once: true });
 * memory.insertRegion(0x8000, 0x1000);
 * console.assert(added[0] === 0x8000);
 * ```
 */
export interface MemoryEventTarget<A extends number | bigint = number> extends EventTarget {
  /**
   * Adds a listener, as EventTarget does.
   * @example
   * ```ts
   * memory.events.addEventListener("mapchanged", (event) => console.assert(event.type === "mapchanged"));
   * memory.insertRegion(0x8000, 0x1000);
   * ```
   */
  addEventListener<Name extends keyof MemoryEvents<A>>(
    type: Name,
    listener: Listener<MemoryEvents<A>[Name]> | null,
    options?: (ListenerOptions & { once?: boolean; passive?: boolean; signal?: AbortSignal }) | boolean,
  ): void;

  /**
   * Removes a listener, as EventTarget does.
   * @example
   * ```ts
   * const listener = () => console.assert(false);
   * memory.events.addEventListener("mapchanged", listener);
   * memory.events.removeEventListener("mapchanged", listener);
   * memory.insertRegion(0x8000, 0x1000);
   * ```
   */
  removeEventListener<Name extends keyof MemoryEvents<A>>(
    type: Name,
    listener: Listener<MemoryEvents<A>[Name]> | null,
    options?: ListenerOptions | boolean,
  ): void;
}

/** A function, or an object with one. */
type Listener<Heard> = ((event: Heard) => unknown) | { handleEvent(event: Heard): unknown };

interface ListenerOptions {
  capture?: boolean;
}
