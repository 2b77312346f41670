// StagingBuffer: a small guest memory of the library itself. External bytes are copied into it for the core to search.

import { KIND_RAM, RUN_HOST, SPACE_HANDLE } from "../core/abi.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { requestMap } from "../core/map-request.ts";

/** Bytes: as many as fit into a processor's second-level cache. */
const SIZE = 1 << 18;

const RAM = { kind: KIND_RAM, name: "", start: 0, size: SIZE, priority: 0, enabled: true, target: 0, offset: 0 };

/** Made once for each linear memory with external regions, and never freed. */
export class StagingBuffer {
  /** Bytes. */
  readonly size: number = SIZE;
  readonly handle: number;
  readonly #linear: LinearMemory;

  /** Makes the buffer; linear memory may grow. @throws GuestMemoryError `OUT_OF_MEMORY`. */
  constructor(linear: LinearMemory) {
    this.#linear = linear;
    const { raw } = linear;
    const made = raw.gm_create_empty(0);
    linear.replace();
    linear.expect(made, "map");
    this.handle = linear.reported(SPACE_HANDLE);
    const mapped = requestMap(linear, this.handle, RAM);
    if (mapped === 0) return;
    const failure = linear.failure(mapped, "map", { length: SIZE });
    raw.gm_dispose(this.handle);
    throw failure;
  }

  /** Copies bytes to the start of the buffer. */
  put(bytes: Uint8Array): void {
    const linear = this.#linear;
    linear.replace();
    linear.raw.gm_host_run(this.handle, 0, 0, bytes.length, 0); // at each call, because compaction moves the buffer
    const host = linear.reported(RUN_HOST);
    linear.u8.set(bytes, host);
    linear.markDirty(host, bytes.length);
  }
}
