// Speed on guest memory against speed on an emulator's own arrays: the same work, in fresh processes that take turns. In
// one process the second machine would run code that V8 has compiled for both. Turns spread other load over both sides.

import { fork } from "node:child_process";

const flagOf = (emulator: string) => `--measure-speed=${emulator}`;

/** The place of the emulator's memory. */
export type Kind = "guestMemory" | "arrays";

export interface Speed {
  /** Million instructions a second of processor time, the median of all processes. */
  guestMemory: number;
  arrays: number;
  /** The median of each pair's ratio: guest memory to arrays. */
  ratio: number;
}

/** Compares in pairs of processes; the entry of this process must call `measuresInPair`, which gets `args`. */
export async function compareInPairs(emulator: string, pairs: number, args: string[]): Promise<Speed> {
  const results: Record<Kind, number>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const kinds: Kind[] = pair % 2 === 0 ? ["guestMemory", "arrays"] : ["arrays", "guestMemory"];
    const result = { guestMemory: 0, arrays: 0 };
    for (const kind of kinds) result[kind] = await inFreshProcess([flagOf(emulator), kind, ...args]);
    results.push(result);
  }
  return {
    guestMemory: median(results.map(({ guestMemory }) => guestMemory)),
    arrays: median(results.map(({ arrays }) => arrays)),
    ratio: median(results.map(({ guestMemory, arrays }) => guestMemory / arrays)),
  };
}

/**
 * Whether this process is one that `compareInPairs` started: if so it does the work, and has nothing else to do.
 *
 * @param prepare makes a machine and warms it up; returns a function that runs it and returns the number of instructions
 */
export async function measuresInPair(
  emulator: string,
  prepare: (kind: Kind, args: string[]) => Promise<() => number>,
): Promise<boolean> {
  const [flag, kind, ...args] = process.argv.slice(2);
  if (flag !== flagOf(emulator)) return false;
  const run = await prepare(kind as Kind, args);
  // Processor time, not the clock's, because other load takes the processor away, and not from both sides alike.
  const before = process.cpuUsage();
  const count = run();
  const { user, system } = process.cpuUsage(before);
  process.send?.(count / (user + system));
  return true;
}

/** Starts this program again, with Node's options and arguments that make it measure. */
function inFreshProcess(args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1], args);
    child.on("message", (speed) => resolve(Number(speed)));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${args.join(" ")} was not measured: exit status ${code}`)));
  });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
