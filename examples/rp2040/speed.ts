// Speed on guest memory against speed on rp2040js's own arrays: the same program, the same number of instructions.

import { readFile } from "node:fs/promises";
import { RP2040 } from "rp2040js";
import { compareInPairs, measuresInPair, type Speed } from "../common/pairs.ts";
import { loadFirmware, type Program } from "./firmware.ts";
import { Machine } from "./machine.ts";
import { load, run } from "./run.ts";

const EMULATOR = "rp2040js";
/** Instructions before the measurement, for the JIT compiler and the program's start. */
const WARM_UP_INSTRUCTIONS = 5_000_000;
const FOREVER = 0xffff_ffff;

/** Compares a program's speed in pairs of processes; the entry of this process must call `measuresSpeed`. */
export function compareSpeed(program: Program, pairs: number, instructions: number): Promise<Speed> {
  return compareInPairs(EMULATOR, pairs, [program, String(instructions)]);
}

/** Whether this process is one that `compareSpeed` started: if so it measures, reports, and has nothing else to do. */
export function measuresSpeed(): Promise<boolean> {
  return measuresInPair(EMULATOR, async (kind, [program, instructions]) => {
    const machine = kind === "arrays" ? new RP2040() : await Machine.create();
    load(machine, await loadFirmware(program as Program, (url) => readFile(url)), FOREVER, () => {});
    run(machine, WARM_UP_INSTRUCTIONS);
    return () => run(machine, Number(instructions));
  });
}
