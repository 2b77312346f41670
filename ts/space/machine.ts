// Machine: the regions that the facade knows, shared by all address spaces of one machine.

import type { RegionRecord } from "./placements.ts";
import type { Space } from "./space.ts";

/**
 * The known regions, by id. A region is forgotten when no space maps it and no alias shows it. No region is forgotten
 * while a transaction is open in any space, because a rollback maps the unmapped regions again.
 */
export class Machine {
  readonly #regions = new Map<number, RegionRecord>();
  /** How many transactions of all spaces are open. */
  #open = 0;
  /** Whether a region may have left a map since unused regions were last forgotten. */
  #mayForget = false;

  /** The spaces with a listener for the host's writes, by handle, held weakly. */
  readonly listening = new Map<number, WeakRef<Space>>();

  get(id: number): RegionRecord | undefined {
    return this.#regions.get(id);
  }

  add(region: RegionRecord): void {
    this.#regions.set(region.id, region);
  }

  /** Must be called when a transaction begins. */
  begin(): void {
    this.#open++;
  }

  /** Must be called when a transaction has ended. A rollback unmaps the regions that the transaction has placed. */
  end(rolledBack: boolean): void {
    this.#open--;
    if (rolledBack) this.#mayForget = true;
  }

  /** Must be called before a region leaves a map. */
  leaving(): void {
    this.#mayForget = true;
  }

  /** Forgets the regions that are no longer used. Runs no user's code. */
  forget(): void {
    if (!this.#mayForget || this.#open > 0) return;
    this.#mayForget = false;
    const targets = new Set([...this.#regions.values()].map(({ target }) => target));
    for (const [id, region] of this.#regions) {
      if (!region.space.placements.has(id) && !targets.has(region)) this.#regions.delete(id);
    }
  }
}
