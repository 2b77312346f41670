// ExternalMemory: bytes outside linear memory, owned by other code. Found again when the owner replaces their buffer.

import { isAttached, isShared, lengthOfBuffer, tryGet } from "../core/byte-array.ts";
import { type ErrorDetails, GuestMemoryError, hex } from "../core/errors.ts";
import * as u64 from "../core/u64.ts";
import { describe, type U64Like } from "../core/u64.ts";
import type { WasmMemory } from "../core/wasm-types.ts";
import { SharedWords, type Words } from "./words.ts";

/**
 * The bytes of a region of kind `external`: another module's memory, which may grow at any moment; a buffer; or a
 * function that returns the current buffer and is called at each access.
 *
 * In a shared buffer an access to 2, 4 or 8 bytes that are aligned in the buffer is one, whichever call makes it: other
 * threads never see a part of it. A region has at most as many bytes as an array of the engine (4 GiB on Node 20).
 *
 * @example
 * ```ts
 * import { type ExternalSource, GuestMemory } from "guest-memory";
 *
 * const source: ExternalSource = new WebAssembly.Memory({ initial: 1 });
 * using memory = await GuestMemory.create([{ kind: "external", start: 0x1000, source, offset: 0x8000 }]);
 * memory.writeUint32(0x1000, 7);
 * source.grow(1); // detaches every view of it; the region stays
 * console.assert(new Uint32Array(source.buffer)[0x2000] === 7 && memory.readUint32(0x1000) === 7);
 * ```
 */
export type ExternalSource = WasmMemory | ArrayBuffer | SharedArrayBuffer | (() => ArrayBufferLike);

/** Arrays over the same bytes, one for each size of element. */
export interface Cells {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
}

/** The engine's own getter: it throws for every value that is not a WebAssembly.Memory. */
const bufferOf = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")?.get as () => unknown;

/** The bytes of one external region. */
export class ExternalMemory {
  /** Bytes. */
  readonly size: number;
  readonly #name: string;
  readonly #source: unknown;
  readonly #offset: number;
  /** Whether the source is a function: then the buffer may change while the last one is still attached. */
  readonly asks: boolean;
  /** The index in `cells` of the region's first byte. They begin at a multiple of 8 of the buffer. */
  readonly lead: number;
  /** Whether the current buffer is shared with other threads. */
  #shared = false;
  #buffer: unknown;
  #bytes: Uint8Array = new Uint8Array(0);
  #data: Words = new DataView(new ArrayBuffer(0));
  #cells: Cells | undefined;

  /**
   * @param offset - the first byte of the source that the region shows.
   * @param size - bytes; if undefined, all from `offset` to the end of the source.
   * @throws GuestMemoryError `INVALID_EXTERNAL` if the source is not a buffer, or is too small, or if the region has
   * more bytes than an array of this engine.
   */
  constructor(name: string, source: unknown, offset: U64Like, size: U64Like | undefined) {
    u64.check(offset, "offset");
    if (size !== undefined) u64.check(size, "size");
    this.#name = name;
    this.#source = source;
    this.asks = typeof source === "function";
    this.#offset = Number(offset);
    this.lead = this.#offset % 8;
    const there = lengthOfBuffer(this.#find({})) as number;
    if (offset >= there) throw this.#invalid(`it has ${there} bytes, and the region begins at byte ${offset}`, {});
    this.size = size === undefined ? there - this.#offset : Number(size);
    this.#refresh({});
  }

  /**
   * The region's bytes in the current buffer. Valid until other code runs. The parameters describe the access, for the
   * error.
   *
   * @throws GuestMemoryError `INVALID_EXTERNAL` if the buffer is detached or too small.
   */
  current(address: U64Like, length: U64Like, completed?: number): Uint8Array {
    // An array is detached with its buffer, and also once its buffer shrinks to end before it.
    if (this.asks || !isAttached(this.#bytes)) this.#refresh({ address, length, completed });
    return this.#bytes;
  }

  /** As `current`, for words. */
  data(address: U64Like, length: number): Words {
    if (this.asks || !isAttached(this.#bytes)) this.#refresh({ address, length });
    return this.#data;
  }

  /** As `data`, directly after `current`, if so many bytes of shared memory must be moved at once; else undefined. */
  words(bytes: number): Words | undefined {
    return this.#shared && (bytes === 2 || bytes === 4 || bytes === 8) ? this.#data : undefined;
  }

  /** Arrays over the region, and at most 7 bytes before it. The region begins at index `lead` of their bytes. */
  cells(address: U64Like, length: number): Cells {
    this.current(address, length);
    this.#cells ??= this.#makeCells();
    return this.#cells;
  }

  #refresh(place: ErrorDetails): void {
    const buffer = this.#find(place);
    if (buffer === this.#buffer && isAttached(this.#bytes)) return;
    const there = lengthOfBuffer(buffer) as number;
    const wanted = `${this.size} bytes from byte ${this.#offset} on`;
    if (this.#offset + this.size > there) {
      throw this.#invalid(there === 0 ? "it was detached" : `it has ${there} bytes, and the region ${wanted}`, place);
    }
    let whole: Uint8Array;
    try {
      whole = new Uint8Array(buffer, this.#offset - this.lead, this.lead + this.size);
    } catch (cause) {
      const message = `no array of this engine is as long as the region, ${wanted}`;
      throw this.#invalid(message, { ...place, cause });
    }
    const data = new DataView(buffer, this.#offset, this.size);
    this.#buffer = buffer;
    this.#bytes = whole.subarray(this.lead);
    this.#cells = undefined;
    this.#shared = isShared(buffer);
    this.#data = this.#shared ? new SharedWords(this.#makeCells(), this.lead, data) : data;
  }

  #makeCells(): Cells {
    const { buffer, byteOffset, length } = this.#bytes;
    const [start, bytes] = [byteOffset - this.lead, this.lead + length];
    return {
      u8: new Uint8Array(buffer, start, bytes),
      u16: new Uint16Array(buffer, start, Math.floor(bytes / 2)),
      u32: new Uint32Array(buffer, start, Math.floor(bytes / 4)),
      u64: new BigUint64Array(buffer, start, Math.floor(bytes / 8)),
    };
  }

  /** The source's current buffer. */
  #find(place: ErrorDetails): ArrayBuffer {
    const source = this.#source;
    let buffer = source;
    if (typeof source === "function") buffer = this.#call(source, place);
    else if (lengthOfBuffer(source) === undefined) buffer = tryGet(bufferOf, source);
    if (lengthOfBuffer(buffer) !== undefined) return buffer as ArrayBuffer;
    const given = typeof source === "function" ? buffer : source;
    const what = typeof source === "function" ? "its function gave" : "it is";
    const help = ArrayBuffer.isView(given) ? ": give its buffer, and its byteOffset as offset" : "";
    throw this.#invalid(`${what} ${describe(given)}, not a buffer${help}`, place);
  }

  #call(source: object, place: ErrorDetails): unknown {
    try {
      return (source as () => unknown)();
    } catch (cause) {
      throw this.#invalid("its function threw", { ...place, cause });
    }
  }

  #invalid(what: string, place: ErrorDetails): GuestMemoryError {
    const { address, length } = place;
    const access = address === undefined ? "" : `, accessed at ${hex(address)}, ${length} bytes`;
    return new GuestMemoryError("INVALID_EXTERNAL", `the external memory of "${this.#name}"${access}: ${what}`, place);
  }
}
