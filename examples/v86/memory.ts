// What the host sees of the machine's memory, by guest-physical addresses: RAM, a window of its own that the guest sees
// too, and a device. Plain arrays under the names of GuestMemory, in whose place this stands.

import { BLOCK_SIZE, type Machine } from "./machine.ts";

export const WINDOW = { name: "window", start: 0xd000_0000, size: BLOCK_SIZE } as const;
export const DEVICE = { name: "device", start: 0xd002_0000, size: BLOCK_SIZE } as const;
/** The device's registers: a number that is never the same, and how often that one was read. */
export const RANDOM = DEVICE.start;
export const COUNT = DEVICE.start + 4;

interface Region {
  name: string;
  start: number;
  size: number;
  /** Asked for at each use: v86's memory grows. */
  bytes: () => Uint8Array;
}

export interface HostMemory {
  readBytes(address: number, length: number): Uint8Array;
  writeSlice(address: number, bytes: Uint8Array): void;
  /** The first place of `bytes` in a range, or -1. */
  indexOf(bytes: Uint8Array, address: number, length: number): number;
  /** The regions, a line each. */
  tree(): string;
}

/** Gives a machine that has not run yet its window and its device. */
export function createMemory(machine: Machine): HostMemory {
  const window = new DataView(new ArrayBuffer(WINDOW.size));
  machine.attach(WINDOW.start, WINDOW.size, {
    readUint8: (address) => window.getUint8(address - WINDOW.start),
    readUint32: (address) => window.getUint32(address - WINDOW.start, true),
    writeUint8: (address, value) => window.setUint8(address - WINDOW.start, value),
    writeUint32: (address, value) => window.setUint32(address - WINDOW.start, value, true),
  });
  const readRegister = createDevice();
  machine.attach(DEVICE.start, DEVICE.size, {
    readUint8: (address) => readRegister(address) & 255,
    readUint32: readRegister,
    writeUint8() {},
    writeUint32() {},
  });

  const regions: Region[] = [
    { name: "RAM, in v86's memory", start: 0, size: machine.ramSize, bytes: () => machine.ram },
    { ...WINDOW, bytes: () => new Uint8Array(window.buffer) },
  ];
  /** The bytes of a range, which must lie in one region. */
  const range = (address: number, length: number) => {
    const region = regions.find(({ start, size }) => address >= start && address + length <= start + size);
    if (region === undefined) throw new RangeError(`no memory at ${hexadecimal(address)}, ${length} bytes`);
    return region.bytes().subarray(address - region.start, address - region.start + length);
  };
  return {
    readBytes: (address, length) => range(address, length).slice(),
    writeSlice(address, bytes) {
      range(address, bytes.length).set(bytes);
      if (address < machine.ramSize) machine.wrote(address, bytes.length);
    },
    indexOf(bytes, address, length) {
      const found = search(range(address, length), bytes);
      return found < 0 ? -1 : address + found;
    },
    tree: () => [...regions, DEVICE].map(line).join("\n"),
  };
}

function createDevice(): (address: number) => number {
  let reads = 0;
  return (address) => {
    if (address === COUNT) return reads;
    if (address !== RANDOM) return 0;
    reads += 1;
    return crypto.getRandomValues(new Uint32Array(1))[0];
  };
}

function search(bytes: Uint8Array, needle: Uint8Array): number {
  const first = needle[0];
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (needle.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

const line = ({ name, start, size }: { name: string; start: number; size: number }) =>
  `${hexadecimal(start)}-${hexadecimal(start + size - 1)}  ${name}`;

export const hexadecimal = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
