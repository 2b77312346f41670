// Runs the three programs on a machine in guest memory. Prints the memory map, the programs' output, the pages they
// wrote, whether the machine ends in the same state as rp2040js alone, and the speed. Exit status 1 if a result is not
// as expected.

import { readFile } from "node:fs/promises";
import { RP2040 } from "rp2040js";
import { showRun, showSpeeds, showState } from "../common/terminal.ts";
import { type Firmware, loadFirmware, PROGRAMS, TITLES } from "./firmware.ts";
import { Machine } from "./machine.ts";
import { load, run } from "./run.ts";
import { compareSpeed, measuresSpeed } from "./speed.ts";
import { stateHash } from "./state.ts";

/** Runs a program to its end, and shows its output. @returns whether the output is as expected */
function show(machine: Machine, firmware: Firmware): boolean {
  let text = "";
  let line = "";
  load(machine, firmware, 1, (character) => {
    text += character;
    if (character !== "\n") line += character;
    else {
      console.log(`  | ${line}`);
      line = "";
    }
  });
  showRun(machine.memory, 8, () => run(machine, firmware.limit));
  if (text === firmware.expected) return true;
  console.error(`  That is not what was expected:\n${firmware.expected}`);
  return false;
}

/** Whether the machine has come to the state that rp2040js alone comes to. */
function compareState(machine: Machine, firmware: Firmware): boolean {
  const alone = new RP2040();
  load(alone, firmware, 1, () => {});
  run(alone, firmware.limit);
  return showState(stateHash(machine), stateHash(alone), "rp2040js");
}

async function main(): Promise<void> {
  for (const program of PROGRAMS) {
    const machine = await Machine.create();
    if (program === PROGRAMS[0]) {
      console.log("RP2040, an ARM Cortex-M0+, with its memory map in GuestMemory\n");
      console.log(machine.memory.tree().trimEnd());
    }
    console.log(`\n${program}: ${TITLES[program]}\n`);
    const firmware = await loadFirmware(program, (url) => readFile(url));
    const printed = show(machine, firmware);
    const ended = compareState(machine, firmware);
    if (!printed || !ended) process.exitCode = 1;
    machine.memory.dispose();
  }
  await showSpeeds(PROGRAMS, compareSpeed);
}

if (!(await measuresSpeed())) await main();
