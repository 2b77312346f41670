// Elements: finds the array element for an atomic access.

import { ACCESS_WRITE, BACKING_BYTES } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Cells } from "../external/external-memory.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { Space } from "../space/space.ts";

/** Finds elements. Its fields describe the element found last. */
export class Elements {
  readonly #space: Space;
  readonly #watchers: Watchers;
  /** The arrays over the buffer that holds the element. */
  cells: Cells;
  /** Whether a watch or a trap covers the element. */
  watched = false;

  constructor(space: Space, watchers: Watchers) {
    this.#space = space;
    this.#watchers = watchers;
    this.cells = space.linear;
  }

  /**
   * The byte offset of an element in `cells`. Throws unless the element is backed and allowed, then aligned, then in
   * one region, then aligned in the buffer too.
   */
  find(address: U64Like, size: number, access: number): number {
    const space = this.#space;
    this.watched = false;
    this.cells = space.linear;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = space.words[space.tableIndex + (guest >>> 12)] as number;
      if ((entry & access) === access && guest === address && (guest & (size - 1)) === 0) {
        return (((entry & ~15) << 8) | (guest & 0xfff)) >>> 0;
      }
    }
    space.mover.expect(address, size, access, "atomic access", BACKING_BYTES);
    const misaligned = (what: string) => {
      const message = `atomic access at ${hex(address)}: ${what} at a multiple of ${size} bytes`;
      return new GuestMemoryError("MISALIGNED", message, { address, length: size });
    };
    if ((u64.low(address) & (size - 1)) !== 0) throw misaligned("not");
    const run = space.externalRuns.run(address, size);
    let host: number;
    if (run && run.length >= size) {
      this.cells = run.external.cells(address, size);
      host = run.external.lead + run.offset;
    } else {
      if ((access & ACCESS_WRITE) !== 0) space.mover.populate(address, size, "atomic access");
      const range = space.flatView.at(address);
      const crosses = range !== undefined && range.lastAddress < BigInt(address) + BigInt(size - 1);
      // An aligned element does not cross the edge of discarded pages either, so its first byte's place is enough.
      host = space.resolver.single(address, crosses ? size : 1, "atomic access");
    }
    // Not aligned in the buffer: the region was moved to, or is shown by an alias at, another offset in its page.
    if ((host & (size - 1)) !== 0) throw misaligned("its bytes are not");
    this.watched = this.#watchers.isWatched(address, size, access);
    return host;
  }
}
