// StreamAccess: GuestMemory's methods for streams: load a file while it comes, read and write a range as a stream.

import { ACCESS_READ, BACKING_BYTES } from "../core/abi.ts";
import { add, type U64Like } from "../core/u64.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import type { Bulk } from "./bulk.ts";
import { chunksAt } from "./chunks.ts";
import { type LoadOptions, type LoadSource, loadFrom } from "./load-from.ts";

/** The bytes of a chunk, where the reader does not bring an array. */
const CHUNK = 1 << 16;

/**
 * Streams into guest memory and out of it. {@link GuestMemory} has all of these methods. None holds more than a chunk at
 * a time.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * await memory.loadFrom(0x10, new Response("a disk image"));
 * const packed = memory.readable(0x10, 12).pipeThrough(new CompressionStream("gzip"));
 * await packed.pipeThrough(new DecompressionStream("gzip")).pipeTo(memory.writable(0x100, 12));
 * console.assert(memory.compare(0x10, 0x100, 12) === 0);
 * ```
 */
export interface StreamAccess {
  /**
   * Loads a source into memory while it comes, chunk by chunk. Each chunk is written as {@link GuestMemory.poke} writes:
   * into RAM and into ROM, without regard to `protect`. A chunk is written whole, or not at all. The range of a
   * Uint8Array and of a Blob is checked before the first byte is written.
   *
   * A load that fails leaves the chunks before in memory: the error's `completed` counts their bytes. The source is
   * cancelled then (a stream by `cancel`, an iterator by `return`), unless an argument has a wrong type.
   *
   * @returns how many bytes were loaded.
   * @throws GuestMemoryError `SOURCE_FAILED` if the source fails, or is a Response with another status than 200 to 299
   * or with a body that was read before; `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER` if memory ends before the source,
   * `GUEST_ADDRESS_OVERFLOW`, `NOT_MEMORY`, `OUT_OF_MEMORY`, `DETACHED_BUFFER`, `DISPOSED`; TypeError for a source of
   * another kind, and for a chunk that is not a Uint8Array; the signal's reason if it is aborted, as `fetch` does; the
   * own error of `onProgress`.
   *
   * @example
   * ```ts
   * import { GuestMemory, GuestMemoryError } from "guest-memory";
   *
   * using memory = await GuestMemory.create([{ kind: "rom", start: 0x8000, size: 0x1000 }]);
   * const response = new Response("a boot ROM"); // await fetch("boot.bin")
   * const loaded = await memory.loadFrom(0x8000, response, { signal: AbortSignal.timeout(60_000) });
   * console.assert(loaded === 10 && memory.readUint8(0x8000) === 0x61);
   *
   * const tooLong = await memory.loadFrom(0x8ffe, [Uint8Array.of(1, 2), Uint8Array.of(3)]).catch((error) => error);
   * console.assert(tooLong instanceof GuestMemoryError && tooLong.completed === 2);
   * ```
   */
  loadFrom(address: U64Like, source: LoadSource, options?: LoadOptions): Promise<number>;

  /**
   * The bytes of a range as a byte stream, for `fetch`, pipes and files. Each chunk is read when the consumer asks for
   * it, as {@link GuestMemory.readSlice} reads. Where the engine has byte streams (WebKit has none), a reader may bring
   * its own array (`getReader({ mode: "byob" })`). Other chunks have at most 64 KiB. A chunk that cannot be read is the
   * stream's error.
   *
   * @throws GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`, `GUEST_ADDRESS_OVERFLOW`, `PERMISSION_DENIED`,
   * `DISPOSED`.
   *
   * @example
   * ```ts
   * memory.writeUint32(0x10, 0x6d61_7267);
   * console.assert((await new Response(memory.readable(0x10, 4)).text()) === "gram");
   * ```
   */
  readable(address: U64Like, length: U64Like): ReadableStream<Uint8Array<ArrayBuffer>>;

  /**
   * A stream that writes what comes into a range, from its start on, as {@link GuestMemory.loadFrom} does. It may be
   * closed before the range is full.
   *
   * A chunk that cannot be written is the stream's error, a GuestMemoryError whose `completed` counts the bytes of the
   * chunks before it: `PARTIAL_BUFFER` for a chunk that goes past the range, of which no byte is written.
   *
   * @throws GuestMemoryError `NOT_MEMORY` if a device is in the range, `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER`,
   * `GUEST_ADDRESS_OVERFLOW`, `DISPOSED`.
   *
   * @example
   * ```ts
   * await new Blob(["abc"]).stream().pipeTo(memory.writable(0x10, 0x100));
   * console.assert(memory.readUint8(0x12) === 0x63);
   * ```
   */
  writable(address: U64Like, length: U64Like): WritableStream<Uint8Array>;
}

/** The part of GuestMemory that is {@link StreamAccess}. */
export function streamAccess(of: PartOf<{ space: Space; bulk: Bulk }>): StreamAccess {
  return {
    async loadFrom(address, source, options) {
      return loadFrom(of(this).space, address, source, options);
    },
    readable(address, length) {
      const { space, bulk } = of(this);
      space.mover.expectServed(address, length, ACCESS_READ, "readable");
      return readable(bulk, address, Number(length));
    },
    writable(address, length) {
      const { space } = of(this);
      space.mover.expect(address, length, 0, "writable", BACKING_BYTES);
      const { put } = chunksAt(space, "writable", address, Number(length));
      return new WritableStream({
        write(chunk) {
          put(chunk);
        },
      });
    },
  };
}

function readable(bulk: Bulk, address: U64Like, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let done = 0;
  const source = {
    autoAllocateChunkSize: CHUNK,
    pull(controller: ReadableByteStreamController): void {
      const { byobRequest } = controller; // a stream that is no byte stream has none
      const view = byobRequest?.view;
      const count = Math.min(view ? view.byteLength : CHUNK, length - done);
      const at = add(address, done);
      done += count;
      if (count > 0 && view) {
        bulk.readSlice(at, new Uint8Array(view.buffer, view.byteOffset, count));
        byobRequest.respond(count);
      } else if (count > 0) {
        controller.enqueue(bulk.readBytes(at, count));
      }
      if (done < length) return;
      controller.close();
      controller.byobRequest?.respond(0); // a closed stream leaves a reader's array to its source
    },
  };
  const strategy = { highWaterMark: 0 }; // no byte is read before a reader asks
  try {
    return new ReadableStream({ ...source, type: "bytes" }, strategy) as ReadableStream<Uint8Array<ArrayBuffer>>;
  } catch {
    return new ReadableStream(source as object, strategy);
  }
}
