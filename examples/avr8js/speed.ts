// Speed on guest memory against speed on avr8js's own arrays: the same program, the same number of instructions.

import { readFile } from "node:fs/promises";
import { compareInPairs, measuresInPair, type Speed } from "../common/pairs.ts";
import { Board } from "./board.ts";
import { createAlone, GuestCpu } from "./cpu.ts";
import { loadProgram, type Name } from "./programs.ts";

const EMULATOR = "avr8js";
/** Instructions before the measurement, for the JIT compiler and the program's start. */
const WARM_UP_INSTRUCTIONS = 5_000_000;
/** More than there is time for. */
const ROUNDS = 0xffff;

/** Compares a program's speed in pairs of processes; the entry of this process must call `measuresSpeed`. */
export function compareSpeed(name: Name, pairs: number, instructions: number): Promise<Speed> {
  return compareInPairs(EMULATOR, pairs, [name, String(instructions)]);
}

/** Whether this process is one that `compareSpeed` started: if so it measures, reports, and has nothing else to do. */
export function measuresSpeed(): Promise<boolean> {
  return measuresInPair(EMULATOR, async (kind, [name, instructions]) => {
    const board = new Board(kind === "arrays" ? createAlone() : await GuestCpu.create());
    const { image } = await loadProgram(name as Name, (url) => readFile(url));
    board.load(image, ROUNDS);
    board.run(WARM_UP_INSTRUCTIONS);
    return () => board.run(Number(instructions));
  });
}
