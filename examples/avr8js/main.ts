// Runs the programs on a CPU in guest memory. Prints the memory map, the programs' output, the accesses that a watch
// saw, whether the board ends in the same state as avr8js alone, and the speed. Exit status 1 if a result is not as
// expected.

import { readFile } from "node:fs/promises";
import { showSpeeds, showState } from "../common/terminal.ts";
import { Board } from "./board.ts";
import { createAlone, GuestCpu } from "./cpu.ts";
import { DATA } from "./map.ts";
import { LIMIT, loadProgram, NAMES, type Program, TITLES } from "./programs.ts";
import { compareSpeed, measuresSpeed } from "./speed.ts";
import { stateHash } from "./state.ts";

/** The address where every program counts its clock's ticks. */
const TICKS = DATA.start + 0x100;

/** Runs a program to its end, and shows its output. @returns whether the output is as expected */
function show(board: Board<GuestCpu>, program: Program): boolean {
  const { cpu } = board;
  board.load(program.image, 1);
  let ticks = 0;
  const places = new Set<number>();
  const watch = cpu.guestMemory.watch(TICKS, 1, { write: true }, () => {
    ticks += 1;
    places.add(2 * cpu.pc);
  });
  const instructions = board.run(LIMIT);
  watch.dispose();

  for (const line of board.output.trimEnd().split("\n")) console.log(`  | ${line}`);
  console.log(`  ${instructions.toLocaleString("en-US")} instructions`);
  const where = [...places].map((place) => `0x${place.toString(16)}`).join(" and ");
  console.log(`  a watch saw ${ticks} ticks of its clock, all stored by the instruction at ${where}`);
  if (board.output === program.expected) return true;
  console.error(`  That is not what was expected:\n${program.expected}`);
  return false;
}

/** Whether the board has come to the state that avr8js alone comes to. */
function compareState(board: Board, program: Program): boolean {
  const alone = new Board(createAlone());
  alone.load(program.image, 1);
  alone.run(LIMIT);
  return showState(stateHash(board), stateHash(alone), "avr8js");
}

async function main(): Promise<void> {
  for (const name of NAMES) {
    const board = new Board(await GuestCpu.create());
    const { guestMemory } = board.cpu;
    if (name === NAMES[0]) {
      console.log("ATmega1284P, an AVR, with its memories in GuestMemory\n");
      console.log(guestMemory.tree().trimEnd());
    }
    console.log(`\n${name}: ${TITLES[name]}\n`);
    const program = await loadProgram(name, (url) => readFile(url));
    const sent = show(board, program);
    const ended = compareState(board, program);
    if (!sent || !ended) process.exitCode = 1;
    guestMemory.dispose();
  }
  await showSpeeds(NAMES, compareSpeed);
}

if (!(await measuresSpeed())) await main();
