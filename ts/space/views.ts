// Views: typed arrays over the bytes of a range that lies in one region.

import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { ExternalRun } from "./external-runs.ts";
import type { Space } from "./space.ts";

/** A view of a range in one region. Linear memory may grow, where bytes were discarded. */
export function viewOf(space: Space, address: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
  const run = space.externalRuns.run(address, length);
  if (run && run.length >= length) return externalView(run, address);
  space.resolver.single(address, length, "view");
  space.mover.populate(address, length, "view");
  const host = space.resolver.single(address, length, "view"); // again: the range may have new pages now
  expose(space, address, length);
  return new Uint8Array(space.linear.buffer, host, Number(length));
}

/**
 * A view of external bytes. Its buffer may be a SharedArrayBuffer, although the type says ArrayBuffer: the exact type
 * would burden all users, and few have shared memory.
 */
export function externalView({ external, offset, length }: ExternalRun, address: U64Like): Uint8Array<ArrayBuffer> {
  return external.current(address, length).subarray(offset, offset + length) as Uint8Array<ArrayBuffer>;
}

/** Tells the core that a view shows a range: the pages count as written, and must be zeroed before their reuse. */
export function expose({ linear, handle }: Space, address: U64Like, length: U64Like): void {
  linear.raw.gm_expose(handle, u64.low(address), u64.high(address), u64.low(length), u64.high(length));
}
