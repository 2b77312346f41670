// The RP2040's memory map as rp2040js has it: memory, and devices whose handlers call rp2040js's peripherals.

import type { Device, RegionSpec } from "guest-memory";
import { BasePeripheral, type RP2040 } from "rp2040js";

export const BOOT_ROM = { kind: "rom", name: "boot ROM", start: 0x0000_0000, size: 16 * 1024 } as const;
export const FLASH = { kind: "rom", name: "flash", start: 0x1000_0000, size: 16 * 1024 * 1024 } as const;
export const SRAM = { kind: "ram", name: "SRAM", start: 0x2000_0000, size: 264 * 1024 } as const;
/** The memory that the program and the USB controller share. */
export const USB_DPRAM = { kind: "romDevice", name: "USB DPRAM", start: 0x5010_0000, size: 4 * 1024 } as const;

/** The regions that have bytes, with what a machine has besides them. */
export const MEMORIES = [BOOT_ROM, FLASH, SRAM, USB_DPRAM] as const;

/** Further addresses of flash, which differ in the chip's cache. rp2040js has no cache. */
const FLASH_MIRRORS = ["not allocating", "not cached", "not cached, not allocating"];
/** All addresses that rp2040js treats as SIO. */
const SIO = { kind: "mmio", name: "SIO", start: 0xd000_0000, size: 0x1000_0000 } as const;
/** The core's own registers: interrupt controller, SysTick. */
const PPB = { kind: "mmio", name: "PPB", start: 0xe000_e000, size: 4 * 1024 } as const;
/** A peripheral's registers, four times: as they are, and for stores that flip, set and clear bits. */
const PERIPHERAL_SIZE = 16 * 1024;

/** The whole map of a machine. */
export function regionsOf(machine: RP2040): RegionSpec[] {
  const { ppb, sio } = machine;
  return [
    BOOT_ROM,
    FLASH,
    ...FLASH_MIRRORS.map((how, index): RegionSpec => {
      return { kind: "alias", name: `flash, ${how}`, start: FLASH.start + (index + 1) * FLASH.size, of: FLASH.name };
    }),
    SRAM,
    { ...USB_DPRAM, device: usbDpram(machine) },
    { ...SIO, device: registers(sio) },
    { ...PPB, device: registers(ppb) },
    ...Object.keys(machine.peripherals).map((key) => peripheralRegion(machine, Number(key))),
  ];
}

/** The key in `machine.peripherals` of the block that holds an address. */
export const peripheralKey = (address: number) => (address >>> 14) << 2;

/**
 * The region of a peripheral. It is looked up for each access: an application may put another in its place.
 */
export function peripheralRegion(machine: RP2040, key: number, priority = 0): RegionSpec {
  const { peripherals } = machine;
  const start = key * 0x1000;
  const write = (offset: number, value: number) =>
    peripherals[key].writeUint32Atomic(offset & 0xfff, value, offset >> 12);
  const device: Device = {
    read32: (offset) => peripherals[key].readUint32(offset),
    write32: write,
    // The bus repeats a narrow value in all of the word. `narrower` would do that, and give the word without a sign;
    // rp2040js's has one, and its I2C looks at it.
    write16: (offset, value) => write(offset & ~3, Math.imul(value, 0x0001_0001)),
    write8: (offset, value) => write(offset & ~3, Math.imul(value, 0x0101_0101)),
    narrower: "replicate",
    unaligned: "whole",
  };
  const peripheral = peripherals[key];
  const name = peripheral instanceof BasePeripheral ? peripheral.name : `peripheral at 0x${start.toString(16)}`;
  return { kind: "mmio", name: name.replace(/_BASE$/, ""), start, size: PERIPHERAL_SIZE, priority, device };
}

/** Registers of 32 bits; the core makes a narrower store by reading the word and writing it changed. */
function registers(block: { readUint32(offset: number): number; writeUint32(offset: number, value: number): void }) {
  const device: Device = {
    read32: (offset) => block.readUint32(offset),
    write32: (offset, value) => block.writeUint32(offset, value),
    narrower: "read-modify-write",
    unaligned: "whole",
  };
  return device;
}

/** Memory for reads. A store also calls the USB controller, because it may be the start of a transfer. */
function usbDpram(machine: RP2040): Device {
  return registers({
    readUint32: (offset) => machine.usbDPRAMView.getUint32(offset, true),
    writeUint32: (offset, value) => {
      machine.usbDPRAMView.setUint32(offset, value, true);
      machine.usbCtrl.DPRAMUpdated(offset, value);
    },
  });
}
