// A model of the two devices on a queue, written from virtio 1.2 on a plain array. It takes a driver's bytes, and gives
// the status, the bytes afterwards and the console's output. It changes only the used ring and the buffers that a
// device writes.
import { DESCRIPTOR_SIZE, INDIRECT, NEXT, USED_ELEMENT_SIZE, WRITE } from "../../examples/rust-device/virtqueue.ts";

/** What a driver tells the device. */
export interface Queue {
  readonly size: number;
  readonly descriptors: bigint;
  readonly available: bigint;
  readonly used: bigint;
}

interface Buffer {
  readonly address: number;
  readonly length: number;
  readonly flags: number;
}

/** Both devices take or give this much for a chain. */
const MOST = 0x1_0000;
const LARGEST_QUEUE = 256;

class Refused extends Error {}

const refuse = (status: string): never => {
  throw new Refused(status);
};

export class Model {
  /** Guest memory, by guest address. What no region backs stays 0. */
  readonly bytes: Uint8Array;
  readonly printed: number[] = [];
  readonly #view: DataView;
  readonly #backed: readonly (readonly [start: number, end: number])[];

  /** @param backed what is backed, with regions that touch as one */
  constructor(bytes: Uint8Array, backed: readonly (readonly [start: number, end: number])[]) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#backed = backed;
  }

  /** Sets the queue up and serves it. @param next the entropy that the device has; undefined: it is a console */
  run(queue: Queue, next?: () => number): string {
    try {
      this.#serve(queue, next);
      return "Ok";
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
  }

  #serve({ size, ...addresses }: Queue, next?: () => number): void {
    if (size === 0 || size > LARGEST_QUEUE || (size & (size - 1)) !== 0) refuse("QueueSize");
    const { descriptors, available, used } = addresses;
    if (descriptors % 16n !== 0n || available % 2n !== 0n || used % 4n !== 0n) refuse("QueueAlignment");
    const [table, ring, usedRing] = [descriptors, available, used].map(Number) as [number, number, number];
    const inMemory =
      this.#isBacked(table, DESCRIPTOR_SIZE * size) &&
      this.#isBacked(ring, 6 + 2 * size) &&
      this.#isBacked(usedRing, 6 + USED_ELEMENT_SIZE * size);
    if (!inMemory) refuse("QueueMemory");
    for (let served = 0; served < size; served++) {
      // Read each time: a buffer, or the used ring, may lie over it.
      const waiting = (this.#view.getUint16(ring + 2, true) - served) & 0xffff;
      if (waiting > size) refuse("AvailableIndex");
      if (waiting === 0) return;
      const head = this.#view.getUint16(ring + 4 + 2 * (served % size), true);
      const chain = this.#chain(table, size, head);
      for (const { address, length, flags } of chain) {
        if ((flags & WRITE) !== (next ? WRITE : 0)) refuse("Direction");
        if (!this.#isBacked(address, length)) refuse("BufferMemory");
      }
      const written = next ? this.#fill(chain, next) : this.#print(chain);
      const element = usedRing + 4 + USED_ELEMENT_SIZE * (served % size);
      this.#view.setUint32(element, head, true);
      this.#view.setUint32(element + 4, written, true);
      this.#view.setUint16(usedRing + 2, served + 1, true);
    }
  }

  /** A chain's buffers as they are before any is touched. */
  #chain(table: number, size: number, head: number): Buffer[] {
    const buffers: Buffer[] = [];
    let [at, entries, index, total, isIndirect] = [table, size, head, 0, false];
    for (;;) {
      const place = at + DESCRIPTOR_SIZE * index;
      if (index >= entries || !this.#isBacked(place, DESCRIPTOR_SIZE)) refuse("Chain");
      const address = Number(this.#view.getBigUint64(place, true));
      const length = this.#view.getUint32(place + 8, true);
      const flags = this.#view.getUint16(place + 12, true);
      if (flags & INDIRECT) {
        if (isIndirect || length % DESCRIPTOR_SIZE !== 0 || length / DESCRIPTOR_SIZE > 0xffff) refuse("Chain");
        [at, entries, index, isIndirect] = [address, length / DESCRIPTOR_SIZE, 0, true];
        continue;
      }
      total += length;
      buffers.push({ address, length, flags });
      if (total > 0xffff_ffff || buffers.length > size) refuse("Chain");
      if (!(flags & NEXT)) return buffers;
      index = this.#view.getUint16(place + 14, true);
    }
  }

  #fill(chain: Buffer[], next: () => number): number {
    let left = MOST;
    for (const { address, length } of chain) {
      const end = address + Math.min(length, left);
      for (let at = address; at < end; at++) this.bytes[at] = next();
      left -= Math.min(length, left);
    }
    return MOST - left;
  }

  #print(chain: Buffer[]): number {
    if (chain.reduce((sum, { length }) => sum + length, 0) > MOST) refuse("TooLong");
    for (const { address, length } of chain) {
      for (let at = address; at < address + length; at++) this.printed.push(this.bytes[at] ?? 0);
    }
    return 0;
  }

  #isBacked(address: number, length: number): boolean {
    return length === 0 || this.#backed.some(([start, end]) => address >= start && address + length <= end);
  }
}
