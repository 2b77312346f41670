// The common output of the examples with emulators in a terminal.

import type { GuestMemory } from "guest-memory";
import type { Speed } from "./pairs.ts";

const PAGE_SIZE = 4096;
/** `--little`: quickly, as a test; the figures mean nothing then. */
const [SPEED_PAIRS, SPEED_INSTRUCTIONS] = process.argv.includes("--little") ? [1, 1_000_000] : [3, 20_000_000];

const hexadecimal = (address: number, digits: number) => `0x${address.toString(16).padStart(digits, "0")}`;
const grouped = (value: number) => value.toLocaleString("en-US");
const percent = (ratio: number) => `${(100 * ratio).toFixed(0)} %`;

/** Runs a program, and prints the number of its instructions and the pages written meanwhile. */
export function showRun(memory: GuestMemory, digits: number, run: () => number): void {
  const written = memory.dirty.client("example");
  const instructions = run();
  const ranges = written.collect();
  written.dispose();
  const pages = ranges.reduce((sum, [, length]) => sum + length / PAGE_SIZE, 0);
  const where = ranges.map(
    ([start, length]) => `${hexadecimal(start, digits)}-${hexadecimal(start + length - 1, digits)}`,
  );
  const count = Number.isInteger(pages) ? pages : pages.toFixed(1);
  console.log(`  ${grouped(instructions)} instructions; ${count} pages written: ${where.join(", ")}`);
}

/** Prints and returns whether a machine has come to the same state as the emulator alone. */
export function showState(state: string, expected: string, emulator: string): boolean {
  const same = state === expected;
  console.log(`  state of the machine: ${state.slice(0, 16)}, ${same ? "as" : "and NOT as"} in ${emulator} alone`);
  return same;
}

/** Measures and prints the speed of each program, and the mean. */
export async function showSpeeds<N extends string>(
  names: readonly N[],
  compareSpeed: (name: N, pairs: number, instructions: number) => Promise<Speed>,
): Promise<void> {
  console.log("\nMillion instructions a second of processor time: medians, and the median of each pair's ratio");
  console.log(`(${SPEED_PAIRS} pairs of processes, in turns, ${grouped(SPEED_INSTRUCTIONS)} instructions each)\n`);
  console.log("                  GuestMemory  own arrays   ratio");
  const ratios: number[] = [];
  for (const name of names) {
    const { guestMemory, arrays, ratio } = await compareSpeed(name, SPEED_PAIRS, SPEED_INSTRUCTIONS);
    const [on, against] = [guestMemory, arrays].map((speed) => speed.toFixed(1).padStart(12));
    console.log(`  ${name.padEnd(15)}${on}${against}${percent(ratio).padStart(8)}`);
    ratios.push(ratio);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`  geometric mean${percent(mean).padStart(33)}`);
}
