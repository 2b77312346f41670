// The memory map of an ATmega1284P, a microcontroller.

import type { RegionSpec } from "guest-memory";

/** Program memory: 128 KiB of flash. */
export const FLASH = { kind: "rom", name: "flash", start: 0, size: 0x2_0000 } as const;
/**
 * Data memory: 32 registers, 224 I/O registers, 16 KiB of SRAM. On an AVR it is apart from program memory, and both begin at
 * 0. In this one map it has the address that AVR's GNU tools give it.
 */
export const DATA = { kind: "ram", name: "data", start: 0x80_0000, size: 0x4100 } as const;
/** The offset of SRAM in data memory. */
export const SRAM = 0x100;

export const REGIONS: RegionSpec[] = [FLASH, DATA];
