// Processor time, not the clock's: what else the computer does takes the processor away, and not from both builds alike.

/** Microseconds of processor time since a moment, or since the process began. */
export function processorTime(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

const ROUNDS = 9;
const WARM_UP = 3;
/** Microseconds that a round takes at least. */
const ROUND = 10_000;

/** Microseconds of a call: of several rounds the fastest, in which nothing was compiled or collected. */
export function fastest(work: () => void): number {
  let calls = 1;
  let best = Number.POSITIVE_INFINITY;
  for (let round = -WARM_UP; round < ROUNDS; ) {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) work();
    const time = processorTime(before);
    if (time < ROUND) calls *= 2;
    else if (round++ >= 0) best = Math.min(best, time / calls);
  }
  return best;
}
