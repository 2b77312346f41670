// HostAccess: what is not the guest's CPU: the loader (poke), the debugger (peek, watch), devices (dma).

import { DmaRange } from "../access/dma-range.ts";
import { byteLengthOf, part } from "../core/byte-array.ts";
import { GuestMemoryError } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { MapAccess } from "../map/map-access.ts";
import { deviceOf } from "../map/mapped-region.ts";
import { BYTES, DEVICE, EXTERNAL, LOAD, MEMORY } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import { Watch } from "./watch.ts";
import { EXECUTE, READ, type WatchEvent, WRITE } from "./watchers.ts";

/**
 * Which accesses a watch is for.
 *
 * @example
 * ```ts
 * import { GuestMemory, type WatchKinds } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const kinds: WatchKinds = { read: true, write: true };
 * using watch = memory.watch(0x10, 4, kinds, () => {});
 * ```
 */
export interface WatchKinds {
  /**
   * Whether it sees reads.
   * @example
   * ```ts
   * let count = 0;
   * using watch = memory.watch(0x10, 4, { read: true }, () => count++);
   * memory.readUint8(0x10);
   * console.assert(count === 1);
   * ```
   */
  read?: boolean;
  /**
   * Whether it sees writes.
   * @example
   * ```ts
   * let count = 0;
   * using watch = memory.watch(0x10, 4, { write: true }, () => count++);
   * memory.writeUint8(0x10, 1);
   * console.assert(count === 1);
   * ```
   */
  write?: boolean;
  /**
   * Whether it sees instruction fetches.
   * @example
   * ```ts
   * let count = 0;
   * using watch = memory.watch(0x10, 4, { execute: true }, () => count++);
   * memory.fetchUint32(0x10);
   * console.assert(count === 1);
   * ```
   */
  execute?: boolean;
}

/**
 * What a debugger sees of a range.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Peeked } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const { bytes, known }: Peeked = memory.peek(0xfff, 2);
 * console.assert(bytes[0] === 0 && known[0] === 1 && known[1] === 0); // the second byte is in a hole
 * ```
 */
export interface Peeked {
  /**
   * The bytes; 0 where nobody knows.
   * @example
   * ```ts
   * memory.writeUint8(0x10, 7);
   * console.assert(memory.peek(0x10, 2).bytes.join() === "7,0");
   * ```
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * For each byte, 1 if it is known, else 0: a hole, or a device without `peek`.
   * @example
   * ```ts
   * console.assert(memory.peek(0xffe, 4).known.join() === "1,1,0,0");
   * ```
   */
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
export abstract class HostAccess<A extends number | bigint = number> extends MapAccess<A> {
  readonly #space: Space;

  /** Made by this library. */
  protected constructor(space: object) {
    super(space);
    this.#space = space as Space;
  }

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
  poke(address: Wide, bytes: Uint8Array): void {
    const length = byteLengthOf(bytes, "bytes");
    const space = this.#space;
    space.mover.expect(address, length, 0, "poke", BYTES);
    space.mover.write(part(bytes, 0, length).slice(), LOAD, { who: "cpu", address, length, done: 0 });
    if (length > 0) space.onHostWrite?.(space.own(address), length);
  }

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
  peek(address: Wide, length: Wide): Peeked {
    wide.check(length, "length");
    wide.check(address, "address");
    const space = this.#space;
    space.enter();
    const [bytes, known] = [new Uint8Array(Number(length)), new Uint8Array(Number(length))];
    for (let done = 0; done < bytes.length; ) {
      const at = BigInt(address) + BigInt(done);
      if (at >> 64n) break;
      space.enter();
      const { linear, handle } = space;
      wide.split(at, "address");
      const found = linear.raw.gm_piece(handle, wide.low, wide.high, Math.min(bytes.length - done, 0x4000_0000), 0);
      const [count = 0, , place = 0, offsetLow = 0, offsetHigh = 0] = linear.report;
      if (found === MEMORY) {
        bytes.set(linear.u8.subarray(place, place + count), done);
        known.fill(1, done, done + count);
      } else if (found === EXTERNAL) {
        const from = wide.join(offsetLow, offsetHigh);
        const there = theirs(space, place, at, count)?.subarray(from, from + count);
        if (there) bytes.set(there, done);
        if (there) known.fill(1, done, done + count);
      } else if (found === DEVICE) {
        const region = space.machine.get(place);
        const device = region && deviceOf(region);
        const offset = wide.join(offsetLow, offsetHigh);
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

  /**
   * A range for a device to read or write: checked once, as a whole; devices in it see `"dma"`, watches too.
   *
   * @throws GuestMemoryError `READ_ONLY`, `PERMISSION_DENIED`, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`; a TypeError for another access.
   *
   * @example
   * ```ts
   * const frame = memory.dma(0x100, 4, "write");
   * frame.write(0, Uint8Array.of(1, 2, 3, 4));
   * console.assert(memory.readUint8(0x103) === 4);
   * ```
   */
  dma(address: Wide, length: Wide, access: "read" | "write"): DmaRange {
    if (access !== "read" && access !== "write") throw new TypeError(`access must be "read" or "write"`);
    this.#space.mover.expect(address, length, access === "read" ? READ : WRITE, "dma");
    return new DmaRange(this.#space, address, length, access);
  }

  /**
   * Calls `callback` for each access of these kinds to any byte of a range: scalars, bulk, atomics, DMA, once an access. A
   * read is told of when its value is known, a write before it happens; a callback that throws stops the access. An
   * access that fails, with no handler to take it, is none; an atomic operation is a write of its result. What goes through
   * views, a JIT's own code, Rust, `compare`, `indexOf`, `poke` and `peek` is not seen, nor what the owner of external
   * memory does. Accesses to pages without a watch cost nothing more. Thousands of watches may make linear memory grow: views die.
   *
   * @returns what ends it: `dispose()`, or `using`.
   * @throws GuestMemoryError `EMPTY_REGION` for no bytes, `GUEST_ADDRESS_OVERFLOW`, `OUT_OF_MEMORY`, `DISPOSED`; a TypeError
   * for no kind or no function.
   *
   * @example
   * ```ts
   * const seen: unknown[] = [];
   * using watch = memory.watch(0x10, 4, { write: true }, ({ address, value }) => void seen.push(address, value));
   * memory.writeUint32(0x0e, 0x0102_0304);
   * console.assert(seen.join() === "14,16909060");
   * ```
   */
  watch(address: Wide, length: Wide, kinds: WatchKinds, callback: (event: WatchEvent<A>) => void): Watch {
    if (typeof kinds !== "object" || kinds === null) {
      throw new TypeError(`kinds must be an object, not ${wide.describe(kinds)}`);
    }
    const access = (kinds.read ? READ : 0) | (kinds.write ? WRITE : 0) | (kinds.execute ? EXECUTE : 0);
    if (access === 0) throw new TypeError("kinds must have read, write or execute");
    if (typeof callback !== "function") {
      throw new TypeError(`callback must be a function, not ${wide.describe(callback)}`);
    }
    const tell = callback as (event: WatchEvent<Wide>) => void;
    return new Watch(this.#space, this.#space.watchers.add(address, length, access, false, tell));
  }

  /**
   * Calls `callback` once for each page that a range touches, before the first write to it, with the page's address: for
   * who keeps code made of guest memory. The trap on that page is over then; `watch` has the rules.
   *
   * @throws as {@link GuestMemory.watch}.
   *
   * @example
   * ```ts
   * const stale: number[] = [];
   * memory.trapWrites(0x100, 0x10, (page) => void stale.push(page));
   * memory.writeUint8(0xfff, 1); // the same page
   * memory.writeUint8(0x100, 1);
   * console.assert(stale.join() === "0");
   * ```
   */
  trapWrites(address: Wide, length: Wide, callback: (page: A) => void): Watch {
    if (typeof callback !== "function") {
      throw new TypeError(`callback must be a function, not ${wide.describe(callback)}`);
    }
    const tell = (event: WatchEvent<Wide>) => callback(event.address as A);
    return new Watch(this.#space, this.#space.watchers.add(address, length, WRITE, true, tell));
  }
}

/** What there is of an external memory; undefined if its owner has taken it away. */
function theirs(space: Space, id: number, address: Wide, length: number): Uint8Array | undefined {
  try {
    return space.external(id).current(address, length);
  } catch (error) {
    if (error instanceof GuestMemoryError) return undefined;
    throw error;
  }
}
