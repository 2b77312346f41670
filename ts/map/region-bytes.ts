// Region bytes: the bytes of one region by their offsets, also where no address shows them.

import { BACKING_BYTES, KIND_ALIAS, MAP_REGION } from "../core/abi.ts";
import { byteLengthOf, copyInto } from "../core/byte-array.ts";
import { GuestMemoryError } from "../core/errors.ts";
import { requestMap } from "../core/map-request.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { poke, pokeFill } from "../space/loader.ts";
import type { RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { viewOf } from "../space/views.ts";
import { createWindow } from "./create.ts";

/** Reads bytes into an array, as a debugger does: without regard to protection. */
export function readRegion(record: RegionRecord, offset: U64Like, into: Uint8Array): void {
  const length = byteLengthOf(into, "into");
  within(record, "read", offset, length, (space) => {
    const bytes = new Uint8Array(length);
    space.mover.read(bytes, 0, { who: "cpu", address: offset, length, done: 0 });
    copyInto(into, bytes);
  });
}

/** Writes an array, as a loader does: ROM too. */
export function writeRegion(record: RegionRecord, offset: U64Like, bytes: Uint8Array): void {
  within(record, "write", offset, byteLengthOf(bytes, "bytes"), (space) => poke(space, offset, bytes));
}

/** Sets bytes to one value, as a loader does. */
export function fillRegion(record: RegionRecord, offset: U64Like, byte: number, length: U64Like): void {
  if (typeof byte !== "number") throw new TypeError(`byte must be a number, not ${u64.describe(byte)}`);
  u64.check(length, "length");
  within(record, "fill", offset, length, (space) => pokeFill(space, offset, byte, Number(length)));
}

/** A view of bytes. */
export function viewRegion(record: RegionRecord, offset: U64Like, length: U64Like): Uint8Array<ArrayBuffer> {
  u64.check(length, "length");
  return within(record, "view", offset, length, (space) => viewOf(space, offset, length));
}

/** How many accesses have begun and not ended. */
let depth = 0;

/**
 * Runs an access in a space of the machine that shows the region alone, from address 0 on, while the access runs: so marks,
 * traps and listeners are told as of each other access, and the region's bytes are freed with its last placement.
 */
export function within<T>(
  record: RegionRecord,
  what: string,
  offset: U64Like,
  length: U64Like,
  act: (space: Space) => T,
): T {
  const { space, id, name, size } = record;
  u64.check(offset, "offset");
  space.enter();
  if (BigInt(offset) + BigInt(length) > BigInt(size)) {
    const range = `${what} of ${length} bytes from byte ${offset} on`;
    throw new RangeError(`${range}: the region "${name}" has ${size} bytes`);
  }
  if (space.machine.get(id) !== record) {
    throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: the region "${name}" is in no map of its machine`);
  }
  const window = windowOf(space);
  const { linear, handle } = window;
  const priority = depth++; // a callback of the access may access a region, too
  const request = { kind: KIND_ALIAS, name: "", start: 0, size, priority, enabled: true, target: id, offset: 0 };
  let alias: number | undefined;
  try {
    linear.expect(requestMap(linear, handle, request), what);
    alias = linear.reported(MAP_REGION);
    linear.notify();
    const status = window.mover.status(offset, length, 0, BACKING_BYTES);
    if (status !== 0) throw notMemory(record, what);
    return act(window);
  } finally {
    depth--;
    if (alias !== undefined && !window.disposed) linear.raw.gm_unmap(handle, alias);
    linear.refresh();
  }
}

function notMemory({ name, kind }: RegionRecord, what: string): GuestMemoryError {
  return new GuestMemoryError("NOT_MEMORY", `${what}: the region "${name}" of kind ${kind} has no bytes there`);
}

/** The space of a machine that shows one region at a time. */
function windowOf(space: Space): Space {
  const { machine } = space;
  if (machine.window === undefined || machine.window.disposed) machine.window = createWindow(space);
  return machine.window;
}
