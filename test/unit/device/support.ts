// Helpers of the tests of devices: a device that records its calls, in a map with RAM around it.
import { type Device, GuestMemory, type Initiator, init } from "../../../ts/index.ts";

await init();

/** Where the device is in `around`, and how many bytes it has; RAM lies right before and right behind. */
export const AT = 0x1000;
export const SIZE = 0x100;

/** Registers that hold the number of their byte, and a list of the calls: "r4@8", "w2@6=1234", values in hex. */
export interface Recorder {
  readonly device: Device;
  readonly calls: string[];
  /** Who made each call. */
  readonly who: Initiator[];
}

/** A device with handlers of these sizes; `any` stands for `read` and `write`. */
export function recorder(sizes: readonly (number | "any")[], rules: Partial<Device> = {}): Recorder {
  const calls: string[] = [];
  const who: Initiator[] = [];
  const device: Record<string, unknown> = { ...rules };
  const read = (offset: number, size: number, by: Initiator) => {
    calls.push(`r${size}@${offset}`);
    who.push(by);
    return registers(offset, size);
  };
  const write = (offset: number, size: number, value: number | bigint, by: Initiator) => {
    calls.push(`w${size}@${offset}=${value.toString(16)}`);
    who.push(by);
  };
  for (const size of sizes) {
    if (size === "any") Object.assign(device, { read, write });
    else {
      device[`read${size * 8}`] = (offset: number, by: Initiator) => read(offset, size, by);
      device[`write${size * 8}`] = (offset: number, value: number | bigint, by: Initiator) =>
        write(offset, size, value, by);
    }
  }
  return { device: device as Device, calls, who };
}

/** What `size` registers hold: the numbers of their bytes, little-endian. */
export function registers(offset: number, size: number): number | bigint {
  let value = 0n;
  for (let index = size - 1; index >= 0; index--) value = (value << 8n) | BigInt((offset + index) & 0xff);
  return size <= 4 ? Number(value) : value;
}

/** A map with this device between two regions of RAM. */
export function around(device: Device): GuestMemory {
  return GuestMemory.createSync([
    { kind: "ram", name: "before", start: 0, size: AT },
    { kind: "mmio", name: "device", start: AT, size: SIZE, device },
    { kind: "ram", name: "behind", start: AT + SIZE, size: 0x1000 - SIZE },
  ]);
}

/** The scalar accesses by size, as unsigned integers. */
export const READS = {
  1: (memory: GuestMemory, at: number) => memory.readUint8(at),
  2: (memory: GuestMemory, at: number) => memory.readUint16(at),
  4: (memory: GuestMemory, at: number) => memory.readUint32(at),
  8: (memory: GuestMemory, at: number) => memory.readBigUint64(at),
  16: (memory: GuestMemory, at: number) => memory.readBigUint128(at),
} as const;

export const WRITES = {
  1: (memory: GuestMemory, at: number, value: bigint) => memory.writeUint8(at, Number(value)),
  2: (memory: GuestMemory, at: number, value: bigint) => memory.writeUint16(at, Number(value)),
  4: (memory: GuestMemory, at: number, value: bigint) => memory.writeUint32(at, Number(value)),
  8: (memory: GuestMemory, at: number, value: bigint) => memory.writeBigUint64(at, value),
  16: (memory: GuestMemory, at: number, value: bigint) => memory.writeBigUint128(at, value),
} as const;

export const SIZES = [1, 2, 4, 8, 16] as const;
