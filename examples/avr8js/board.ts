// The board around the CPU: a timer and a serial port. It loads a program and runs it.

import { AVRTimer, AVRUSART, avrInstruction, type CPU, portBConfig, timer0Config, usart0Config } from "avr8js";
import { GuestCpu } from "./cpu.ts";

const CLOCK_HZ = 16_000_000;
// avr8js' own settings are of the ATmega328P: the registers are the same, interrupt vectors and pins are not.
const TIMER_0 = {
  ...timer0Config,
  compAInterrupt: 0x20,
  compBInterrupt: 0x22,
  ovfInterrupt: 0x24,
  compPortA: portBConfig.PORT,
  compPinA: 3,
  compPortB: portBConfig.PORT,
  compPinB: 4,
  externalClockPort: portBConfig.PORT,
  externalClockPin: 0,
};
const SERIAL_0 = {
  ...usart0Config,
  rxCompleteInterrupt: 0x28,
  dataRegisterEmptyInterrupt: 0x2a,
  txCompleteInterrupt: 0x2c,
};
/** GPIOR1 and 2, which tell a program how many rounds of its work to do. */
const ROUNDS = [0x4a, 0x4b] as const;

export class Board<C extends CPU = CPU> {
  readonly cpu: C;
  readonly timer: AVRTimer;
  readonly serial: AVRUSART;
  /** The bytes that the program has sent. */
  output = "";

  constructor(cpu: C) {
    this.cpu = cpu;
    this.timer = new AVRTimer(cpu, TIMER_0);
    this.serial = new AVRUSART(cpu, SERIAL_0, CLOCK_HZ);
    this.serial.onByteTransmit = (byte) => {
      this.output += String.fromCharCode(byte);
    };
  }

  /** Puts a program into flash, and its number of rounds into GPIOR1 and 2. */
  load(image: Uint8Array, rounds: number): void {
    const { cpu } = this;
    if (cpu instanceof GuestCpu) cpu.guestMemory.poke(0, image);
    else cpu.progBytes.set(image);
    for (const [index, register] of ROUNDS.entries()) cpu.data[register] = rounds >> (8 * index);
  }

  /**
   * Runs up to a number of instructions; fewer if the program comes to its end, a jump to itself.
   *
   * @returns the number of instructions run
   */
  run(instructions: number): number {
    const { cpu } = this;
    let count = 0;
    try {
      for (let last = -1; count < instructions && cpu.pc !== last; count++) {
        last = cpu.pc;
        avrInstruction(cpu);
        cpu.tick();
      }
    } finally {
      if (cpu instanceof GuestCpu) cpu.markDirty();
    }
    return count;
  }
}
