// ExternalRuns: finds the external memory, and its bytes, that a guest range shows.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, FOUND_EXTERNAL } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import { CachedRun } from "./cached-run.ts";
import { Pieces } from "./pieces.ts";
import type { Space } from "./space.ts";

/** The longest run that is remembered, in bytes. */
const LONGEST = 2 ** 31;

/** A run of adjacent bytes in one external memory. */
export interface ExternalRun {
  readonly external: ExternalMemory;
  readonly offset: number;
  readonly length: number;
}

/** Finds external memory, and remembers the run that it found last. */
export class ExternalRuns {
  readonly #space: Space;
  /** The run that `at` has found. Valid directly after `at` returned an offset. */
  last: CachedRun<ExternalMemory> | undefined;

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * The offset of a range in the external memory of `last`, if all kinds of access to it are allowed and none is
   * watched; else -1. Always -1 for a bigint, which is slow anyway.
   */
  at(address: U64Like, length: number): number {
    if (typeof address !== "number") return -1;
    const at = this.#at(address, length);
    if (at >= 0 || !this.#space.registry.any) return at;
    this.#find(address);
    return this.#at(address, length);
  }

  #at(address: number, length: number): number {
    return this.last === undefined ? -1 : this.last.at(address, length, this.#space.generation);
  }

  /** Remembers the run at an address, up to the first byte where one of the kinds of access finds something else. */
  #find(address: number): void {
    u64.check(address, "address");
    const space = this.#space;
    const { piece } = space;
    let count = LONGEST;
    for (const access of [ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE]) {
      if (piece.find(address, LONGEST, access) !== FOUND_EXTERNAL || piece.watched) return;
      count = Math.min(count, piece.bytes);
    }
    this.last = new CachedRun(piece.external, space.generation, address, count, piece.offset);
  }

  /** The run of external memory at the start of a range, without regard to permissions; undefined if there is none. */
  run(address: U64Like, length: U64Like): ExternalRun | undefined {
    const space = this.#space;
    if (!space.registry.any) return undefined;
    u64.check(length, "length");
    const pieces = new Pieces(space, address, Number(length));
    space.enter();
    let found: { id: number; offset: number } | undefined;
    let done = 0;
    while (pieces.next(done, 0)) {
      const { kind, region: id, offset } = pieces;
      if (kind !== FOUND_EXTERNAL) break;
      found ??= { id, offset };
      if (id !== found.id || offset !== found.offset + done) break;
      done += pieces.bytes;
    }
    return found && { external: space.external(found.id), offset: found.offset, length: done };
  }
}
