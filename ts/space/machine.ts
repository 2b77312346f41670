// Machine: the address spaces of one machine, as far as they share something: the regions that the facade knows.

import type { RegionRecord } from "./placements.ts";

/**
 * The known regions, by id. A region is forgotten when no space has it in its map and no alias shows it. While a
 * transaction is open in any space, none is: if it is undone, the regions it took out are back.
 */
export class Machine {
  readonly #regions = new Map<number, RegionRecord>();
  /** The transactions of all spaces that were begun and not ended. */
  #open = 0;
  /** Whether a region may have left a map since the last time that unused ones were forgotten. */
  #mayForget = false;

  get(id: number): RegionRecord | undefined {
    return this.#regions.get(id);
  }

  add(region: RegionRecord): void {
    this.#regions.set(region.id, region);
  }

  /** Says that a transaction begins. */
  begin(): void {
    this.#open++;
  }

  /** Says that a transaction has ended. One that was undone has taken out of the map what it had placed there. */
  end(undone: boolean): void {
    this.#open--;
    if (undone) this.#mayForget = true;
  }

  /** Says that a region is about to leave a map. */
  leaving(): void {
    this.#mayForget = true;
  }

  /** Forgets the regions that nothing uses any more, if there may be such. */
  forget(): void {
    if (!this.#mayForget || this.#open > 0) return;
    this.#mayForget = false;
    const targets = new Set([...this.#regions.values()].map(({ target }) => target));
    for (const [id, region] of this.#regions) {
      if (region.space.placements.of(id) === undefined && !targets.has(region)) this.#regions.delete(id);
    }
  }
}
