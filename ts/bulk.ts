// Bulk: bytes between guest memory and the host's arrays, and views. No byte passes through the bindings.

import { copyInto, LastArray, ownedBy, part } from "./bytes.ts";
import { type GuestRegion, hostOf } from "./region.ts";
import type { Resolver } from "./resolver.ts";
import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

const MARK = 0xff;
/** Up to so many pages, a loop marks faster than a call. */
const FEW_PAGES = 32;
/** The longest run the core gives at once. */
const RUN = 1 << 30;

/** Reads, writes and shows ranges of guest memory. */
export class Bulk {
  readonly #space: Space;
  readonly #resolver: Resolver;
  readonly #sources = new LastArray();
  readonly #targets = new LastArray();

  constructor(space: Space, resolver: Resolver) {
    this.#space = space;
    this.#resolver = resolver;
  }

  /** Reads until `into` is full, or a hole; gives how many bytes. Nothing at the start is an error. */
  read(address: Wide, into: Uint8Array): number {
    const length = this.#targets.lengthOf(into, "into");
    const host = this.#resolver.within(address, length);
    if (host < 0) return this.#readPieces(address, into, length);
    copyInto(into, this.#space.linear.u8.subarray(host, host + length));
    return length;
  }

  /** Writes all of `bytes`, or up to a hole; gives how many bytes. Nothing at the start is an error. */
  write(address: Wide, bytes: Uint8Array): number {
    const length = this.#sources.lengthOf(bytes, "bytes");
    const host = this.#resolver.within(address, length);
    if (host < 0) return this.#writePieces(address, bytes, length);
    this.#put(host, bytes, length);
    return length;
  }

  /** Reads the whole range, or throws. */
  readSlice(address: Wide, into: Uint8Array): void {
    const length = this.#targets.lengthOf(into, "into");
    const host = this.#resolver.within(address, length);
    if (host >= 0) {
      copyInto(into, this.#space.linear.u8.subarray(host, host + length));
    } else {
      this.#resolver.expect(address, length, "readSlice");
      this.#readPieces(address, into, length);
    }
  }

  /** Writes the whole range, or throws. */
  writeSlice(address: Wide, bytes: Uint8Array): void {
    const length = this.#sources.lengthOf(bytes, "bytes");
    const host = this.#resolver.within(address, length);
    if (host >= 0) {
      this.#put(host, bytes, length);
    } else {
      this.#resolver.expect(address, length, "writeSlice");
      this.#writePieces(address, bytes, length);
    }
  }

  /** A copy of the range. */
  readBytes(address: Wide, length: Wide): Uint8Array<ArrayBuffer> {
    this.#resolver.expect(address, length, "readBytes");
    const bytes = new Uint8Array(Number(length));
    this.#readPieces(address, bytes, bytes.length);
    return bytes;
  }

  /** A view of the range, in one region. */
  view(address: Wide, length: Wide): Uint8Array<ArrayBuffer> {
    const host = this.#resolver.single(address, length, "view");
    this.#expose(address, length);
    return new Uint8Array(this.#space.linear.buffer, host, Number(length));
  }

  /** Views of the range, one for each region crossed. */
  views(address: Wide, length: Wide): Uint8Array<ArrayBuffer>[] {
    this.#resolver.expect(address, length, "views");
    this.#expose(address, length);
    const space = this.#space;
    const views: Uint8Array<ArrayBuffer>[] = [];
    let at = BigInt(address);
    let left = Number(length);
    while (left > 0) {
      const region = space.regionAt(at) as GuestRegion<Wide>; // there: the range was checked
      const offset = Number(at - BigInt(region.start));
      const bytes = Math.min(left, region.size - offset);
      views.push(new Uint8Array(space.linear.buffer, hostOf(region) + offset, bytes));
      at += BigInt(bytes);
      left -= bytes;
    }
    return views;
  }

  #expose(address: Wide, length: Wide): void {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { linear, handle } = this.#space;
    linear.raw.gm_expose(handle, wide.low, wide.high, lengthLow, lengthHigh);
  }

  #readPieces(address: Wide, into: Uint8Array, length: number): number {
    const { linear } = this.#space;
    // Into this memory itself, a second piece could read what the first has overwritten: by way of a copy then.
    const target = ownedBy(into, linear.buffer) ? new Uint8Array(length) : into;
    const done = this.#pieces(address, length, (host, bytes, before) => {
      copyInto(target, linear.u8.subarray(host, host + bytes), before);
    });
    if (done === 0 && length > 0) this.#resolver.expect(address, length, "read");
    if (target !== into) copyInto(into, target.subarray(0, done));
    return done;
  }

  #writePieces(address: Wide, bytes: Uint8Array, length: number): number {
    const source = ownedBy(bytes, this.#space.linear.buffer) ? part(bytes, 0, length).slice() : bytes;
    const done = this.#pieces(address, length, (host, count, before) => {
      this.#put(host, part(source, before, count), count);
    });
    if (done === 0 && length > 0) this.#resolver.expect(address, length, "write");
    return done;
  }

  /** Moves bytes into linear memory and marks their pages. */
  #put(host: number, bytes: Uint8Array, length: number): void {
    const { u8, dirty } = this.#space.linear;
    // Another thread may let a growable shared buffer grow at any moment: then only a target of this length is safe.
    if (this.#sources.mayGrow(bytes)) u8.subarray(host, host + length).set(part(bytes, 0, length));
    else u8.set(bytes, host);
    if (length === 0) return;
    const first = host >>> 12;
    const last = (host + length - 1) >>> 12;
    if (last - first >= FEW_PAGES) dirty.fill(MARK, first, last + 1);
    else for (let page = first; page <= last; page++) dirty[page] = MARK;
  }

  /** Calls `act` for each run of the range, up to a hole; gives how many bytes there were. */
  #pieces(address: Wide, length: number, act: (host: number, bytes: number, before: number) => void): number {
    wide.split(address, "address");
    const { low, high } = wide;
    const space = this.#space;
    space.enter();
    const { linear, handle } = space;
    let done = 0;
    while (done < length) {
      const nextLow = low + (done % 0x1_0000_0000);
      const nextHigh = high + Math.floor(done / 0x1_0000_0000) + (nextLow > 0xffff_ffff ? 1 : 0);
      if (nextHigh > 0xffff_ffff) break; // past 2^64
      const limit = Math.min(length - done, RUN);
      if (linear.raw.gm_forward_run(handle, nextLow >>> 0, nextHigh, limit) !== 0) break;
      const { report } = linear;
      const [host, bytes] = [report[0] as number, report[1] as number];
      act(host, bytes, done);
      done += bytes;
    }
    if (done > 0) this.#resolver.remember(address);
    return done;
  }
}
