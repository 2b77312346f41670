// Resolver: guest ranges to host offsets, for whatever is not the scalar hot path.

import { BACKING_BYTES, FOUND_MEMORY, RUN_HOST, STATUS_CROSSES_REGIONS } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { CachedRun } from "./cached-run.ts";
import type { Access } from "./mover.ts";
import { Pieces } from "./pieces.ts";
import type { Space } from "./space.ts";

/** Bytes before an address that are remembered with it. */
const BEFORE = 2 ** 30;

/** Finds where guest bytes lie. Offsets are good until the next call that may change the map. */
export class Resolver {
  readonly #space: Space;
  /** The region of the last bulk access, in linear memory; -1 fits no generation. */
  #last = new CachedRun(undefined, -1, 0, 0, 0);

  constructor(space: Space) {
    this.#space = space;
  }

  /** The host offset of `length` bytes in one region, by the region of the last time; -1 where that does not help. */
  cachedHost(address: U64Like, length: number): number {
    return typeof address === "number" ? this.#last.at(address, length, this.#space.generation) : -1;
  }

  /** Remembers the region at an address that was checked, for `within`. */
  remember(address: U64Like): void {
    const range = this.#space.flatView.at(address);
    if (range === undefined || typeof range.start === "bigint") return; // bigints are slow anyway
    if (range.host === 0) return; // ROM, protected, watched, discarded, somebody else's: each access asks
    // Of a range that is longer than a run can be, what lies around the address.
    const skipped = Math.max(0, Number(address) - range.start - BEFORE);
    const start = range.start + skipped;
    this.#last = new CachedRun(undefined, this.#space.generation, start, range.size - skipped, range.host + skipped);
  }

  /** The host offset of a range in one region, or an error. */
  single(address: U64Like, length: U64Like, what: string): number {
    u64.check(length, "length");
    u64.check(address, "address");
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const status = this.#hostRun(address, length);
    if (status !== 0) {
      this.#space.mover.expect(address, length, 0, what, BACKING_BYTES); // it may know better: a device
      // All of it is memory, but more than one region's. Where that is linear memory the core has said which.
      if (status === STATUS_CROSSES_REGIONS) throw linear.failure(status, what, { address, length });
      const message = `${what} at ${hex(address)}, ${length} bytes: another region begins in the range`;
      throw new GuestMemoryError("CROSSES_REGIONS", message, { address, length });
    }
    return linear.reported(RUN_HOST);
  }

  /** The same for an access, without an error: undefined on a miss, a crossing, and where it is denied or watched. */
  probe(address: U64Like, length: U64Like, access: Access): number | undefined {
    u64.check(length, "length");
    const pieces = new Pieces(this.#space, address, Number(length));
    this.#space.enter();
    if (this.#hostRun(address, length) !== 0) return undefined;
    const host = this.#space.linear.reported(RUN_HOST);
    // Piece by piece: what is watched or forbidden for other accesses ends one too.
    for (let done = 0; pieces.next(done, access); done += pieces.bytes) {
      if (pieces.kind !== FOUND_MEMORY || pieces.watched) return undefined;
    }
    return host;
  }

  /** The status of a range: 0 where it is backed as a whole. */
  status(address: U64Like, length: U64Like): number {
    return this.#space.mover.status(address, length, 0, BACKING_BYTES);
  }

  #hostRun(address: U64Like, length: U64Like): number {
    const { linear, handle } = this.#space;
    return linear.raw.gm_host_run(handle, u64.low(address), u64.high(address), u64.low(length), u64.high(length));
  }
}
