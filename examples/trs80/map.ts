// The memory map of a TRS-80 Model III as trs80-emulator has it.

import type { RegionSpec } from "guest-memory";
import { Trs80, type Trs80Screen } from "trs80-emulator";

/** The size of a Z80's address space. */
export const ADDRESS_SPACE = 0x1_0000;

/** ROM, with BASIC. It is loaded into the machine before its start. */
export const ROM = { kind: "rom", name: "ROM", start: 0x0000, size: 14 * 1024 } as const;
/** A row of eight keys for each of the lower eight address bits, several at once; the same four times. */
const KEYBOARD = { kind: "mmio", name: "keyboard", start: 0x3800, size: 1024 } as const;
/** 16 lines of 64 characters: memory for reads, and each store also changes the screen. */
export const SCREEN = { kind: "romDevice", name: "screen", start: 0x3c00, size: 1024 } as const;
/** RAM, whose size depends on the machine. */
export const RAM = { kind: "ram", name: "RAM", start: 0x4000 } as const;

/**
 * The whole map of a machine.
 *
 * @param rom the bytes of ROM
 * @param store puts a character into screen memory, which the device alone may write
 */
export function regionsOf(
  machine: Trs80,
  screen: Trs80Screen,
  rom: Uint8Array,
  store: (address: number, value: number) => void,
): RegionSpec[] {
  return [
    { ...ROM, contents: rom.subarray(0, ROM.size) },
    {
      ...KEYBOARD,
      device: {
        read8: (offset) => Trs80.prototype.readMemory.call(machine, KEYBOARD.start + offset),
        write8: () => {}, // stores do not change the keyboard
      },
    },
    {
      ...SCREEN,
      device: {
        write8: (offset, value) => {
          screen.writeChar(SCREEN.start + offset, value);
          store(SCREEN.start + offset, value);
        },
      },
    },
    { ...RAM, size: machine.getConfig().getRamSize() },
  ];
}
