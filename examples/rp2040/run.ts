// Starts a program on an RP2040, with its memory in guest memory or in rp2040js's own arrays, and runs it.

import { ConsoleLogger, LogLevel, type RP2040 } from "rp2040js";
import type { Firmware } from "./firmware.ts";
import { Machine } from "./machine.ts";
import { FLASH } from "./map.ts";

/** The address in flash that tells the program how many rounds of its work to do. */
const ROUNDS_OFFSET = 0xc0;
const CYCLE_NANOS = 8; // a cycle of the 125 MHz clock

/**
 * Loads the boot ROM and a program, and sets the core to the boot ROM's first instruction.
 *
 * @param print takes what the program sends to UART0, a character at a time
 */
export function load(machine: RP2040, firmware: Firmware, rounds: number, print: (character: string) => void): void {
  machine.logger = new ConsoleLogger(LogLevel.Error); // no warnings, because a program that goes astray gives one each step
  machine.loadBootrom(firmware.bootRom);
  const image = firmware.image.slice();
  new DataView(image.buffer).setUint32(ROUNDS_OFFSET, rounds, true);
  if (machine instanceof Machine) machine.memory.poke(FLASH.start, image);
  else machine.flash.set(image);
  machine.uart[0].onByte = (byte) => print(String.fromCharCode(byte));
}

/** Runs up to a number of instructions; fewer if the program sleeps, its end. @returns the number of instructions run */
export function run(machine: RP2040, instructions: number): number {
  const { core } = machine;
  // The clock that RP2040 makes for itself is a SimulationClock, a class that the package does not export.
  const clock = machine.clock as typeof machine.clock & { tick(nanos: number): void };
  let count = 0;
  while (count < instructions && !core.waiting) {
    clock.tick(core.executeInstruction() * CYCLE_NANOS);
    count += 1;
  }
  return count;
}
