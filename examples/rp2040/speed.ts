// Speed on guest memory against speed on rp2040js's own arrays: the same program, the same number of instructions, each
// time in a fresh process, in turns. In one process the second machine would run code that the first has made V8 compile
// for both; in turns, what else the computer does falls on both sides.

import { fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { RP2040 } from "rp2040js";
import { loadFirmware, type Program } from "./firmware.ts";
import { Machine } from "./machine.ts";
import { load, run } from "./run.ts";

const FLAG = "--measure-speed";
/** For the JIT compiler, and for the program's start. */
const WARM_UP_INSTRUCTIONS = 5_000_000;
const FOREVER = 0xffff_ffff;

type Kind = "guestMemory" | "arrays";

export interface Speed {
  /** Million instructions a second of processor time, the median of all processes. */
  guestMemory: number;
  arrays: number;
  /** The median of each pair's ratio: guest memory to arrays. */
  ratio: number;
}

/** Compares a program's speed in pairs of processes; the entry of this process must call `measuresSpeed`. */
export async function compareSpeed(program: Program, pairs: number, instructions: number): Promise<Speed> {
  const results: Record<Kind, number>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const kinds: Kind[] = pair % 2 === 0 ? ["guestMemory", "arrays"] : ["arrays", "guestMemory"];
    const result = { guestMemory: 0, arrays: 0 };
    for (const kind of kinds) result[kind] = await inFreshProcess(program, kind, instructions);
    results.push(result);
  }
  return {
    guestMemory: median(results.map(({ guestMemory }) => guestMemory)),
    arrays: median(results.map(({ arrays }) => arrays)),
    ratio: median(results.map(({ guestMemory, arrays }) => guestMemory / arrays)),
  };
}

/** Whether this process is one that `compareSpeed` started: if so it measures, reports, and has nothing else to do. */
export async function measuresSpeed(): Promise<boolean> {
  const [flag, program, kind, instructions] = process.argv.slice(2);
  if (flag !== FLAG) return false;
  process.send?.(await measure(program as Program, kind as Kind, Number(instructions)));
  return true;
}

async function measure(program: Program, kind: Kind, instructions: number): Promise<number> {
  const machine = kind === "arrays" ? new RP2040() : await Machine.create();
  load(machine, await loadFirmware(program, (url) => readFile(url)), FOREVER, () => {});
  run(machine, WARM_UP_INSTRUCTIONS);
  // Processor time, not the clock's: what else the computer does takes the processor away, and not from both sides alike.
  const before = process.cpuUsage();
  const count = run(machine, instructions);
  const { user, system } = process.cpuUsage(before);
  return count / (user + system);
}

/** Starts this program again, with Node's options and arguments that make it measure. */
function inFreshProcess(program: Program, kind: Kind, instructions: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1], [FLAG, program, kind, String(instructions)]);
    child.on("message", (speed) => resolve(Number(speed)));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${program} was not measured: exit status ${code}`)));
  });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
