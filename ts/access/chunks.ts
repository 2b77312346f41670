// Chunks: bytes that come one chunk after the other, and are written as a loader does.

import { BACKING_BYTES } from "../core/abi.ts";
import { byteLengthOf } from "../core/byte-array.ts";
import { GuestMemoryError, type GuestMemoryErrorCode, hex } from "../core/errors.ts";
import { add, type U64Like } from "../core/u64.ts";
import { poke } from "../space/loader.ts";
import type { Space } from "../space/space.ts";

/** Writes chunks one behind the other. */
export interface Chunks {
  /** Throws unless the memory lives, and `length` bytes from the start on can be written. */
  expect(length: number): void;
  /** Writes all of a chunk, or throws and writes none of it; returns how many bytes were written so far. */
  put(chunk: Uint8Array): number;
  /** An error that says how far the chunks came. */
  failure(code: GuestMemoryErrorCode, text: string, cause?: unknown): GuestMemoryError;
}

/** The bytes from `address` on; at most `limit`, if that is given. `what` names the call in messages. */
export function chunksAt(space: Space, what: string, address: U64Like, limit?: number): Chunks {
  let done = 0;
  const failure: Chunks["failure"] = (code, text, cause) =>
    new GuestMemoryError(code, `${what} at ${hex(address)}, after ${done} bytes: ${text}`, {
      address,
      length: limit,
      completed: done,
      cause,
    });
  /** A failure of the memory becomes one that says how far the chunks came. */
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof GuestMemoryError)) throw error;
      // The range as a whole begins in memory, if some of it was written.
      const isLater = done > 0 && error.code === "INVALID_GUEST_ADDRESS";
      throw failure(isLater ? "PARTIAL_BUFFER" : error.code, error.message, error);
    }
  };
  const expect = (length: number) => attempt(() => space.mover.expect(address, length, 0, "poke", BACKING_BYTES));
  return {
    expect,
    put(chunk) {
      const length = attempt(() => byteLengthOf(chunk, "chunk"));
      if (limit !== undefined && length > limit - done)
        throw failure("PARTIAL_BUFFER", `${length} bytes came where ${limit - done} were left`);
      const at = add(address, done);
      const count = () => {
        done += length;
      };
      if (at >= 2 ** 64)
        expect(done + length); // no byte is there
      else attempt(() => poke(space, at, chunk, count));
      return done;
    },
    failure,
  };
}
