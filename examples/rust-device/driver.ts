// A driver that keeps the rules: it posts buffers, notifies the device, and takes back the used ones.

import type { GuestMemory } from "guest-memory";
import type { Device } from "./device.ts";
import { NEXT, Virtqueue, WRITE } from "./virtqueue.ts";

/** A range of guest memory: its start and its length in bytes. */
export type Range = readonly [start: number, length: number];

/** The error of a device that refused its driver's request. `status` is one of device/src/status.rs. */
export class DeviceError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the device answers status ${status}`);
    this.status = status;
  }
}

/** Drives a device with one queue. The device writes all of its buffers, or reads all. */
export class Driver {
  readonly queue: Virtqueue;
  readonly #device: Device;
  readonly #flag: number;
  readonly #free: number[];
  readonly #chains = new Map<number, number[]>();

  constructor(
    memory: GuestMemory,
    device: Device,
    start: number,
    size: number,
    access: "device reads" | "device writes",
  ) {
    this.queue = new Virtqueue(memory, start, size);
    this.#device = device;
    this.#flag = access === "device writes" ? WRITE : 0;
    this.#free = Array.from({ length: size }, (_, index) => index);
    const { descriptors, available, used } = this.queue.layout;
    expectOk(device.set_queue(size, BigInt(descriptors), BigInt(available), BigInt(used)));
  }

  /** Posts buffers as one chain. @returns the descriptor that it begins with, which names it */
  post(buffers: readonly Range[]): number {
    const chain = this.#free.splice(0, buffers.length);
    const [head] = chain;
    if (head === undefined || chain.length < buffers.length) {
      this.#free.push(...chain);
      throw new RangeError(`${buffers.length} buffers do not fit: ${chain.length} descriptors are free`);
    }
    buffers.forEach(([address, length], index) => {
      const next = chain[index + 1];
      const flags = this.#flag | (next === undefined ? 0 : NEXT);
      this.queue.describe(chain[index] ?? 0, { address, length, flags, next });
    });
    this.#chains.set(head, chain);
    this.queue.offer(head);
    return head;
  }

  /** Notifies the device. @returns the number of bytes that it wrote into each chain that it gives back */
  notify(): Map<number, number> {
    expectOk(this.#device.notify());
    const done = new Map<number, number>();
    for (let used = this.queue.takeUsed(); used !== undefined; used = this.queue.takeUsed()) {
      done.set(used.head, used.written);
      this.#free.push(...(this.#chains.get(used.head) ?? []));
      this.#chains.delete(used.head);
    }
    return done;
  }
}

function expectOk(status: number): void {
  if (status !== 0) throw new DeviceError(status);
}
