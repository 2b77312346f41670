// Bulk: bytes between guest memory and the host's arrays, and views. No byte passes through the bindings.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  BACKING_BYTES,
  FOUND_ABSENT,
  FOUND_DEVICE,
  FOUND_EXTERNAL,
  FOUND_MEMORY,
} from "../core/abi.ts";
import { copyInto, deliver, keep, LastArray, ownedBy, part } from "../core/byte-array.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { ExternalRun } from "../space/external-runs.ts";
import type { MemoryRange } from "../space/flat-view.ts";
import { Pieces } from "../space/pieces.ts";
import type { Space } from "../space/space.ts";

/** Reads, writes and shows ranges of guest memory. */
export class Bulk {
  readonly #space: Space;
  readonly #watchers: Watchers;
  readonly #sources = new LastArray();
  readonly #targets = new LastArray();
  /** What `#pieces` found last. */
  #stoppedAt: number = FOUND_MEMORY;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
  }

  /** Reads until `into` is full, or a hole; gives how many bytes. Nothing at the start is an error. */
  read(address: U64Like, into: Uint8Array): number {
    const length = this.#targets.lengthOf(into, "into");
    const host = this.#space.resolver.cachedHost(address, length);
    if (host < 0) return this.#readExternal(address, into, length) ? length : this.#readPieces(address, into, length);
    copyInto(into, this.#space.linear.u8.subarray(host, host + length));
    return length;
  }

  /** Writes all of `bytes`, or up to a hole; gives how many bytes. Nothing at the start is an error. */
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
      this.#space.mover.expect(address, length, ACCESS_READ, "readSlice");
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
      this.#space.mover.expect(address, length, ACCESS_WRITE, "writeSlice");
      this.#writePieces(address, bytes, length, "writeSlice");
    }
  }

  /** A copy of the range. */
  readBytes(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
    this.#space.mover.expect(address, length, ACCESS_READ, "readBytes");
    const bytes = new Uint8Array(Number(length));
    this.#readPieces(address, bytes, bytes.length, "readBytes");
    return bytes;
  }

  /** A view of the range, in one region. */
  view(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
    const run = this.#space.externalRuns.run(address, length);
    if (run && run.length >= length) return viewOf(run, address);
    this.#space.resolver.single(address, length, "view");
    this.#space.mover.populate(address, length, "view");
    const host = this.#space.resolver.single(address, length, "view"); // pages of its own, and a listener may have run
    this.#expose(address, length);
    return new Uint8Array(this.#space.linear.buffer, host, Number(length));
  }

  /** Views of the range, one for each region crossed. */
  views(address: U64Like, length: U64Like): Uint8Array<ArrayBuffer>[] {
    const space = this.#space;
    space.mover.expect(address, length, 0, "views", BACKING_BYTES);
    space.mover.populate(address, length, "views");
    space.mover.expect(address, length, 0, "views", BACKING_BYTES); // a listener may have run
    this.#expose(address, length);
    const views: Uint8Array<ArrayBuffer>[] = [];
    let at = BigInt(address);
    let left = Number(length);
    while (left > 0) {
      const range = space.flatView.at(at) as MemoryRange; // there: the range was checked
      const end = Math.min(left, range.size - Number(at - BigInt(range.start)));
      const theirs = space.externalRuns.run(at, end);
      if (theirs) {
        views.push(viewOf(theirs, space.toAddress(at)));
        at += BigInt(end);
        left -= end;
        continue;
      }
      // What is adjacent in linear memory: less than the range only where some of that was discarded.
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

  /** Whether `#pieces` ended before something that handlers or others' buffers have. */
  get #stoppedElsewhere(): boolean {
    return this.#stoppedAt === FOUND_DEVICE || this.#stoppedAt === FOUND_EXTERNAL;
  }

  #expose(address: U64Like, length: U64Like): void {
    const { linear, handle } = this.#space;
    linear.raw.gm_expose(handle, u64.low(address), u64.high(address), u64.low(length), u64.high(length));
  }

  /** Reads what is as a whole in one external memory, where every access is allowed; says whether it is. */
  #readExternal(address: U64Like, into: Uint8Array, length: number): boolean {
    const { externalRuns } = this.#space;
    const from = externalRuns.at(address, length);
    if (from < 0 || externalRuns.last === undefined) return false;
    copyInto(into, externalRuns.last.target.current(address, length).subarray(from, from + length));
    return true;
  }

  /** The same for writing. */
  #writeExternal(address: U64Like, bytes: Uint8Array, length: number): boolean {
    const { externalRuns } = this.#space;
    const from = externalRuns.at(address, length);
    if (from < 0 || externalRuns.last === undefined) return false;
    const theirs = externalRuns.last.target.current(address, length);
    theirs.set(this.#sources.mayGrow(bytes) ? part(bytes, 0, length) : bytes, from);
    return true;
  }

  /** Reads piece by piece; `whole` names an operation that must not stop before the end. */
  #readPieces(address: U64Like, into: Uint8Array, length: number, whole?: string): number {
    const { linear, mover } = this.#space;
    const watchers = this.#watchers;
    mover.expectExternal(ACCESS_READ, { who: "cpu", address, length, done: 0 });
    // Into this memory itself, a second piece could read what the first has overwritten; and where a handler or a
    // callback runs in between, the array may be gone: by way of a copy then.
    let target = ownedBy(into, linear.buffer) ? new Uint8Array(length) : into;
    let done = this.#pieces(address, length, ACCESS_READ, (host, bytes, before) => {
      copyInto(target, linear.u8.subarray(host, host + bytes), before);
    });
    if (done < length && this.#stoppedElsewhere) {
      target = new Uint8Array(length);
      const transfer: Transfer = { who: "cpu", address, length, done: 0 };
      try {
        mover.read(target, ACCESS_READ, transfer);
      } catch (error) {
        keep(into, target, transfer.done);
        throw error;
      }
      done = transfer.done;
    }
    if (done < length) this.#expectPartial(address, length, ACCESS_READ, done, whole);
    if (watchers.any && done > 0) {
      const value = (from: number, count: number) => target.slice(from, from + count);
      watchers.notifyRange(address, done, ACCESS_READ, "cpu", (from, count) => ({
        value: value(from, count),
        oldValue: undefined,
      }));
    }
    if (target !== into) deliver(into, target.subarray(0, done));
    return done;
  }

  /** Writes piece by piece; `whole` names an operation that must not stop before the end. */
  #writePieces(address: U64Like, bytes: Uint8Array, length: number, whole?: string): number {
    const { linear, mover } = this.#space;
    const watchers = this.#watchers;
    mover.expectExternal(ACCESS_WRITE, { who: "cpu", address, length, done: 0 });
    let source = ownedBy(bytes, linear.buffer) ? part(bytes, 0, length).slice() : bytes;
    if (watchers.any && length > 0 && watchers.isWatched(address, length, ACCESS_WRITE)) {
      source = part(source, 0, length).slice();
      const reached = whole ? length : mover.reach(address, length, ACCESS_WRITE);
      const value = (from: number, count: number) => source.slice(from, from + count);
      watchers.notifyRange(address, reached, ACCESS_WRITE, "cpu", (from, count) => ({
        value: value(from, count),
        oldValue: mover.current(u64.add(address, from), count),
      }));
      if (whole) mover.expect(address, length, ACCESS_WRITE, whole); // a callback may do anything
    }
    mover.populate(address, length, whole ?? "write");
    let done = this.#pieces(address, length, ACCESS_WRITE, (host, count, before) => {
      this.#put(host, part(source, before, count), count);
    });
    if (done < length && (this.#stoppedElsewhere || this.#stoppedAt === FOUND_ABSENT)) {
      const transfer: Transfer = { who: "cpu", address, length, done };
      mover.write(part(source, 0, length).slice(), ACCESS_WRITE, transfer);
      done = transfer.done;
    }
    if (done < length) this.#expectPartial(address, length, ACCESS_WRITE, done, whole);
    return done;
  }

  /** Throws for an access that has come this far, unless it may stop there: only `whole` names one that may not. */
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

  /** Moves bytes into linear memory and marks their pages. */
  #put(host: number, bytes: Uint8Array, length: number): void {
    const { u8 } = this.#space.linear;
    // Another thread may let a growable shared buffer grow at any moment: then only a target of this length is safe.
    if (this.#sources.mayGrow(bytes)) u8.subarray(host, host + length).set(part(bytes, 0, length));
    else u8.set(bytes, host);
    this.#space.linear.markDirty(host, length);
  }

  /** Calls `act` for each run of memory in the range that allows the access; gives how many bytes there were. */
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

/** A view of somebody else's bytes. That they may be shared is said in words: a type that says so would be in the way of
 * everybody who has no such memory. */
function viewOf({ external, offset, length }: ExternalRun, address: U64Like): Uint8Array<ArrayBuffer> {
  return external.current(address, length).subarray(offset, offset + length) as Uint8Array<ArrayBuffer>;
}
