// Search: a needle to the core in pieces that need no allocation there.

import { byteLengthOf, part } from "./bytes.ts";
import type { Space } from "./space.ts";
import { READ } from "./watch.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

/**
 * The first address of `needle` in a range, or -1. The core finds what fits into its transfer buffer; the rest of a longer
 * needle is compared here, so that no call has to allocate, and so perhaps grow, linear memory.
 */
export function indexOf(space: Space, needle: Uint8Array, address: Wide, length: Wide): Wide {
  const needleLength = byteLengthOf(needle, "bytes");
  space.mover.expect(address, length, READ, "indexOf", true);
  const { linear, handle } = space;
  // A copy: the needle may lie in guest memory, or be shared with another thread.
  const bytes = part(needle, 0, needleLength).slice();
  const prefix = bytes.subarray(0, linear.transfer.length);
  const rest = bytes.subarray(prefix.length);
  let at = BigInt(address);
  let left = BigInt(length);
  for (;;) {
    linear.transfer.set(prefix);
    wide.split(left, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(at, "address");
    linear.raw.gm_index_of(handle, wide.low, wide.high, lengthLow, lengthHigh, prefix.length);
    const [found = 0, low = 0, high = 0] = linear.report;
    if (found === 0) return space.bigint ? -1n : -1;
    const foundAt = wide.joinBig(low, high);
    const skipped = foundAt - at;
    if (left - skipped < BigInt(bytes.length)) return space.bigint ? -1n : -1;
    if (rest.length === 0 || holds(space, foundAt + BigInt(prefix.length), rest)) return space.address(low, high);
    at = foundAt + 1n;
    left -= skipped + 1n;
  }
}

/** Whether guest memory at `address`, backed as a whole, holds `expected`. */
function holds(space: Space, address: bigint, expected: Uint8Array): boolean {
  const { linear, handle } = space;
  for (let done = 0; done < expected.length; ) {
    wide.split(address + BigInt(done), "address");
    linear.raw.gm_forward_run(handle, wide.low, wide.high, expected.length - done);
    const [host = 0, bytes = 0] = linear.report;
    for (let index = 0; index < bytes; index++) {
      if (linear.u8[host + index] !== expected[done + index]) return false;
    }
    done += bytes;
  }
  return true;
}
