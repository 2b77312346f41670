// The guest's memory map as a GuestMemory: v86's RAM, in place in v86's own memory, and at addresses outside of it a
// window of RAM and a device. The guest reaches these two through v86.

import { type Device, GuestMemory } from "guest-memory";
import { BLOCK_SIZE, type Machine } from "./machine.ts";

/** The addresses at which a PC has its screen. They hide the RAM behind. */
export const SCREEN = { name: "screen", start: 0xa_0000, size: 0x2_0000 } as const;
export const WINDOW = { name: "window", start: 0xd000_0000, size: BLOCK_SIZE } as const;
export const DEVICE = { name: "random numbers", start: 0xd002_0000, size: BLOCK_SIZE } as const;
/** The device's registers: a number that is never the same, and the number of times that it was read. */
export const RANDOM = DEVICE.start;
export const COUNT = DEVICE.start + 4;

/** Gives a machine that has not run yet its window and its device. */
export async function createMemory(machine: Machine): Promise<GuestMemory> {
  const { ramSize, memory: source, ramOffset: offset } = machine;
  const memory = await GuestMemory.create(
    [
      { kind: "external", name: "RAM", start: 0, size: ramSize, source, offset },
      { kind: "reserved", ...SCREEN, priority: 1 },
      { kind: "ram", ...WINDOW },
      { kind: "mmio", ...DEVICE, device: createDevice() },
    ],
    { name: "PC" },
  );
  // v86 may have compiled the bytes that the host overwrites.
  memory.onHostWrite = (address, length) => {
    if (address < ramSize) machine.wrote(address, Math.min(length, ramSize - address));
  };
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

/** The first address of some bytes in memory, from an address on; -1 if they are not found. */
export function find(memory: GuestMemory, needle: Uint8Array, from = 0): number {
  for (const { start, size } of memory.regions) {
    const at = Math.max(start, from);
    const left = start + size - at;
    const found = left > 0 ? memory.indexOf(needle, at, left) : -1;
    if (found >= 0) return found;
  }
  return -1;
}
