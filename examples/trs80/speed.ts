// Speed on guest memory against speed on trs80-emulator's own array: the same program, the same number of instructions.

import { readFile } from "node:fs/promises";
import { Keyboard } from "trs80-emulator";
import { compareInPairs, measuresInPair, type Speed } from "../common/pairs.ts";
import { createAlone, Machine } from "./machine.ts";
import { loadProgram, type Name } from "./programs.ts";
import { load, run } from "./run.ts";
import { TextScreen } from "./screen.ts";

const EMULATOR = "trs80-emulator";
/** Instructions before the measurement, for the JIT compiler and the program's start. */
const WARM_UP_INSTRUCTIONS = 5_000_000;
/** More than there is time for; `tour` waits for keys in each. */
const ROUNDS = 1000;

/** Compares a program's speed in pairs of processes; the entry of this process must call `measuresSpeed`. */
export function compareSpeed(name: Name, pairs: number, instructions: number): Promise<Speed> {
  return compareInPairs(EMULATOR, pairs, [name, String(instructions)]);
}

/** Whether this process is one that `compareSpeed` started: if so it measures, reports, and has nothing else to do. */
export function measuresSpeed(): Promise<boolean> {
  return measuresInPair(EMULATOR, async (kind, [name, instructions]) => {
    console.warn = () => {}; // trs80-emulator's, of the stores to ROM that `tour` makes
    const [screen, keyboard] = [new TextScreen(), new Keyboard()];
    const machine = kind === "arrays" ? createAlone(screen, keyboard) : await Machine.create(screen, keyboard);
    load(machine, keyboard, await loadProgram(name as Name, (url) => readFile(url)), ROUNDS);
    run(machine, WARM_UP_INSTRUCTIONS);
    return () => run(machine, Number(instructions));
  });
}
