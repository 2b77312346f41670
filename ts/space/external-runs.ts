// ExternalPlaces: guest ranges that are external memory, and what of it they show.

import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { ExternalBytes } from "../external/external-memory.ts";
import { EXECUTE, READ, WRITE } from "../observe/watchers.ts";
import { Place } from "./cached-run.ts";
import { EXTERNAL } from "./mover.ts";
import type { Space } from "./space.ts";

/** The longest piece asked for. */
const LONGEST = 2 ** 31;

/** A run of one external memory's bytes. */
export interface ExternalRun {
  readonly external: ExternalBytes;
  readonly offset: number;
  readonly length: number;
}

/** Finds external memory; remembers where it was found last. */
export class ExternalPlaces {
  readonly #space: Space;
  /** What `at` has found last: good right after it, where that gave no -1. */
  last: Place<ExternalBytes> | undefined;

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * Where a whole range lies in the external memory of `last`, if every access to it is allowed, and watched by nobody;
   * else -1. As a number address alone: bigints are slow anyway.
   */
  at(address: Wide, length: number): number {
    if (typeof address !== "number") return -1;
    const at = this.#at(address, length);
    if (at >= 0 || !this.#space.linear.externals.any) return at;
    this.#find(address);
    return this.#at(address, length);
  }

  #at(address: number, length: number): number {
    return this.last === undefined ? -1 : this.last.at(address, length, this.#space.control[0] as number);
  }

  /** Remembers the place at an address, as far as every access finds the same. */
  #find(address: number): void {
    const space = this.#space;
    wide.split(address, "address");
    const { low, high } = wide;
    space.enter();
    const { raw, report } = space.linear;
    let count = LONGEST;
    for (const access of [READ, WRITE, EXECUTE]) {
      if (raw.gm_piece(space.handle, low, high, LONGEST, access) !== EXTERNAL || report[1] !== 0) return;
      count = Math.min(count, report[0] as number);
    }
    const [, , id = 0, offsetLow = 0, offsetHigh = 0] = report;
    const offset = wide.join(offsetLow, offsetHigh);
    this.last = new Place(space.external(id), space.control[0] as number, address, count, offset);
  }

  /** The run of external memory that a range begins with, whatever is allowed there; undefined if it does with none. */
  run(address: Wide, length: Wide): ExternalRun | undefined {
    const space = this.#space;
    if (!space.linear.externals.any) return undefined;
    wide.check(length, "length");
    wide.check(address, "address");
    space.enter();
    let found: { id: number; offset: number } | undefined;
    let done = 0;
    while (done < length) {
      const at = BigInt(address) + BigInt(done);
      if (at >> 64n) break;
      wide.split(at, "address");
      const limit = Math.min(Number(length) - done, LONGEST);
      const { raw, report } = space.linear;
      if (raw.gm_piece(space.handle, wide.low, wide.high, limit, 0) !== EXTERNAL) break;
      const [count = 0, , id = 0, offsetLow = 0, offsetHigh = 0] = report;
      const offset = wide.join(offsetLow, offsetHigh);
      found ??= { id, offset };
      if (id !== found.id || offset !== found.offset + done) break;
      done += count;
    }
    return found && { external: space.external(found.id), offset: found.offset, length: done };
  }
}
