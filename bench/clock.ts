// Timing: runs two functions in turns, so that other load on the machine falls on both, and compares them pair by pair.

/** The result of comparing two functions. */
export interface Comparison {
  /** The median of each pair's ratio, `measured` to `baseline`: above 1 is slower. */
  ratio: number;
  /** Median nanoseconds for each operation. */
  measured: number;
  baseline: number;
}

/** The amount of work of a run; a run as a test does little. */
export interface Effort {
  /** Pairs of timings, after two that are not counted. */
  rounds: number;
  /** Milliseconds that one timing should take. */
  milliseconds: number;
}

export const FULL: Effort = { rounds: 9, milliseconds: 20 };
export const LITTLE: Effort = { rounds: 3, milliseconds: 2 };

/**
 * Compares two functions that do `operations` operations a call. Each is called as often as fills its time after an engine
 * has compiled it; otherwise the fast one of two that differ a hundredfold would end before it is compiled.
 */
export function compare(effort: Effort, operations: number, measured: () => void, baseline: () => void): Comparison {
  const calls = [callsFor(effort, measured), callsFor(effort, baseline)] as const;
  const each = (work: () => void, calls: number): number => (time(work, calls) * 1e6) / (calls * operations);
  const times = { measured: [] as number[], baseline: [] as number[], ratio: [] as number[] };
  for (let round = -2; round < effort.rounds; round++) {
    // The two take turns at going first.
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

/** The number of calls that take as long as one timing should; found by doubling. */
function callsFor({ milliseconds }: Effort, work: () => void): number {
  let calls = 1;
  while (time(work, calls) < milliseconds) calls *= 2;
  return calls;
}

/** The milliseconds that `calls` calls take. */
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
