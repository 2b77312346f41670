// Runs the three programs on a machine in guest memory: the memory map, what they print, the pages they wrote, and how
// fast they ran, against rp2040js on its own arrays. Exit status 1 where a program prints what it should not.

import { readFile } from "node:fs/promises";
import { GuestMemory } from "guest-memory";
import { type Firmware, loadFirmware, PROGRAMS, TITLES } from "./firmware.ts";
import { BOOT_ROM, FLASH, Machine, RANGES, SRAM } from "./machine.ts";
import { load, run } from "./run.ts";
import { compareSpeed, measuresSpeed } from "./speed.ts";

const PAGE_SIZE = 4096;
const NAMES = new Map([BOOT_ROM, FLASH, SRAM].map(({ name, start }) => [start as number, name]));
const SPEED_PAIRS = 3;
const SPEED_INSTRUCTIONS = 20_000_000;

const hexadecimal = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
const grouped = (value: number) => value.toLocaleString("en-US");
const range = (start: number, length: number) => `${hexadecimal(start)}-${hexadecimal(start + length - 1)}`;

function printMemoryMap(memory: GuestMemory): void {
  console.log("RP2040, an ARM Cortex-M0+, with its memory in GuestMemory\n");
  for (const { start, size } of memory.regions) {
    const pages = `${grouped(size / PAGE_SIZE)} pages`;
    console.log(
      `  ${range(start, size)}  ${NAMES.get(start)?.padEnd(8)}  ${grouped(size / 1024).padStart(6)} KiB  ${pages}`,
    );
  }
}

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
    const memory = await GuestMemory.fromRanges(RANGES);
    if (program === PROGRAMS[0]) printMemoryMap(memory);
    console.log(`\n${program}: ${TITLES[program]}\n`);
    const firmware = await loadFirmware(program, (url) => readFile(url));
    if (!show(new Machine(memory), firmware)) process.exitCode = 1;
    memory.dispose();
  }
  await printSpeed();
}

if (!(await measuresSpeed())) await main();
