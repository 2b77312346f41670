// Drivers that break the rules, and the device's answer to each. Table, rings and buffers are ordinary guest memory, so
// a guest may write any bytes there.

import {
  DESCRIPTOR_SIZE,
  type Descriptor,
  INDIRECT,
  type Layout,
  NEXT,
  type Virtqueue,
  WRITE,
  writeDescriptor,
} from "./virtqueue.ts";

/** The queue's addresses and its number of descriptors. */
export const QUEUE = 0x1000;
export const SIZE = 8;
const BUFFER = 0x3000;
const TABLE = 0x3800;
/** The end of guest memory at the low addresses. A second part lies from HIGH to HIGH_END. */
export const END = 0x5000;
export const HIGH = 0x8000;
export const HIGH_END = 0xa000;
const MOST = 0xffff_ffff;
const TOP = 2n ** 64n;

export interface Attack {
  name: string;
  /** The status, by its name in device/src/status.rs. */
  answer: string;
  /**
   * Writes the faulty data. Descriptor 0 is a good chain, which was offered already.
   * @param access the flags that a buffer should have: WRITE for a device that writes
   * @returns the queue's description for the device, if it is wrong too
   */
  arrange(queue: Virtqueue, access: number): Partial<Layout> | undefined;
}

/** An attack by chains: descriptors from number 1 on, offered in one chain that begins there. */
const chain = (name: string, answer: string, descriptors: (access: number) => Descriptor[]): Attack => ({
  name,
  answer,
  arrange(queue, access) {
    for (const [index, descriptor] of descriptors(access).entries()) queue.describe(index + 1, descriptor);
    queue.offer(1);
    return undefined;
  },
});

/** An attack by an indirect table: its descriptors, and how long it is said to be. */
const indirect = (
  name: string,
  descriptors: (access: number) => Descriptor[],
  length?: number,
  address: number | bigint = TABLE,
): Attack => ({
  name,
  answer: "Chain",
  arrange(queue, access) {
    const table = descriptors(access);
    for (const [index, entry] of table.entries()) {
      writeDescriptor(queue.memory, TABLE + DESCRIPTOR_SIZE * index, entry);
    }
    queue.describe(1, { address, length: length ?? DESCRIPTOR_SIZE * table.length, flags: INDIRECT });
    queue.offer(1);
    return undefined;
  },
});

/** An attack by a wrong description of the queue. */
const setup = (name: string, answer: string, layout: Partial<Layout>): Attack => ({
  name,
  answer,
  arrange: () => layout,
});

const buffer = (access: number, next?: number) => ({
  address: BUFFER,
  length: 16,
  flags: access | (next === undefined ? 0 : NEXT),
  next,
});

export const ATTACKS: readonly Attack[] = [
  chain("two descriptors in a loop", "Chain", (access) => [buffer(access, 2), buffer(access, 1)]),
  chain("a descriptor that follows itself", "Chain", (access) => [buffer(access, 1)]),
  chain("a next descriptor beyond the table", "Chain", (access) => [buffer(access, SIZE)]),
  {
    name: "a chain that begins beyond the table",
    answer: "Chain",
    arrange(queue) {
      queue.offer(0xffff);
      return undefined;
    },
  },
  chain("an address past the end of memory", "BufferMemory", (flags) => [{ address: END, length: 1, flags }]),
  chain("a buffer that runs into a hole", "BufferMemory", (flags) => [{ address: END - 8, length: 16, flags }]),
  chain("a buffer over a hole", "BufferMemory", (flags) => [{ address: BUFFER, length: HIGH_END - BUFFER, flags }]),
  chain("an address above 2^32", "BufferMemory", (flags) => [{ address: 2n ** 32n + 0x3000n, length: 16, flags }]),
  chain("a buffer that passes 2^64", "BufferMemory", (flags) => [{ address: TOP - 8n, length: 16, flags }]),
  chain("a length of 2^32 - 1", "BufferMemory", (flags) => [{ address: BUFFER, length: MOST, flags }]),
  chain("a good buffer, and then one outside memory", "BufferMemory", (flags) => [
    buffer(flags, 2),
    { address: TOP - 1n, length: 1, flags },
  ]),
  chain("lengths that sum up to more than 2^32", "Chain", (flags) => [
    { address: BUFFER, length: MOST, flags: flags | NEXT, next: 2 },
    { address: BUFFER, length: MOST, flags },
  ]),
  chain("a buffer the other way round", "Direction", (access) => [buffer(access ^ WRITE)]),
  chain("a good buffer, and then one the other way round", "Direction", (access) => [
    buffer(access, 2),
    buffer(access ^ WRITE),
  ]),
  indirect("an indirect table that points to itself", () => [{ address: TABLE, length: 16, flags: INDIRECT }]),
  indirect("an indirect table in a loop", (access) => [buffer(access, 1), buffer(access, 0)]),
  indirect("an indirect table outside memory", () => [], 16, 0x10_0000),
  indirect("an indirect table past 2^64", () => [], 32, TOP - 16n),
  indirect("an indirect table of half a descriptor", (access) => [buffer(access)], 8),
  indirect("an indirect table of no descriptor", () => [], 0),
  indirect("an indirect table of 2^32 - 16 bytes", (access) => [buffer(access)], MOST - 15),
  indirect("an indirect chain longer than the queue", (access) =>
    Array.from({ length: SIZE + 1 }, (_, index) => buffer(access, index < SIZE ? index + 1 : undefined)),
  ),
  {
    name: "an available index beyond the queue's size",
    answer: "AvailableIndex",
    arrange(queue) {
      queue.memory.store16(queue.layout.available + 2, SIZE + 1);
      return undefined;
    },
  },
  {
    name: "an available index that goes back",
    answer: "AvailableIndex",
    arrange(queue) {
      queue.memory.store16(queue.layout.available + 2, 0xffff);
      return undefined;
    },
  },
  setup("a queue of no descriptors", "QueueSize", { size: 0 }),
  setup("a queue of 6 descriptors", "QueueSize", { size: 6 }),
  setup("a queue of 512 descriptors", "QueueSize", { size: 512 }),
  setup("a queue of 2^16 + 8 descriptors", "QueueSize", { size: 0x1_0008 }),
  setup("a table that is not aligned", "QueueAlignment", { descriptors: QUEUE + 8 }),
  setup("an available ring that is not aligned", "QueueAlignment", { available: QUEUE + 129 }),
  setup("a used ring that is not aligned", "QueueAlignment", { used: QUEUE + 158 }),
  setup("a table past the end of memory", "QueueMemory", { descriptors: END - 16 }),
  setup("an available ring in a hole", "QueueMemory", { available: END }),
  setup("a used ring above 2^32", "QueueMemory", { used: 2n ** 32n + 0x1000n }),
  setup("a used ring that passes 2^64", "QueueMemory", { used: TOP - 4n }),
];
