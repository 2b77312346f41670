// Runs of random operations: counts of their outcomes, and the shrinking of a failure.
import fc from "fast-check";
import type { Operation } from "./operation.ts";

export interface Failure {
  readonly error: Error;
  readonly log: readonly string[];
}

/** How often each kind of operation ended in what. */
export class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  add(kind: string, outcome: string): void {
    const outcomes = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
  }

  /** How often a kind was run, or ended so. */
  of(kind: string, outcome?: string): number {
    const outcomes = this.#counts.get(kind) ?? new Map<string, number>();
    if (outcome !== undefined) return outcomes.get(outcome) ?? 0;
    return [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  }

  get total(): number {
    return [...this.#counts.keys()].reduce((sum, kind) => sum + this.of(kind), 0);
  }

  byOutcome(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const outcomes of this.#counts.values()) {
      for (const [outcome, count] of outcomes) sums.set(outcome, (sums.get(outcome) ?? 0) + count);
    }
    return sums;
  }
}

/** What an arbitrary gives, a few values at a time: thousands of lists at once would make the collector slow. */
export function* samples<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): Generator<T> {
  const together = 20;
  for (let done = 0; done < count; done += together)
    yield* fc.sample(arbitrary, { seed: seed + done, numRuns: Math.min(together, count - done) });
}

/**
 * The failure of a list from which as much was left out as possible, ever fewer at once. fast-check makes the input;
 * leaving out operations makes a failure short sooner than shrinking their values.
 */
export function shrink(
  failing: readonly Operation[],
  run: (list: readonly Operation[]) => Failure | undefined,
): Failure {
  let list = failing;
  for (let size = list.length >> 1; size >= 1; size = size > 1 ? size >> 1 : 0) {
    for (let from = 0; from < list.length; ) {
      const shorter = [...list.slice(0, from), ...list.slice(from + size)];
      if (run(shorter)) list = shorter;
      else from += size;
    }
  }
  return run(list) ?? { error: new Error("fails only sometimes"), log: [] };
}

/** The error to throw for a failure. */
export function report(seed: number, { error, log }: Failure): Error {
  return new Error(`${error.message}\nPROPERTY_SEED=${seed}, after\n  ${log.join("\n  ")}\n${error.stack}`);
}
