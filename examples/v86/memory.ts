// The guest's memory map as a GuestMemory: v86's RAM, and at addresses outside of it a window of RAM and a device, both
// of which the guest reaches through v86.

import { type Device, GuestMemory } from "guest-memory";
import { BLOCK_SIZE, type Machine } from "./machine.ts";

export const WINDOW = { name: "window", start: 0xd000_0000, size: BLOCK_SIZE } as const;
export const DEVICE = { name: "random numbers", start: 0xd002_0000, size: BLOCK_SIZE } as const;
/** The device's registers: a number that is never the same, and how often that one was read. */
export const RANDOM = DEVICE.start;
export const COUNT = DEVICE.start + 4;

/** Gives a machine that has not run yet its window and its device. */
export async function createMemory(machine: Machine): Promise<GuestMemory> {
  const memory = await GuestMemory.create(
    [
      { kind: "mmio", name: "RAM", start: 0, size: machine.ramSize, device: ramOf(machine) },
      { kind: "ram", ...WINDOW },
      { kind: "mmio", ...DEVICE, device: createDevice() },
    ],
    { name: "PC" },
  );
  machine.attach(WINDOW.start, WINDOW.size + DEVICE.size, memory);
  return memory;
}

function createDevice(): Device {
  let reads = 0;
  return {
    read32(offset) {
      if (DEVICE.start + offset === COUNT) return reads;
      if (DEVICE.start + offset !== RANDOM) return 0;
      reads += 1;
      return crypto.getRandomValues(new Uint32Array(1))[0];
    },
    write32() {}, // has no effect, but is no error: a guest may try
    narrower: "split",
  };
}

// STAND-IN: RAM as a device, until a region can lie in another module's memory.

const ramOf = (machine: Machine): Device => ({
  read8: (offset) => machine.ram[offset],
  write8(offset, value) {
    machine.ram[offset] = value;
    machine.wrote(offset, 1);
  },
  peek: (offset) => machine.ram[offset],
});

/** `memory.poke` in RAM. */
export function pokeRam(machine: Machine, address: number, bytes: Uint8Array): void {
  machine.ram.set(bytes, address);
  machine.wrote(address, bytes.length);
}

/** `memory.indexOf` in RAM, from an address on. */
export function findInRam(machine: Machine, needle: Uint8Array, from = 0): number {
  const { ram } = machine;
  for (let at = ram.indexOf(needle[0], from); at >= 0; at = ram.indexOf(needle[0], at + 1)) {
    if (needle.every((byte, index) => ram[at + index] === byte)) return at;
  }
  return -1;
}
