// HostAccess: a loader's writes, a debugger's reads, and the listener for the host's writes.

import { FOUND_DEVICE, FOUND_EXTERNAL, FOUND_MEMORY } from "../core/abi.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { copyScalar, wordIn } from "../external/words.ts";
import { mappedRegion } from "../map/mapped-region.ts";
import type { HostWriteCall } from "../space/host-writes.ts";
import { poke } from "../space/loader.ts";
import type { PartOf } from "../space/part.ts";
import { Pieces } from "../space/pieces.ts";
import type { Space } from "../space/space.ts";
import type { HostWriteListener } from "./host-write.ts";

/**
 * The bytes of a range for a debugger: the result of {@link GuestMemory.peek}.
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
  /** The bytes; 0 where the value is not known. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each byte, 1 if its value is known, else 0: in a hole, and in a device without `peek`. */
  readonly known: Uint8Array<ArrayBuffer>;
}

/**
 * Access to guest memory by the host: loaders and debuggers. {@link GuestMemory} has all of it.
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
   * Writes all of `bytes` as a loader does: into RAM and into ROM, without regard to `protect`. Marks the pages dirty
   * and calls `onHostWrite`, but no watch and no device's handler.
   *
   * @throws GuestMemoryError `NOT_MEMORY` if a device is in the range, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DETACHED_BUFFER`, `DISPOSED`; no byte is written then.
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
   * Reads `length` bytes as a debugger does: without regard to `protect`, and without calls of watches or handlers. A
   * device gives its bytes by its own `peek`. A hole is not an error: the result's `known` tells which bytes have a
   * value.
   *
   * @throws GuestMemoryError `DISPOSED`; RangeError for a length that no array can have.
   *
   * @example
   * ```ts
   * const { bytes, known } = memory.peek(0x10, 4);
   * console.assert(bytes.join() === "0,0,0,0" && known.join() === "1,1,1,1");
   * ```
   */
  peek(address: U64Like, length: U64Like): PeekResult;

  /**
   * The listener for the host's writes: called after each range that `poke`, a chunk of `loadFrom` or `writable`, DMA,
   * `markDirty` or `discard` has written, with its address and its length in bytes, and with the bytes of regions that it shows. A write through another
   * address space of the machine counts too: the listener is called for each range of its own addresses that shows the
   * bytes. A JIT uses it to drop the code that it has made from these bytes.
   *
   * @throws TypeError for a value that is neither a function nor undefined.
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
      return of(this).space.hostWrites?.listener as HostWriteListener<U64Like> | undefined;
    },
    set onHostWrite(listener) {
      if (listener !== undefined && typeof listener !== "function") {
        throw new TypeError(`onHostWrite must be a function or undefined, not ${u64.describe(listener)}`);
      }
      const { space } = of(this);
      space.enter();
      space.hostWrites = listener && hostWriteCall(space, listener);
      if (listener) space.machine.listening.set(space.handle, new WeakRef(space));
      else space.machine.listening.delete(space.handle);
    },
  };
}

function hostWriteCall(space: Space, listener: HostWriteListener<U64Like>): HostWriteCall {
  return {
    listener,
    call(address, length, runs) {
      const written = runs.flatMap(({ region, start, length }) => {
        const record = space.placements.record(region);
        return record ? Object.freeze({ region: mappedRegion(record), offset: Number(start), length }) : [];
      });
      listener(address, length, Object.freeze(written));
    },
  };
}

function peek(space: Space, address: U64Like, length: U64Like): PeekResult {
  u64.check(length, "length");
  const pieces = new Pieces(space, address, Number(length));
  space.enter();
  const [bytes, known] = [bytesFor(length), bytesFor(length)];
  for (let done = 0; pieces.next(done, 0); ) {
    const { kind, bytes: count, offset, region } = pieces;
    if (kind === FOUND_MEMORY) {
      bytes.set(space.linear.u8.subarray(offset, offset + count), done);
      known.fill(1, done, done + count);
    } else if (kind === FOUND_EXTERNAL) {
      if (peekExternal(space, region, address, offset, bytes.subarray(done, done + count))) {
        known.fill(1, done, done + count);
      }
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

function bytesFor(length: U64Like): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(Number(length));
  } catch (cause) {
    throw new RangeError(`peek: no array can have ${length} bytes`, { cause });
  }
}

/** Copies bytes of an external memory. Returns false if its buffer is detached or too small. */
function peekExternal(space: Space, id: number, address: U64Like, offset: number, into: Uint8Array): boolean {
  try {
    const external = space.external(id);
    const bytes = external.current(address, into.length);
    const words = external.words(into.length);
    if (words) copyScalar(words, offset, wordIn(into, 0), 0, into.length);
    else into.set(bytes.subarray(offset, offset + into.length));
    return true;
  } catch (error) {
    if (error instanceof GuestMemoryError) return false;
    throw error;
  }
}
