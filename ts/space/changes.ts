// Changes: changes to a space's map, one at a time or several in a transaction.

import { STATUS_MEMORY_REGION_OVERLAP, STATUS_NO_MEMORY_REGION } from "../core/abi.ts";
import { type ErrorDetails, GuestMemoryError } from "../core/errors.ts";
import { describe } from "../core/u64.ts";
import { type Changed, overlapError } from "./overlap.ts";
import type { Space } from "./space.ts";

/**
 * Makes changes by calls of the core. Listeners run, and unused regions are forgotten, after the outermost transaction.
 */
export class Changes {
  readonly #space: Space;
  /** How many transactions of this space are open. */
  #depth = 0;

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * Makes one change: `act` calls the core and returns its status. Throws the error of a status other than 0.
   *
   * @param changed - the regions that it places, for the message of a refusal.
   */
  make(what: string, details: ErrorDetails, act: () => number, changed: readonly Changed[] = []): void {
    const space = this.#space;
    space.enter();
    const status = act();
    space.placements.invalidate();
    let failure = status === 0 ? undefined : space.linear.failure(status, what, details);
    if (status === STATUS_MEMORY_REGION_OVERLAP) failure = overlapError(space, what, changed, details) ?? failure;
    if (status === STATUS_NO_MEMORY_REGION && changed[0]) failure = notMapped(what, changed[0].name, details);
    space.linear.refresh();
    if (failure) throw failure;
    if (this.#depth > 0) return;
    space.notifyMapChanged(); // first, so that its events know the regions
    space.machine.forget();
  }

  /** Makes all changes in `change` take effect together, or none if it throws or the core refuses them. */
  transaction<T>(change: () => T): T {
    if (typeof change !== "function") throw new TypeError(`change must be a function, not ${describe(change)}`);
    const space = this.#space;
    space.enter();
    const { raw } = space.linear;
    raw.gm_begin(space.handle);
    this.#depth++;
    space.machine.begin();
    let result: T;
    try {
      result = change();
      if (isPromise(result)) throw new TypeError("change must not return a promise: a transaction does not wait");
    } catch (error) {
      this.#depth--;
      if (!space.disposed) raw.gm_roll_back(space.handle);
      space.placements.invalidate();
      space.machine.end(true);
      space.notifyMapChanged(); // a transaction does not undo a discard, and listeners hear of it
      space.machine.forget();
      throw error;
    }
    this.#depth--;
    let refused = true;
    try {
      this.make("transaction", {}, () => raw.gm_commit(space.handle), space.machine.added);
      refused = false;
    } finally {
      space.machine.end(refused); // refused, the core has undone the changes: the regions that they placed are in no map
      space.machine.forget();
    }
    return result;
  }
}

function notMapped(what: string, name: string, details: ErrorDetails): GuestMemoryError {
  return new GuestMemoryError("NO_MEMORY_REGION", `${what}: region "${name}" is not in the map`, details);
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
