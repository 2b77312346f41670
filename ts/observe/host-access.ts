// HostAccess: the loader's writes and the debugger's reads, and who hears of what the host writes.

import { ACCESS_LOAD, BACKING_BYTES, FOUND_DEVICE, FOUND_EXTERNAL, FOUND_MEMORY } from "../core/abi.ts";
import { byteLengthOf, part } from "../core/byte-array.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import { Pieces } from "../space/pieces.ts";
import type { Space } from "../space/space.ts";
import type { HostWriteListener } from "./host-write.ts";

/**
 * What a debugger sees of a range.
 *
 * @example
 * ```ts
 * import { GuestMemory, type PeekResult } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const { bytes, known }: PeekResult = memory.peek(0xfff, 2);
 * console.assert(bytes[0] === 0 && known[0] === 1 && known[1] === 0); // the second byte is in a hole
 * ```
 */
export interface PeekResult {
  /** The bytes; 0 where nobody knows. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each byte, 1 if it is known, else 0: a hole, or a device without `peek`. */
  readonly known: Uint8Array<ArrayBuffer>;
}

/**
 * Access to guest memory by others than its CPU; {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "rom", start: 0, size: 0x1000 }]);
 * memory.poke(0x0, Uint8Array.of(1, 2, 3));
 * console.assert(memory.peek(0x0, 3).bytes.join() === "1,2,3");
 * ```
 */
export interface HostAccess<A extends number | bigint = number> {
  /**
   * A loader's write: all of `bytes`, into RAM and the contents of ROM, whatever `protect` says. No device and no watch
   * notices; `onHostWrite` does. The pages are marked dirty.
   *
   * @throws GuestMemoryError `NOT_MEMORY` where a device is, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DETACHED_BUFFER`, `DISPOSED`; nothing is written then.
   *
   * @example
   * ```ts
   * memory.map({ kind: "rom", name: "boot ROM", start: 0x8000, size: 0x1000 });
   * memory.poke(0x8000, Uint8Array.of(0xea));
   * console.assert(memory.readUint8(0x8000) === 0xea);
   * ```
   */
  poke(address: U64Like, bytes: Uint8Array): void;

  /**
   * A debugger's read: it fires nothing and changes nothing, whatever `protect` says. A device's bytes are what its own
   * `peek` gives. Never an error for what is not there: `known` tells.
   *
   * @throws GuestMemoryError `DISPOSED`; RangeError for a length that no array has.
   *
   * @example
   * ```ts
   * const { bytes, known } = memory.peek(0x10, 4);
   * console.assert(bytes.join() === "0,0,0,0" && known.join() === "1,1,1,1");
   * ```
   */
  peek(address: U64Like, length: U64Like): PeekResult;

  /**
   * Hears of what the host has written behind the guest's CPU, range by range, after it: `poke`, DMA, `markDirty`. A JIT
   * forgets the code it has made of these addresses.
   *
   * @throws TypeError for what is no function.
   *
   * @example
   * ```ts
   * const stale: number[] = [];
   * memory.onHostWrite = (address) => void stale.push(address);
   * memory.poke(0x10, Uint8Array.of(0x90));
   * console.assert(stale[0] === 0x10);
   * ```
   */
  get onHostWrite(): HostWriteListener<A> | undefined;

  set onHostWrite(listener: HostWriteListener<A> | undefined);
}

/** The part of GuestMemory that is {@link HostAccess}. */
export function hostAccess(of: PartOf<{ space: Space }>): HostAccess<U64Like> {
  return {
    poke(address, bytes) {
      poke(of(this).space, address, bytes);
    },
    peek(address, length) {
      return peek(of(this).space, address, length);
    },
    get onHostWrite() {
      return of(this).space.onHostWrite;
    },
    set onHostWrite(listener) {
      if (listener !== undefined && typeof listener !== "function") {
        throw new TypeError(`onHostWrite must be a function or undefined, not ${u64.describe(listener)}`);
      }
      const { space } = of(this);
      space.enter();
      space.onHostWrite = listener;
    },
  };
}

function poke(space: Space, address: U64Like, bytes: Uint8Array): void {
  const length = byteLengthOf(bytes, "bytes");
  space.mover.expect(address, length, 0, "poke", BACKING_BYTES);
  space.mover.write(part(bytes, 0, length).slice(), ACCESS_LOAD, { who: "cpu", address, length, done: 0 });
  if (length > 0) space.onHostWrite?.(space.toAddress(address), length);
}

function peek(space: Space, address: U64Like, length: U64Like): PeekResult {
  u64.check(length, "length");
  const pieces = new Pieces(space, address, Number(length));
  space.enter();
  const [bytes, known] = [new Uint8Array(Number(length)), new Uint8Array(Number(length))];
  for (let done = 0; pieces.next(done, 0); ) {
    const { kind, bytes: count, offset, region } = pieces;
    if (kind === FOUND_MEMORY) {
      bytes.set(space.linear.u8.subarray(offset, offset + count), done);
      known.fill(1, done, done + count);
    } else if (kind === FOUND_EXTERNAL) {
      const there = externalBytes(space, region, address, count)?.subarray(offset, offset + count);
      if (there) bytes.set(there, done);
      if (there) known.fill(1, done, done + count);
    } else if (kind === FOUND_DEVICE) {
      const device = space.machine.get(region)?.device;
      for (let index = 0; index < count; index++) {
        const byte = device?.peek(offset + index);
        if (byte === undefined) continue;
        bytes[done + index] = byte;
        known[done + index] = 1;
      }
    }
    done += count;
  }
  return { bytes, known };
}

/** What there is of an external memory; undefined if its owner has taken it away. */
function externalBytes(space: Space, id: number, address: U64Like, length: number): Uint8Array | undefined {
  try {
    return space.external(id).current(address, length);
  } catch (error) {
    if (error instanceof GuestMemoryError) return undefined;
    throw error;
  }
}
