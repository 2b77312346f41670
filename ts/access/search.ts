// Search: finds a needle by the core, through its transfer buffer; external bytes go through the staging buffer.

import { ACCESS_READ, BACKING_BYTES, INDEX_ADDRESS_LOW, INDEX_FOUND, STATUS_NOT_MEMORY } from "../core/abi.ts";
import { byteLengthOf, part } from "../core/byte-array.ts";
import { hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "../space/space.ts";

/**
 * The first address of `needle` in a range, or -1. The core searches for the part of the needle that fits into its
 * transfer buffer, and the rest is compared here. So no call allocates linear memory, which might grow it.
 */
export function indexOf(space: Space, needle: Uint8Array, address: U64Like, length: U64Like): U64Like {
  const needleLength = byteLengthOf(needle, "bytes");
  space.mover.expect(address, length, ACCESS_READ, "indexOf", BACKING_BYTES);
  space.mover.expectExternal(ACCESS_READ, { who: "cpu", address, length: Number(length), done: 0 });
  const { linear } = space;
  linear.replace(); // the function of an external memory may have made it grow
  // A copy: the needle may lie in guest memory, or be shared with another thread.
  const bytes = part(needle, 0, needleLength).slice();
  const prefix = bytes.subarray(0, linear.transfer.length);
  const rest = bytes.subarray(prefix.length);
  const start = BigInt(address);
  const end = start + BigInt(length);
  for (let at = start; ; at++) {
    const found = find(space, prefix, at, end);
    if (found === undefined || end - found < BigInt(bytes.length)) return space.toAddress(-1);
    if (rest.length === 0 || holds(space, found + BigInt(prefix.length), rest)) return exactly(space, found);
    at = found;
  }
}

/** An address in this memory's kind of number. Throws where it would be rounded: an empty range can lie anywhere. */
function exactly(space: Space, address: bigint): U64Like {
  if (space.bigint || address <= BigInt(Number.MAX_SAFE_INTEGER)) return space.toAddress(address);
  throw new RangeError(`indexOf at ${hex(address)}, past 2^53: make the memory with { addresses: "bigint" }`);
}

/** The first address from `at` on of a prefix that ends before `end`. */
function find(space: Space, prefix: Uint8Array, at: bigint, end: bigint): bigint | undefined {
  const { linear, handle } = space;
  linear.replace(); // as above: `holds` asks the function, too
  linear.transfer.set(prefix);
  const length = end - at;
  const [low64, high64] = [u64.low(at), u64.high(at)];
  const status = linear.raw.gm_index_of(handle, low64, high64, u64.low(length), u64.high(length), prefix.length);
  if (status === STATUS_NOT_MEMORY) return findParts(space, prefix, at, end);
  return linear.reported(INDEX_FOUND) === 0 ? undefined : linear.reported64(INDEX_ADDRESS_LOW);
}

/** As `find`, part by part through the staging buffer, for ranges with external memory. */
function findParts(space: Space, prefix: Uint8Array, start: bigint, end: bigint): bigint | undefined {
  const { linear } = space;
  const { staging } = space.registry;
  for (let at = start; at < end; ) {
    const count = Number(end - at > BigInt(staging.size) ? BigInt(staging.size) : end - at);
    fetch(space, at, count);
    linear.transfer.set(prefix);
    linear.raw.gm_index_of(staging.handle, 0, 0, count, 0, prefix.length);
    if (linear.reported(INDEX_FOUND) !== 0) return at + linear.reported64(INDEX_ADDRESS_LOW);
    if (at + BigInt(count) === end) break;
    at += BigInt(count - prefix.length + 1); // a match may begin in one part and end in the next
  }
  return undefined;
}

/** Copies guest bytes to the staging buffer. */
function fetch(space: Space, at: bigint, count: number): void {
  const { mover } = space;
  const run = space.externalRuns.run(at, count);
  if (run && run.length >= count) {
    const bytes = run.external.current(space.toAddress(at), count);
    space.registry.staging.put(bytes.subarray(run.offset, run.offset + count));
  } else {
    const bytes = new Uint8Array(count);
    mover.readPart(at, 0, bytes, "indexOf");
    space.registry.staging.put(bytes);
  }
}

/** The most bytes that are compared at once. */
const PART = 1 << 16;

/** Whether guest memory at `address` holds `expected`. The range must be backed as a whole. */
function holds(space: Space, address: bigint, expected: Uint8Array): boolean {
  const bytes = new Uint8Array(Math.min(expected.length, PART));
  for (let done = 0; done < expected.length; done += PART) {
    const count = Math.min(expected.length - done, PART);
    space.mover.readPart(address, done, bytes.subarray(0, count), "indexOf");
    for (let index = 0; index < count; index++) if (bytes[index] !== expected[done + index]) return false;
  }
  return true;
}
