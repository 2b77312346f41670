// Runs the three programs on a machine in guest memory: the memory map, what they print, the pages they wrote, whether
// the machine ends as rp2040js alone does, and how fast they ran. Exit status 1 where something is not as expected.

import { readFile } from "node:fs/promises";
import { RP2040 } from "rp2040js";
import { type Firmware, loadFirmware, PROGRAMS, TITLES } from "./firmware.ts";
import { Machine } from "./machine.ts";
import { load, run } from "./run.ts";
import { compareSpeed, measuresSpeed } from "./speed.ts";
import { stateHash } from "./state.ts";

const PAGE_SIZE = 4096;
const SPEED_PAIRS = 3;
const SPEED_INSTRUCTIONS = 20_000_000;

const hexadecimal = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
const grouped = (value: number) => value.toLocaleString("en-US");
const range = (start: number, length: number) => `${hexadecimal(start)}-${hexadecimal(start + length - 1)}`;

/** Runs a program to its end, showing what it prints. @returns whether that is what was expected */
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
  // Opened after loading, so that it has only what the program writes.
  const written = machine.memory.dirty.client("example");
  const instructions = run(machine, firmware.limit);
  const ranges = written.collect();
  written.dispose();

  const pages = ranges.reduce((sum, [, length]) => sum + length / PAGE_SIZE, 0);
  const where = ranges.map(([start, length]) => range(start, length)).join(", ");
  console.log(`  ${grouped(instructions)} instructions; ${pages} pages written: ${where}`);
  if (text === firmware.expected) return true;
  console.error(`  That is not what was expected:\n${firmware.expected}`);
  return false;
}

/** Whether the machine has come to the state that rp2040js alone comes to. */
function compareState(machine: Machine, firmware: Firmware): boolean {
  const alone = new RP2040();
  load(alone, firmware, 1, () => {});
  run(alone, firmware.limit);
  const [state, expected] = [stateHash(machine), stateHash(alone)];
  const same = state === expected;
  console.log(`  state of the machine: ${state.slice(0, 16)}, ${same ? "as" : "and NOT as"} in rp2040js alone`);
  return same;
}

async function printSpeed(): Promise<void> {
  console.log("\nMillion instructions a second of processor time: medians, and the median of each pair's ratio");
  console.log(`(${SPEED_PAIRS} pairs of processes, in turns, ${grouped(SPEED_INSTRUCTIONS)} instructions each)\n`);
  console.log("                 GuestMemory   own arrays   ratio");
  const ratios: number[] = [];
  for (const program of PROGRAMS) {
    const { guestMemory, arrays, ratio } = await compareSpeed(program, SPEED_PAIRS, SPEED_INSTRUCTIONS);
    const [on, against] = [guestMemory, arrays].map((speed) => speed.toFixed(1));
    console.log(`  ${program.padEnd(15)}${on.padStart(11)}${against.padStart(13)}${percent(ratio)}`);
    ratios.push(ratio);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`  geometric mean${percent(mean).padStart(33)}`);
}

const percent = (ratio: number) => `${(100 * ratio).toFixed(0)} %`.padStart(8);

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
  await printSpeed();
}

if (!(await measuresSpeed())) await main();
