// ExternalRuns: guest ranges that are external memory, and what of it they show.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, FOUND_EXTERNAL } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import { CachedRun } from "./cached-run.ts";
import { Pieces } from "./pieces.ts";
import type { Space } from "./space.ts";

/** The longest run that is remembered, in bytes. */
const LONGEST = 2 ** 31;

/** A run of one external memory's bytes. */
export interface ExternalRun {
  readonly external: ExternalMemory;
  readonly offset: number;
  readonly length: number;
}

/** Finds external memory; remembers where it was found last. */
export class ExternalRuns {
  readonly #space: Space;
  /** What `at` has found last: good right after it, where that gave no -1. */
  last: CachedRun<ExternalMemory> | undefined;

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * Where a whole range lies in the external memory of `last`, if every access to it is allowed, and watched by nobody;
   * else -1. For an address that is a number alone: bigints are slow anyway.
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

  /** Remembers the run at an address, as far as every access finds the same. */
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

  /** The run of external memory that a range begins with, whatever is allowed there; undefined if it does with none. */
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
