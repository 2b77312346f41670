// Counts: the number of operations of each kind, and of their outcomes.

export class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  add(kind: string, outcome: string): void {
    const outcomes = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
  }

  /** How often a kind was met, or had this outcome. */
  of(kind: string, outcome?: string): number {
    const outcomes = this.#counts.get(kind) ?? new Map<string, number>();
    if (outcome !== undefined) return outcomes.get(outcome) ?? 0;
    return [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How often each outcome was seen, of all kinds. */
  outcomes(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const outcomes of this.#counts.values()) {
      for (const [outcome, count] of outcomes) sums.set(outcome, (sums.get(outcome) ?? 0) + count);
    }
    return sums;
  }

  get total(): number {
    return [...this.#counts.keys()].reduce((sum, kind) => sum + this.of(kind), 0);
  }
}
