// Starts a program on a TRS-80, with its memory in guest memory or in trs80-emulator's own array, and runs it.

import type { Keyboard, Trs80 } from "trs80-emulator";
import type { Program } from "./programs.ts";

/** The address where a program is loaded and begins. */
export const START = 0x5000;
/** The address that tells the program how many rounds of its work to do. */
const ROUNDS = START + 3;

/** Loads a program, sets the Z80 to its first instruction, and types the keys that it waits for. */
export function load(machine: Trs80, keyboard: Keyboard, program: Program, rounds: number): void {
  machine.writeMemoryBlock(START, program.image);
  machine.writeMemoryBlock(ROUNDS, Uint8Array.of(rounds, rounds >> 8));
  machine.jumpTo(START);
  for (let round = 0; round < (program.keys === "" ? 0 : rounds); round++) keyboard.simulateKeyboardText(program.keys);
}

/** Runs up to a number of instructions; fewer if the program halts for good. @returns the number of instructions run */
export function run(machine: Trs80, instructions: number): number {
  const { z80 } = machine;
  let count = 0;
  while (count < instructions && !(z80.regs.halted && !z80.regs.iff1)) {
    machine.step();
    count += 1;
  }
  return count;
}
