// Search: a needle to the core in pieces that need no allocation there; where the core cannot reach, the bytes too.

import { byteLengthOf, part } from "../core/byte-array.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import { READ } from "../observe/watchers.ts";
import { BYTES } from "../space/mover.ts";
import type { Space } from "../space/space.ts";

/** The core's number for external memory in a range. */
const NOT_MEMORY = 15;

/**
 * The first address of `needle` in a range, or -1. The core finds what fits into its transfer buffer; the rest of a longer
 * needle is compared here, so that no call has to allocate, and so perhaps grow, linear memory.
 */
export function indexOf(space: Space, needle: Uint8Array, address: Wide, length: Wide): Wide {
  const needleLength = byteLengthOf(needle, "bytes");
  space.mover.expect(address, length, READ, "indexOf", BYTES);
  space.mover.expectThere(READ, { who: "cpu", address, length: Number(length), done: 0 });
  const { linear } = space;
  // A copy: the needle may lie in guest memory, or be shared with another thread.
  const bytes = part(needle, 0, needleLength).slice();
  const prefix = bytes.subarray(0, linear.transfer.length);
  const rest = bytes.subarray(prefix.length);
  const start = BigInt(address);
  const end = start + BigInt(length);
  for (let at = start; ; at++) {
    const found = find(space, prefix, at, end);
    if (found === undefined || end - found < BigInt(bytes.length)) return space.own(-1);
    if (rest.length === 0 || holds(space, found + BigInt(prefix.length), rest)) return space.own(found);
    at = found;
  }
}

/** The first address of a prefix from `at` on that ends before `end`. */
function find(space: Space, prefix: Uint8Array, at: bigint, end: bigint): bigint | undefined {
  const { linear, handle } = space;
  linear.transfer.set(prefix);
  wide.split(end - at, "length");
  const { low: lengthLow, high: lengthHigh } = wide;
  wide.split(at, "address");
  const status = linear.raw.gm_index_of(handle, wide.low, wide.high, lengthLow, lengthHigh, prefix.length);
  if (status === NOT_MEMORY) return findParts(space, prefix, at, end);
  const [found = 0, low = 0, high = 0] = linear.report;
  return found === 0 ? undefined : wide.joinBig(low, high);
}

/** The same, part by part by way of a bench in linear memory. */
function findParts(space: Space, prefix: Uint8Array, start: bigint, end: bigint): bigint | undefined {
  const { linear } = space;
  const { bench } = linear.externals;
  for (let at = start; at < end; ) {
    const count = Number(end - at > BigInt(bench.size) ? BigInt(bench.size) : end - at);
    fetch(space, at, count);
    linear.transfer.set(prefix);
    linear.raw.gm_index_of(bench.handle, 0, 0, count, 0, prefix.length);
    const [found = 0, low = 0] = linear.report;
    if (found !== 0) return at + BigInt(low);
    if (at + BigInt(count) === end) break;
    at += BigInt(count - prefix.length + 1); // a match may begin in one part and end in the next
  }
  return undefined;
}

/** Copies guest bytes to the bench. */
function fetch(space: Space, at: bigint, count: number): void {
  const { linear, mover } = space;
  const run = space.externals.run(at, count);
  if (run && run.length >= count) {
    const bytes = run.external.current(space.own(at), count);
    linear.externals.bench.put(bytes.subarray(run.offset, run.offset + count));
  } else {
    const bytes = new Uint8Array(count);
    mover.readPart(at, 0, bytes, "indexOf");
    linear.externals.bench.put(bytes);
  }
}

/** Bytes compared at once. */
const PART = 1 << 16;

/** Whether guest memory at `address`, backed as a whole, holds `expected`. */
function holds(space: Space, address: bigint, expected: Uint8Array): boolean {
  const bytes = new Uint8Array(Math.min(expected.length, PART));
  for (let done = 0; done < expected.length; done += PART) {
    const count = Math.min(expected.length - done, PART);
    space.mover.readPart(address, done, bytes.subarray(0, count), "indexOf");
    for (let index = 0; index < count; index++) if (bytes[index] !== expected[done + index]) return false;
  }
  return true;
}
