// A machine with guest memory, the two devices of the module, and a driver for each.

import { GuestMemory } from "guest-memory";
import type { Devices } from "./device.ts";
import { Driver, type Range } from "./driver.ts";

const QUEUE_SIZE = 16;
const ENTROPY_QUEUE = 0x1000;
const CONSOLE_QUEUE = 0x2000;
const BUFFERS = 0x8000;
const BUFFERS_SIZE = 0x8000;
/** Small, so that the examples' chains have more than one descriptor. */
const BUFFER_SIZE = 64;

export class Machine {
  readonly memory: GuestMemory;
  readonly entropy: Driver;
  readonly console: Driver;

  /** @param write takes the text that the guest sends to the console */
  constructor({ Entropy, Console }: Devices, write: (text: string) => void) {
    this.memory = GuestMemory.fromRangesSync([
      [0x0, 0x8000],
      [0x8000, 0x8000],
    ]);
    const decoder = new TextDecoder();
    const terminal = { write: (bytes: Uint8Array) => write(decoder.decode(bytes, { stream: true })) };
    const { handle } = this.memory;
    this.entropy = new Driver(this.memory, new Entropy(handle, crypto), ENTROPY_QUEUE, QUEUE_SIZE, "device writes");
    this.console = new Driver(this.memory, new Console(handle, terminal), CONSOLE_QUEUE, QUEUE_SIZE, "device reads");
  }

  /** Random bytes from the entropy device. */
  random(length: number): Uint8Array {
    this.entropy.post(buffersFor(length));
    const written = [...this.entropy.notify().values()].reduce((sum, bytes) => sum + bytes, 0);
    return this.memory.readBytes(BUFFERS, written);
  }

  /** Prints on the console. */
  print(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const buffers = buffersFor(bytes.length);
    this.memory.writeSlice(BUFFERS, bytes);
    this.console.post(buffers);
    this.console.notify();
  }
}

/** The buffer area's first bytes, in pieces: as few as the queue has descriptors for. */
function buffersFor(length: number): Range[] {
  if (length < 1 || length > BUFFERS_SIZE) throw new RangeError(`from 1 to ${BUFFERS_SIZE} bytes, not ${length}`);
  const size = Math.max(BUFFER_SIZE, Math.ceil(length / QUEUE_SIZE));
  return Array.from({ length: Math.ceil(length / size) }, (_, index) => [
    BUFFERS + index * size,
    Math.min(size, length - index * size),
  ]);
}
