// The arena of an attack: a memory between two others. Each byte of all three is known.

import { GuestMemory } from "guest-memory";
import { type Attack, END, HIGH, HIGH_END, QUEUE, SIZE } from "./attacks.ts";
import type { Device } from "./device.ts";
import type { Range } from "./driver.ts";
import { Virtqueue, WRITE } from "./virtqueue.ts";

const FILLER = 0x5a;
const GUARD: Range = [0x0, 0x2000];
/** The buffer of the good chain that comes before the attack. */
const BUFFER = 0x2000;
const LENGTH = 64;

/** The result of an attack. */
export interface Result {
  status: number;
  /** Addresses of bytes that changed: outside the used ring and the good chain's buffer, or in a guard. */
  changed: number[];
  /** Chains that the device gave back: the good one, where the queue as such was taken. */
  served: number;
  /** Whether the guards were right below and right above the memory in linear memory. */
  guarded: boolean;
}

/** Runs an attack on a device, in a new memory. */
export function run({ arrange }: Attack, access: number, connect: (memory: GuestMemory) => Device): Result {
  const [below, memory, above] = [filled(GUARD), filled([0, END], [HIGH, HIGH_END - HIGH]), filled(GUARD)];
  const guarded = endOf(below) === startOf(memory) && endOf(memory) === startOf(above);
  const queue = new Virtqueue(memory, QUEUE, SIZE);
  queue.describe(0, { address: BUFFER, length: LENGTH, flags: access });
  queue.offer(0);
  const { size, descriptors, available, used } = { ...queue.layout, ...arrange(queue, access) };

  const before = contents(memory);
  const device = connect(memory);
  const set = device.set_queue(size, BigInt(descriptors), BigInt(available), BigInt(used));
  const status = set === 0 ? device.notify() : set;
  const after = contents(memory);

  const { used: ring, end } = queue.layout;
  const mayChange = (address: number) =>
    (address >= ring && address < end) || (access === WRITE && address >= BUFFER && address < BUFFER + LENGTH);
  const changed = [...after.keys()].filter(
    (address) => after.get(address) !== before.get(address) && !mayChange(address),
  );
  for (const guard of [below, above]) {
    for (const [address, byte] of contents(guard)) if (byte !== FILLER) changed.push(address);
  }
  const served = memory.readUint16(ring + 2);
  device.free();
  for (const machine of [below, memory, above]) machine.dispose();
  return { status, changed, served, guarded };
}

function filled(...ranges: Range[]): GuestMemory {
  const memory = GuestMemory.fromRangesSync(ranges.map(([start, size]): [number, number] => [start, size]));
  for (const { start, size } of memory.regions) memory.fill(start, FILLER, size);
  return memory;
}

/** The start and end of a memory in linear memory, where its regions lie one after the other. */
const startOf = (memory: GuestMemory) => memory.hostOffset(0, 1) ?? Number.NaN;
const endOf = (memory: GuestMemory) =>
  memory.regions.reduce(
    (at, { start, size }) => (at === memory.hostOffset(start, 1) ? at + size : Number.NaN),
    startOf(memory),
  );

/** Every byte of a memory, by its address. */
function contents(memory: GuestMemory): Map<number, number> {
  const bytes = memory.regions.flatMap(({ start, size }) =>
    Array.from(memory.readBytes(start, size), (byte, offset): [number, number] => [start + offset, byte]),
  );
  return new Map(bytes);
}
