// Pieces: walks a guest range piece by piece. The one place that decodes the report of `gm_piece`.

import {
  FOUND_MEMORY,
  FOUND_NOTHING,
  PIECE_BYTES,
  PIECE_HOST,
  PIECE_OFFSET_HIGH,
  PIECE_OFFSET_LOW,
  PIECE_REGION,
  PIECE_WATCHED,
} from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import type { Space } from "./space.ts";

/** The longest piece that is asked for, in bytes: its length fits an int32. */
const LONGEST = 1 << 30;
const HIGH = 0x1_0000_0000;

/** A run of guest addresses that shows adjacent bytes of one target. Valid until the map changes. */
export class Piece {
  /** `FOUND_MEMORY` or another `FOUND_` number. */
  kind: number = FOUND_NOTHING;
  /** The length in bytes. */
  bytes = 0;
  /** Whether a watch or a trap covers the access. */
  watched = false;
  /** The first byte: a host offset for memory, an offset in the region for a device and for external memory. */
  offset = 0;
  /** The id of the region, if it is a device or external memory. */
  region = 0;
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Finds the piece at a checked address, at most `limit` bytes long, for a kind of access. Returns its `kind`. */
  find(address: U64Like, limit: number, access: number): number {
    return this.at(u64.low(address), u64.high(address), limit, access);
  }

  protected at(low: number, high: number, limit: number, access: number): number {
    const space = this.#space;
    space.enter();
    const { raw, report } = space.linear;
    this.kind = raw.gm_piece(space.handle, low, high, Math.min(limit, LONGEST), access);
    this.bytes = report[PIECE_BYTES] as number;
    this.watched = report[PIECE_WATCHED] !== 0;
    if (this.kind === FOUND_MEMORY) {
      this.offset = report[PIECE_HOST] as number;
    } else {
      this.region = report[PIECE_REGION] as number;
      this.offset = u64.join(report[PIECE_OFFSET_LOW] as number, report[PIECE_OFFSET_HIGH] as number);
    }
    return this.kind;
  }

  /** The external memory of a piece of kind `FOUND_EXTERNAL`. */
  get external(): ExternalMemory {
    return this.#space.external(this.region);
  }
}

/** Walks a range. Each piece is found when it is needed, because a handler may change the map between two pieces. */
export class Pieces extends Piece {
  readonly #low: number;
  readonly #high: number;
  readonly #length: number;

  constructor(space: Space, address: U64Like, length: number) {
    super(space);
    u64.check(address, "address");
    this.#low = u64.low(address);
    this.#high = u64.high(address);
    this.#length = length;
  }

  /** Finds the piece that begins `done` bytes into the range. False at the end of the range and at 2^64. */
  next(done: number, access: number): boolean {
    if (done >= this.#length) return false;
    const low = this.#low + (done % HIGH);
    const high = this.#high + Math.floor(done / HIGH) + (low >= HIGH ? 1 : 0);
    if (high >= HIGH) return false;
    this.at(low >>> 0, high, this.#length - done, access);
    return true;
  }
}
