// The driver's side of a split virtqueue (virtio 1.2, section 2.7): a descriptor table and two rings in guest memory.

import type { GuestMemory, U64Like } from "guest-memory";

/** A descriptor's flags (section 2.7.5). */
export const NEXT = 1;
export const WRITE = 2;
export const INDIRECT = 4;

export const DESCRIPTOR_SIZE = 16;
export const USED_ELEMENT_SIZE = 8;

/** A queue as the driver describes it to the device: the number of descriptors, a power of two, and three guest addresses. */
export interface Layout {
  size: number;
  descriptors: U64Like;
  available: U64Like;
  used: U64Like;
}

/** Table and rings one after the other, aligned to 16, 2 and 4 bytes (section 2.7). */
export function layoutAt(start: number, size: number) {
  const descriptors = Math.ceil(start / 16) * 16;
  const available = descriptors + DESCRIPTOR_SIZE * size;
  const used = Math.ceil((available + 6 + 2 * size) / 4) * 4;
  return { size, descriptors, available, used, end: used + 6 + USED_ELEMENT_SIZE * size };
}

/** One entry of a descriptor table; `next` counts where `flags` has NEXT. */
export interface Descriptor {
  address: U64Like;
  length: number;
  flags: number;
  next?: number;
}

/** Writes a descriptor at a guest address: in the table, or in an indirect one. */
export function writeDescriptor(
  memory: GuestMemory,
  at: number,
  { address, length, flags, next = 0 }: Descriptor,
): void {
  memory.writeBigUint64(at, BigInt(address));
  memory.writeUint32(at + 8, length);
  memory.writeUint16(at + 12, flags);
  memory.writeUint16(at + 14, next);
}

/**
 * Reads and writes table and rings. It checks nothing, because a driver that breaks the rules uses it too. The rings'
 * indices, which the other side waits for, are stored last and atomically.
 */
export class Virtqueue {
  readonly memory: GuestMemory;
  readonly layout: ReturnType<typeof layoutAt>;
  #seen = 0;

  constructor(memory: GuestMemory, start: number, size: number) {
    this.memory = memory;
    this.layout = layoutAt(start, size);
    memory.fill(this.layout.descriptors, 0, this.layout.end - this.layout.descriptors);
  }

  describe(index: number, descriptor: Descriptor): void {
    writeDescriptor(this.memory, this.layout.descriptors + DESCRIPTOR_SIZE * index, descriptor);
  }

  /** Puts the chain that begins at descriptor `head` into the available ring. */
  offer(head: number): void {
    const { size, available } = this.layout;
    const index = this.memory.load16(available + 2);
    this.memory.writeUint16(available + 4 + 2 * (index % size), head);
    this.memory.store16(available + 2, index + 1);
  }

  /** The next chain that the device gives back, and the number of bytes that it wrote there; undefined without a next chain. */
  takeUsed(): { head: number; written: number } | undefined {
    const { size, used } = this.layout;
    if (this.memory.load16(used + 2) === this.#seen) return undefined;
    const element = used + 4 + USED_ELEMENT_SIZE * (this.#seen % size);
    this.#seen = (this.#seen + 1) & 0xffff;
    return { head: this.memory.readUint32(element), written: this.memory.readUint32(element + 4) };
  }
}
