// Byte order: a device whose values are big-endian, as the little-endian device that the library calls.

import type { Device, Initiator } from "./device.ts";

const BITS = [8, 16, 32, 64, 128] as const;

type Handlers = { -readonly [Key in keyof Device]: Device[Key] };

/** A device with the same handlers, whose values are in the other byte order. They are called on the given device. */
export function swapped(device: Device): Device {
  const { narrower, unaligned } = device;
  const handlers: Handlers = { ...(narrower && { narrower }), ...(unaligned && { unaligned }) };
  for (const bits of BITS) {
    const size = bits / 8;
    const [read, write] = [`read${bits}`, `write${bits}`] as ["read32", "write32"]; // one pair stands for all
    if (device[read]) handlers[read] = (offset, who) => swap(device[read]?.(offset, who), size) as number;
    if (device[write])
      handlers[write] = (offset, value, who) => device[write]?.(offset, swap(value, size) as number, who);
  }
  if (device.read) {
    handlers.read = (offset, size, who) => swap(device.read?.(offset, size, who), size) as number;
  }
  if (device.write) {
    handlers.write = (offset: number, size: number, value: number | bigint, who: Initiator) =>
      device.write?.(offset, size, swap(value, size) as number, who);
  }
  if (device.peek) handlers.peek = (offset) => device.peek?.(offset);
  return handlers;
}

/** A value of `size` bytes in the other byte order. Any other value stays as it is, for the library to refuse. */
function swap(value: unknown, size: number): unknown {
  if (size === 1 || typeof value !== (size <= 4 ? "number" : "bigint")) return value;
  const view = new DataView(new ArrayBuffer(16));
  if (size === 2) {
    view.setUint16(0, value as number);
    return view.getUint16(0, true);
  }
  if (size === 4) {
    view.setUint32(0, value as number);
    return view.getUint32(0, true);
  }
  view.setBigUint64(size - 8, value as bigint);
  if (size === 8) return view.getBigUint64(0, true);
  view.setBigUint64(0, (value as bigint) >> 64n);
  return view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n);
}
