// Holes: asks the handlers of `onUnmapped` for the parts of a whole range, or of a DMA access, that no region shows.

import { ACCESS_READ, ACCESS_WRITE } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { putBytes, type Value, valueAt } from "../device/bound-device.ts";
import { checkAnswer } from "../device/on-unmapped.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Space } from "./space.ts";

/** The longest part, in bytes. */
const WIDEST = 8;

/** Serves the holes of one space. */
export class Holes {
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Whether holes in a range are served: there is a handler, and each address in the range is exact for it. */
  serves(address: U64Like, length: U64Like, access: number): boolean {
    const { onUnmapped, bigint } = this.#space;
    const handler = access === ACCESS_READ ? onUnmapped?.read : access === ACCESS_WRITE ? onUnmapped?.write : undefined;
    return handler !== undefined && BigInt(address) + BigInt(length) <= 1n << (bigint ? 64n : 53n);
  }

  /** Reads the part of a hole that begins `transfer.done` bytes into the access. Returns its size; 0 for no answer. */
  read(into: Uint8Array, transfer: Transfer, limit: number): number {
    return this.#part("read", transfer, limit, (address, size, done) => {
      const handlers = this.#space.onUnmapped;
      const answer = checkAnswer(handlers?.read?.(address, size), size, "onUnmapped.read");
      if (answer !== undefined) putBytes(into, done, fitted(answer, size), size);
      return answer !== undefined;
    });
  }

  /** Writes the same part; `bytes` returns its bytes. */
  write(bytes: (done: number, size: number) => Uint8Array, transfer: Transfer, limit: number): number {
    return this.#part("write", transfer, limit, (address, size, done) => {
      const handlers = this.#space.onUnmapped;
      if (!handlers?.write) return false;
      handlers.write(address, size, valueAt(bytes(done, size), 0, size));
      return true;
    });
  }

  /** Calls `act` for the largest aligned part of at most `limit` bytes. */
  #part(
    what: string,
    transfer: Transfer,
    limit: number,
    act: (address: U64Like, size: number, done: number) => boolean,
  ): number {
    const { done } = transfer;
    const at = u64.add(transfer.address, done);
    let size = WIDEST;
    while (size > limit || (u64.low(at) & (size - 1)) !== 0) size /= 2;
    try {
      return act(this.#space.toAddress(at), size, done) ? size : 0;
    } catch (cause) {
      if (size === transfer.length) throw cause; // the access was one call, so no byte was moved
      const { address, length } = transfer;
      const where = `${done} bytes into the access at ${hex(address)}, ${length} bytes`;
      const message = `onUnmapped.${what} failed at ${hex(at)}, ${where}`;
      throw new GuestMemoryError("HANDLER_FAILED", message, { address, length, completed: done, cause });
    }
  }
}

/** An answer in the kind of number that its size asks for. */
function fitted(answer: Value, size: number): Value {
  if (size === WIDEST) return BigInt(answer);
  return typeof answer === "bigint" ? Number(BigInt.asUintN(8 * size, answer)) : answer;
}
