// Resolver: finds the host offset of a guest range, for everything but the scalar fast path.

import { BACKING_BYTES, FOUND_MEMORY, RUN_HOST, STATUS_CROSSES_REGIONS } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { CachedRun } from "./cached-run.ts";
import type { Access } from "./mover.ts";
import { Pieces } from "./pieces.ts";
import type { Space } from "./space.ts";

/** How many bytes before an address are remembered with it. */
const BEFORE = 2 ** 30;

/** Finds host offsets. They are valid until the next call that may change the map. */
export class Resolver {
  readonly #space: Space;
  /** The range of memory that the last bulk access was in. Generation -1 never matches. */
  #last = new CachedRun(undefined, -1, 0, 0, 0);

  constructor(space: Space) {
    this.#space = space;
  }

  /** The host offset of a range that lies in the remembered range of memory; else -1. */
  cachedHost(address: U64Like, length: number): number {
    return typeof address === "number" ? this.#last.at(address, length, this.#space.generation) : -1;
  }

  /** Remembers the range of memory at a checked address, for `cachedHost`. */
  remember(address: U64Like): void {
    const range = this.#space.flatView.at(address);
    if (range === undefined || typeof range.start === "bigint") return; // bigints are slow anyway
    if (range.host === 0) return; // ROM, external, protected, watched or discarded: each access asks the core
    // A range may be longer than a CachedRun can be: then only the part around the address is remembered.
    const skipped = Math.max(0, Number(address) - range.start - BEFORE);
    const start = range.start + skipped;
    this.#last = new CachedRun(undefined, this.#space.generation, start, range.size - skipped, range.host + skipped);
  }

  /** The host offset of a range. Throws unless it lies in one region of linear memory. */
  single(address: U64Like, length: U64Like, what: string): number {
    u64.check(length, "length");
    u64.check(address, "address");
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const status = this.#hostRun(address, length);
    if (status !== 0) {
      this.#space.mover.expect(address, length, 0, what, BACKING_BYTES); // names a hole or a device more exactly
      // The range is memory, but of several regions. If all of it is linear memory, the core reports where it crosses.
      if (status === STATUS_CROSSES_REGIONS) throw linear.failure(status, what, { address, length });
      const message = `${what} at ${hex(address)}, ${length} bytes: another region begins in the range`;
      throw new GuestMemoryError("CROSSES_REGIONS", message, { address, length });
    }
    return linear.reported(RUN_HOST);
  }

  /** As `single`, but undefined instead of an error, and also if an access of this kind is denied or watched. */
  probe(address: U64Like, length: U64Like, access: Access): number | undefined {
    u64.check(length, "length");
    const pieces = new Pieces(this.#space, address, Number(length));
    this.#space.enter();
    if (this.#hostRun(address, length) !== 0) return undefined;
    const host = this.#space.linear.reported(RUN_HOST);
    // Several pieces: a piece also ends where permissions or watches for other kinds of access change.
    for (let done = 0; pieces.next(done, access); done += pieces.bytes) {
      if (pieces.kind !== FOUND_MEMORY || pieces.watched) return undefined;
    }
    return host;
  }

  /** The core's status for a range: 0 if all of it is backed by memory. */
  status(address: U64Like, length: U64Like): number {
    return this.#space.mover.status(address, length, 0, BACKING_BYTES);
  }

  #hostRun(address: U64Like, length: U64Like): number {
    const { linear, handle } = this.#space;
    return linear.raw.gm_host_run(handle, u64.low(address), u64.high(address), u64.low(length), u64.high(length));
  }
}
