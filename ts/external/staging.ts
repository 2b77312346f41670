// StagingBuffer: a little guest memory of the library's own, into which bytes from elsewhere are put for the core.

import { KIND_RAM, RUN_HOST, SPACE_HANDLE } from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { requestMap } from "../core/map-request.ts";

/** As much as stays in a processor's second-level cache. */
const SIZE = 1 << 18;

const RAM = { kind: KIND_RAM, name: "", start: 0, size: SIZE, priority: 0, enabled: true, target: 0, offset: 0 };

/** One for each linear memory that has to do with external memory; never given back. */
export class StagingBuffer {
  /** Bytes. */
  readonly size: number = SIZE;
  readonly handle: number;
  readonly #linear: LinearMemory;

  /** Linear memory may grow. @throws GuestMemoryError `OUT_OF_MEMORY`. */
  constructor(linear: LinearMemory) {
    this.#linear = linear;
    const { raw } = linear;
    const made = raw.gm_new(0);
    linear.replace();
    linear.expect(made, "map");
    this.handle = linear.reported(SPACE_HANDLE);
    const mapped = requestMap(linear, this.handle, RAM);
    if (mapped === 0) return;
    const failure = linear.failure(mapped, "map", { length: SIZE });
    raw.gm_dispose(this.handle);
    throw failure;
  }

  /** Puts bytes to its start. */
  put(bytes: Uint8Array): void {
    const linear = this.#linear;
    linear.replace();
    linear.raw.gm_host_run(this.handle, 0, 0, bytes.length, 0); // anew: it moves when regions are moved together
    const host = linear.reported(RUN_HOST);
    linear.u8.set(bytes, host);
    linear.markDirty(host, bytes.length);
  }
}
