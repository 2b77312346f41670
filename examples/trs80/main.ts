// Runs the programs on a machine in guest memory. Prints the memory map, the screen, the pages they wrote, the accesses
// that a watch saw, whether the machine ends in the same state as trs80-emulator alone, and the speed. Exit status 1 if
// a result is not as expected.

import { readFile } from "node:fs/promises";
import { Keyboard } from "trs80-emulator";
import { showRun, showSpeeds, showState } from "../common/terminal.ts";
import { createAlone, Machine } from "./machine.ts";
import { SCREEN } from "./map.ts";
import { loadProgram, NAMES, type Program, TITLES } from "./programs.ts";
import { load, run } from "./run.ts";
import { TextScreen } from "./screen.ts";
import { compareSpeed, measuresSpeed } from "./speed.ts";
import { stateHash } from "./state.ts";

const hexadecimal = (address: number) => `0x${address.toString(16).padStart(4, "0")}`;

/** Runs a program to its end, and shows the screen. @returns whether the screen is as expected */
function show(machine: Machine, keyboard: Keyboard, screen: TextScreen, program: Program): boolean {
  const { guestMemory } = machine;
  load(machine, keyboard, program, 1);
  // Which instructions store into the screen's first line: the program counter is behind them then.
  const writers = new Set<number>();
  const watch = guestMemory.watch(SCREEN.start, 64, { write: true }, () => void writers.add(machine.z80.regs.pc));
  showRun(guestMemory, 4, () => run(machine, program.limit));
  watch.dispose();

  for (const line of screen.text.trimEnd().split("\n")) console.log(`  | ${line}`);
  const places = [...writers].map(hexadecimal).join(" and ");
  console.log(`  a watch saw stores into the screen's first line by the instructions before ${places}`);
  if (screen.text === program.expected) return true;
  console.error(`  That is not what was expected:\n${program.expected}`);
  return false;
}

/** Whether the machine has come to the state that trs80-emulator alone comes to. */
function compareState(machine: Machine, program: Program): boolean {
  const keyboard = new Keyboard();
  const alone = createAlone(new TextScreen(), keyboard);
  load(alone, keyboard, program, 1);
  run(alone, program.limit);
  return showState(stateHash(machine), stateHash(alone), "trs80-emulator");
}

async function main(): Promise<void> {
  for (const name of NAMES) {
    const [screen, keyboard] = [new TextScreen(), new Keyboard()];
    const machine = await Machine.create(screen, keyboard);
    if (name === NAMES[0]) {
      console.log("TRS-80 Model III, a Z80, with its memory map in GuestMemory\n");
      console.log(machine.guestMemory.tree().trimEnd());
    }
    console.log(`\n${name}: ${TITLES[name]}\n`);
    const program = await loadProgram(name, (url) => readFile(url));
    const shown = show(machine, keyboard, screen, program);
    const ended = compareState(machine, program);
    if (!shown || !ended) process.exitCode = 1;
    machine.guestMemory.dispose();
  }
  await showSpeeds(NAMES, compareSpeed);
}

console.warn = () => {}; // trs80-emulator's, of stores to ROM, which `tour` makes
if (!(await measuresSpeed())) await main();
