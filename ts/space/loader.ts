// Loader: writes as a loader does: into RAM and ROM, without regard to protection.

import { ACCESS_LOAD, BACKING_BYTES } from "../core/abi.ts";
import { byteLengthOf, part } from "../core/byte-array.ts";
import type { U64Like } from "../core/u64.ts";
import type { Transfer } from "../device/transfer.ts";
import { hostWritten } from "./host-writes.ts";
import type { Space } from "./space.ts";

/** Writes all of `bytes`, or throws and writes none. Calls `written` before it tells listeners, which may throw. */
export function poke(space: Space, address: U64Like, bytes: Uint8Array, written?: (length: number) => void): void {
  const length = byteLengthOf(bytes, "bytes");
  load(space, address, length, "poke", (transfer) => {
    space.mover.write(part(bytes, 0, length).slice(), ACCESS_LOAD, transfer);
    written?.(length);
  });
}

/** Sets a range to one byte, or throws and writes none. */
export function pokeFill(space: Space, address: U64Like, byte: number, length: number): void {
  load(space, address, length, "fill", (transfer) => space.mover.fill(byte & 255, ACCESS_LOAD, transfer));
}

function load(space: Space, address: U64Like, length: number, what: string, write: (to: Transfer) => void): void {
  const expect = () => space.mover.expect(address, length, 0, what, BACKING_BYTES);
  expect();
  if (space.traps.any) {
    space.traps.spring(address, length, ACCESS_LOAD);
    expect(); // again: a trap's callback may have changed the map
  }
  write({ who: "cpu", address, length, done: 0 });
  hostWritten(space, address, length);
}
