// Machine: the regions that the facade knows, shared by all address spaces of one machine.

import type { ChangeLog } from "./change-log.ts";
import type { RegionRecord } from "./placements.ts";
import type { Space } from "./space.ts";

/** How many further regions are looked at whenever a region leaves a map. */
const FURTHER = 2;

/**
 * The known regions, by id. A region is forgotten when no space maps it and no alias shows it. No region is forgotten
 * while a transaction is open in any space, because a rollback maps the unmapped regions again.
 */
export class Machine {
  readonly #regions = new Map<number, RegionRecord>();
  /** How many known aliases show a region. */
  readonly #aliases = new Map<RegionRecord, number>();
  /** The regions that may have left a map. */
  readonly #leaving = new Set<number>();
  /** How many transactions of all spaces are open. */
  #open = 0;
  /** The regions that were added since the outermost transaction began. */
  #added: number[] = [];
  /** The aliases that show other bytes since then. */
  readonly #shown = new Set<RegionRecord>();
  /** The regions to look at next, by and by: Rust code unmaps regions without a word. */
  #next = this.#regions.keys();

  /** How many spaces of the user's are open. */
  spaces = 0;
  /** A space that shows one region at a time, for accesses to a region by offsets; made when it is first needed. */
  window: Space | undefined;
  /** The log of changes, for snapshots; made with the first snapshot. */
  changeLog: ChangeLog | undefined;
  /** The spaces with a listener for the host's writes, by handle, held weakly. */
  readonly listening: Map<number, WeakRef<Space>> = new Map();

  get(id: number): RegionRecord | undefined {
    return this.#regions.get(id);
  }

  /** All known regions. */
  regions(): Iterable<RegionRecord> {
    return this.#regions.values();
  }

  /** The records of the regions that were added since the outermost transaction began. */
  get added(): RegionRecord[] {
    return this.#added.flatMap((id) => this.#regions.get(id) ?? []);
  }

  add(region: RegionRecord): void {
    this.#regions.set(region.id, region);
    if (region.target) this.#count(region.target, 1);
    if (this.#open > 0) this.#added.push(region.id);
  }

  /** Takes note of an alias that shows another region than before. */
  show(alias: RegionRecord, target: RegionRecord | undefined): void {
    if (this.#open > 0) this.#shown.add(alias);
    const before = alias.target;
    alias.target = target;
    if (target) this.#count(target, 1);
    if (before) this.#count(before, -1);
  }

  /** Must be called when a transaction begins. */
  begin(): void {
    this.#open++;
  }

  /** Must be called when a transaction has ended. A rollback unmaps the regions that the transaction has placed. */
  end(rolledBack: boolean): void {
    this.#open--;
    if (rolledBack) {
      for (const id of this.#added) this.#leaving.add(id);
      for (const { space, id } of [...this.#shown]) space.placements.has(id); // reads again what they show
    }
    if (this.#open > 0) return;
    this.#added = [];
    this.#shown.clear();
  }

  /** Must be called before a region leaves a map. */
  leaving(id: number): void {
    this.#leaving.add(id);
  }

  /** Forgets the regions that are no longer used. Runs no user's code. */
  forget(): void {
    if (this.#open > 0 || this.#leaving.size === 0) return;
    for (let count = 0; count < FURTHER; count++) {
      const { done, value } = this.#next.next();
      if (done) this.#next = this.#regions.keys();
      else this.#leaving.add(value);
    }
    for (const id of this.#leaving) {
      this.#leaving.delete(id);
      const region = this.#regions.get(id);
      if (region === undefined || this.#aliases.has(region) || region.space.placements.has(id)) continue;
      this.#regions.delete(id);
      if (region.target) this.#count(region.target, -1);
    }
  }

  /** Counts an alias of a region. A region whose last alias is forgotten may be forgotten too. */
  #count(target: RegionRecord, change: number): void {
    const count = (this.#aliases.get(target) ?? 0) + change;
    if (count > 0) {
      this.#aliases.set(target, count);
    } else {
      this.#aliases.delete(target);
      this.#leaving.add(target.id);
    }
  }
}
