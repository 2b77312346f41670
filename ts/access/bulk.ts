// Bulk: copies bytes between guest memory and the caller's arrays, and makes views. No byte passes through the
// bindings.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  BACKING_BYTES,
  FOUND_ABSENT,
  FOUND_DEVICE,
  FOUND_EXTERNAL,
  FOUND_MEMORY,
  FOUND_NOTHING,
} from "../core/abi.ts";
import { copyInto, deliver, keep, LastArray, ownedBy, part } from "../core/byte-array.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { MemoryRange } from "../space/flat-view.ts";
import { Pieces } from "../space/pieces.ts";
import type { Space } from "../space/space.ts";
import { expose, externalView, viewOf } from "../space/views.ts";

/** Reads, writes and shows ranges of guest memory. */
export class Bulk {
  readonly #space: Space;
  readonly #watchers: Watchers;
  readonly #sources = new LastArray();
  readonly #targets = new LastArray();
  /** The kind of piece at which `#pieces` has stopped, or of its last piece. */
  #stoppedAt: number = FOUND_MEMORY;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
  }

  /** Reads until `into` is full or a hole comes; returns how many bytes. Throws if the first byte cannot be read. */
  read(address: U64Like, into: Uint8Array): number {
    const length = this.#targets.lengthOf(into, "into");
    const host = this.#space.resolver.cachedHost(address, length);
    if (host < 0) return this.#readExternal(address, into, length) ? length : this.#readPieces(address, into, length);
    copyInto(into, this.#space.linear.u8.subarray(host, host + length));
    return length;
  }

  /** Writes all of `bytes`, or up to a hole; returns how many bytes. Throws if the first byte cannot be written. */
  write(address: U64Like, bytes: Uint8Array): number {
    const length = this.#sources.lengthOf(bytes, "bytes");
    const host = this.#space.resolver.cachedHost(address, length);
    if (host < 0)
      return this.#writeExternal(address, bytes, length) ? length : this.#writePieces(address, bytes, length);
    this.#put(host, bytes, length);
    return length;
  }

  /** Reads the whole range, or throws. */
  readSlice(address: U64Like, into: Uint8Array): void {
    const length = this.#targets.lengthOf(into, "into");
    const host = this.#space.resolver.cachedHost(address, length);
    if (host >= 0) {
      copyInto(into, this.#space.linear.u8.subarray(host, host + length));
    } else if (!this.#readExternal(address, into, length)) {
      this.#space.mover.expectServed(address, length, ACCESS_READ, "readSlice");
      this.#readPieces(address, into, length, "readSlice");
    }
  }

  /** Writes the whole range, or throws. */
  writeSlice(address: U64Like, bytes: Uint8Array): void {
    const length = this.#sources.lengthOf(bytes, "bytes");
    const host = this.#space.resolver.cachedHost(address, length);
    if (host >= 0) {
      this.#put(host, bytes, length);
    } else if (!this.#writeExternal(address, bytes, length)) {
      this.#space.mover.expectServed(address, length, ACCESS_WRITE, "writeSlice");
      this.#writePieces(address, bytes, length, "writeSlice");
    }
  }

  /** A copy of the range. */
  readBytes(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
    this.#space.mover.expectServed(address, length, ACCESS_READ, "readBytes");
    const bytes = new Uint8Array(Number(length));
    this.#readPieces(address, bytes, bytes.length, "readBytes");
    return bytes;
  }

  /** A view of the range, in one region. */
  view(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
    return viewOf(this.#space, address, length);
  }

  /** Views of the range, one for each region crossed. */
  views(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer>[] {
    const space = this.#space;
    space.mover.expect(address, length, 0, "views", BACKING_BYTES);
    const ofExternal = this.#externalViews(address, length);
    space.mover.populate(address, length, "views");
    space.mover.expect(address, length, 0, "views", BACKING_BYTES); // again: a listener may have changed the map
    expose(this.#space, address, length);
    const views: Uint8Array<ArrayBuffer>[] = [];
    let at = BigInt(address);
    let left = Number(length);
    while (left > 0) {
      const range = space.flatView.at(at) as MemoryRange; // defined, because the range was checked
      const end = Math.min(left, range.size - Number(at - BigInt(range.start)));
      const external = space.externalRuns.run(at, end);
      if (external) {
        const made = ofExternal.get(at);
        views.push(made?.length === end ? made : externalView(external, space.toAddress(at)));
        at += BigInt(end);
        left -= end;
        continue;
      }
      // One view for all bytes that are adjacent in linear memory: the whole range, unless some of it was discarded.
      const pieces = new Pieces(space, at, end);
      for (let done = 0; pieces.next(done, 0); done += pieces.bytes) {
        const { offset: host, bytes } = pieces;
        const last = done > 0 ? views.at(-1) : undefined;
        if (last && last.byteOffset + last.length === host) {
          views[views.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + bytes);
        } else {
          views.push(new Uint8Array(space.linear.buffer, host, bytes));
        }
      }
      at += BigInt(end);
      left -= end;
    }
    return views;
  }

  /**
   * The views of external memory in a range, by their addresses. They come before views of linear memory, because a
   * function that gives the buffer may change the map, and may make linear memory grow.
   */
  #externalViews(address: U64Like, length: U64Like): Map<bigint, Uint8Array<ArrayBuffer>> {
    const space = this.#space;
    const views = new Map<bigint, Uint8Array<ArrayBuffer>>();
    if (!space.registry.any) return views;
    const end = BigInt(address) + BigInt(length);
    for (let at = BigInt(address); at < end; ) {
      const range = space.flatView.at(at);
      if (range === undefined) break; // a function has unmapped it
      const count = Math.min(Number(end - at), range.size - Number(at - BigInt(range.start)));
      const external = space.externalRuns.run(at, count);
      if (external) views.set(at, externalView(external, space.toAddress(at)));
      at += BigInt(count);
    }
    return views;
  }

  /** Whether `#pieces` has stopped at a device, external memory, or a hole in a whole range: the mover can go on. */
  #stoppedOutside(whole: string | undefined): boolean {
    const at = this.#stoppedAt;
    return at === FOUND_DEVICE || at === FOUND_EXTERNAL || (at === FOUND_NOTHING && whole !== undefined);
  }

  /**
   * Reads a range that lies in one external memory and allows every access; returns false for any other range, and for a
   * word of shared memory, which the mover reads at once.
   */
  #readExternal(address: U64Like, into: Uint8Array, length: number): boolean {
    const { externalRuns } = this.#space;
    const from = externalRuns.at(address, length);
    if (from < 0 || externalRuns.last === undefined) return false;
    const external = externalRuns.last.target;
    const source = external.current(address, length);
    if (external.words(length)) return false;
    copyInto(into, source.subarray(from, from + length));
    return true;
  }

  /** As `#readExternal`, for a write. */
  #writeExternal(address: U64Like, bytes: Uint8Array, length: number): boolean {
    const { externalRuns } = this.#space;
    const from = externalRuns.at(address, length);
    if (from < 0 || externalRuns.last === undefined) return false;
    const external = externalRuns.last.target;
    const target = external.current(address, length);
    if (external.words(length)) return false;
    target.set(this.#sources.mayGrow(bytes) ? part(bytes, 0, length) : bytes, from);
    return true;
  }

  /** Reads piece by piece. `whole` names an operation that must not stop before the end. */
  #readPieces(address: U64Like, into: Uint8Array, length: number, whole?: string): number {
    const { linear, mover } = this.#space;
    const watchers = this.#watchers;
    const holes = whole !== undefined;
    mover.expectExternal(ACCESS_READ, { who: "cpu", address, length, holes, done: 0 });
    // A copy is needed if `into` lies in this linear memory, because a later piece could read bytes that an earlier one
    // has overwritten; if handlers run, because they may detach `into`; and if a watch may stop the read, which leaves
    // `into` as it was.
    const watched = watchers.any && watchers.isWatched(address, length, ACCESS_READ);
    let target = watched || ownedBy(into, linear.buffer) ? new Uint8Array(length) : into;
    let done = this.#pieces(address, length, ACCESS_READ, (host, bytes, before) => {
      copyInto(target, linear.u8.subarray(host, host + bytes), before);
    });
    if (done < length && this.#stoppedOutside(whole)) {
      target = new Uint8Array(length);
      const transfer: Transfer = { who: "cpu", address, length, holes, done: 0 };
      try {
        mover.read(target, ACCESS_READ, transfer);
      } catch (error) {
        keep(into, target, transfer.done);
        throw error;
      }
      done = transfer.done;
      if (whole && done < length) keep(into, target, done);
    }
    if (done < length) this.#expectPartial(address, length, ACCESS_READ, done, whole);
    if (watched && done > 0) {
      const value = (from: number, count: number) => target.slice(from, from + count);
      watchers.notifyRange(address, done, ACCESS_READ, "cpu", (from, count) => ({
        value: value(from, count),
        oldValue: undefined,
      }));
    }
    if (target !== into) deliver(into, target.subarray(0, done));
    return done;
  }

  /** Writes piece by piece. `whole` names an operation that must not stop before the end. */
  #writePieces(address: U64Like, bytes: Uint8Array, length: number, whole?: string): number {
    const { linear, mover } = this.#space;
    const watchers = this.#watchers;
    const holes = whole !== undefined;
    mover.expectExternal(ACCESS_WRITE, { who: "cpu", address, length, holes, done: 0 });
    let source = ownedBy(bytes, linear.buffer) ? part(bytes, 0, length).slice() : bytes;
    if (watchers.any && length > 0 && watchers.isWatched(address, length, ACCESS_WRITE)) {
      source = part(source, 0, length).slice();
      const reached = whole ? length : mover.reach(address, length, ACCESS_WRITE);
      const value = (from: number, count: number) => source.slice(from, from + count);
      watchers.notifyRange(address, reached, ACCESS_WRITE, "cpu", (from, count) => ({
        value: value(from, count),
        oldValue: mover.current(u64.add(address, from), count),
      }));
      if (whole) mover.expectServed(address, length, ACCESS_WRITE, whole); // again: a callback may have changed the map
    }
    mover.populate(address, length, whole ?? "write");
    let done = this.#pieces(address, length, ACCESS_WRITE, (host, count, before) => {
      this.#put(host, part(source, before, count), count);
    });
    if (done < length && (this.#stoppedOutside(whole) || this.#stoppedAt === FOUND_ABSENT)) {
      const transfer: Transfer = { who: "cpu", address, length, holes, done };
      mover.write(part(source, 0, length).slice(), ACCESS_WRITE, transfer);
      done = transfer.done;
    }
    if (done < length) this.#expectPartial(address, length, ACCESS_WRITE, done, whole);
    return done;
  }

  /** Throws for an access that has stopped after `done` bytes, unless it may: one with `whole` may not stop at all. */
  #expectPartial(
    address: U64Like,
    length: number,
    access: typeof ACCESS_READ | typeof ACCESS_WRITE,
    done: number,
    whole?: string,
  ): void {
    const { mover } = this.#space;
    if (done === 0) mover.expect(address, length, access, whole ?? (access === ACCESS_READ ? "read" : "write"));
    else if (whole) throw mover.mapChangedError(access, { who: "cpu", address, length, done }, whole);
  }

  /** Copies bytes into linear memory and marks their pages dirty. */
  #put(host: number, bytes: Uint8Array, length: number): void {
    const { u8 } = this.#space.linear;
    // Another thread may grow a growable shared buffer at any moment. A target of exactly this length limits the copy.
    if (this.#sources.mayGrow(bytes)) u8.subarray(host, host + length).set(part(bytes, 0, length));
    else u8.set(bytes, host);
    this.#space.linear.markDirty(host, length);
  }

  /** Calls `act` for each piece of linear memory, up to the first piece of another kind; returns how many bytes. */
  #pieces(
    address: U64Like,
    length: number,
    access: typeof ACCESS_READ | typeof ACCESS_WRITE,
    act: (host: number, bytes: number, before: number) => void,
  ): number {
    const pieces = new Pieces(this.#space, address, length);
    this.#space.enter();
    let done = 0;
    for (; pieces.next(done, access); done += pieces.bytes) {
      this.#stoppedAt = pieces.kind;
      if (pieces.kind !== FOUND_MEMORY) break;
      act(pieces.offset, pieces.bytes, done);
    }
    if (done > 0) this.#space.resolver.remember(address);
    return done;
  }
}
