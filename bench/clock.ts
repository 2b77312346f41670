// Timing: two functions in turns, so that what else the machine does falls on both, and their ratio pair by pair.

/** The result of comparing two functions. */
export interface Comparison {
  /** The median of each pair's ratio, `measured` to `baseline`: above 1 is slower. */
  ratio: number;
  /** Median nanoseconds for each operation. */
  measured: number;
  baseline: number;
}

/** How much work a run does; a run as a test does little. */
export interface Effort {
  /** Pairs of timings, after two that are not counted. */
  rounds: number;
  /** Milliseconds that one timing should take. */
  milliseconds: number;
}

export const FULL: Effort = { rounds: 9, milliseconds: 20 };
export const LITTLE: Effort = { rounds: 3, milliseconds: 2 };

/**
 * Compares two functions that do `operations` operations a call. Each is called as often as takes its time, once an engine
 * has compiled it: of two that differ by a hundred times, the fast one would else be over before.
 */
export function compare(effort: Effort, operations: number, measured: () => void, baseline: () => void): Comparison {
  const calls = [callsFor(effort, measured), callsFor(effort, baseline)] as const;
  const each = (work: () => void, calls: number): number => (time(work, calls) * 1e6) / (calls * operations);
  const times = { measured: [] as number[], baseline: [] as number[], ratio: [] as number[] };
  for (let round = -2; round < effort.rounds; round++) {
    // Who goes first alternates.
    const first = round % 2 === 0 ? each(baseline, calls[1]) : 0;
    const a = each(measured, calls[0]);
    const b = first || each(baseline, calls[1]);
    if (round < 0) continue;
    times.measured.push(a);
    times.baseline.push(b);
    times.ratio.push(a / b);
  }
  return { ratio: median(times.ratio), measured: median(times.measured), baseline: median(times.baseline) };
}

/** How many calls take the time that one timing should, found by ever more of them. */
function callsFor({ milliseconds }: Effort, work: () => void): number {
  let calls = 1;
  while (time(work, calls) < milliseconds) calls *= 2;
  return calls;
}

/** Milliseconds that some calls take. */
export function time(work: () => void, calls: number): number {
  const start = performance.now();
  for (let call = 0; call < calls; call++) work();
  return performance.now() - start;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
