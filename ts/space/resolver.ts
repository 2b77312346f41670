// Resolver: guest ranges to host offsets, for whatever is not the scalar hot path.

import { GuestMemoryError, hex } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { Cells } from "../external/external-memory.ts";
import type { GuestRegion } from "../map/guest-region.ts";
import { hostOf } from "../map/guest-region.ts";
import { type READ, WRITE } from "../observe/watchers.ts";
import { Place } from "./cached-run.ts";
import { BYTES, MEMORY, type Mover } from "./mover.ts";
import type { Space } from "./space.ts";

/** The core's number for a range in several regions. */
const CROSSES_REGIONS = 4;

/** Bytes before an address that are remembered with it. */
const BEFORE = 2 ** 30;

/** Finds where guest bytes lie. Offsets are good until the next call that may change the map. */
export class Resolver {
  readonly #space: Space;
  readonly #mover: Mover;
  /** The region of the last bulk access, in linear memory; -1 fits no generation. */
  #last = new Place(undefined, -1, 0, 0, 0);

  /** The arrays in which `element` found the last one. */
  cells: Cells;
  /** Whether somebody watches what `element` found last. */
  watched = false;

  constructor(space: Space) {
    this.#space = space;
    this.#mover = space.mover;
    this.cells = space.linear;
  }

  /** The host offset of `length` bytes in one region, by the region of the last time; -1 where that does not help. */
  within(address: Wide, length: number): number {
    return typeof address === "number" ? this.#last.at(address, length, this.#space.control[0] as number) : -1;
  }

  /** Remembers the region at an address that was checked, for `within`. */
  remember(address: Wide): void {
    const region: GuestRegion<Wide> | undefined = this.#space.regionAt(address);
    if (region === undefined || typeof region.lastAddress === "bigint") return; // bigints are slow anyway
    if (hostOf(region) === 0) return; // ROM, protected, watched, discarded, somebody else's: each access asks
    // Of a region that is longer than a place can be, what lies around the address.
    const skipped = Math.max(0, Number(address) - (region.start as number) - BEFORE);
    const start = (region.start as number) + skipped;
    const generation = this.#space.control[0] as number;
    this.#last = new Place(undefined, generation, start, region.size - skipped, hostOf(region) + skipped);
  }

  /** The host offset of a range in one region, or an error. */
  single(address: Wide, length: Wide, what: string): number {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const space = this.#space;
    space.enter();
    const { linear } = space;
    const status = linear.raw.gm_host_run(space.handle, wide.low, wide.high, lengthLow, lengthHigh);
    if (status !== 0) {
      this.#mover.expect(address, length, 0, what, BYTES); // it may know better: a device
      // All of it is memory, but more than one region's. Where that is linear memory the core has said which.
      if (status === CROSSES_REGIONS) throw linear.failure(status, what, { address, length });
      const message = `${what} at ${hex(address)}, ${length} bytes: another region begins in the range`;
      throw new GuestMemoryError("CROSSES_REGIONS", message, { address, length });
    }
    return linear.report[0] as number;
  }

  /** The same for an access, without an error: undefined on a miss, a crossing, and where it is denied or watched. */
  probe(address: Wide, length: Wide, access: typeof READ | typeof WRITE): number | undefined {
    wide.split(length, "length");
    const { low: lengthLow, high: lengthHigh } = wide;
    wide.split(address, "address");
    const { low, high } = wide;
    const space = this.#space;
    space.enter();
    const { raw, report } = space.linear;
    if (raw.gm_host_run(space.handle, low, high, lengthLow, lengthHigh) !== 0) return undefined;
    const host = report[0] as number;
    // Piece by piece: what is watched or forbidden for other accesses ends one too.
    for (let done = 0; done < lengthLow; done += report[0] as number) {
      const at = low + done;
      const carry = at > 0xffff_ffff ? 1 : 0;
      const found = raw.gm_piece(space.handle, at >>> 0, high + carry, lengthLow - done, access);
      if (found !== MEMORY || report[1] !== 0) return undefined;
    }
    return host;
  }

  /** The status of a range: 0 where it is backed as a whole. */
  status(address: Wide, length: Wide): number {
    return this.#mover.status(address, length, 0, BYTES);
  }

  /**
   * Where an atomic's element is, in bytes from the start of `cells`: backed and allowed, then aligned, then in one region,
   * then aligned there.
   */
  element(address: Wide, size: number, access: number): number {
    this.watched = false;
    this.cells = this.#space.linear;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = this.#space.words[this.#space.tableIndex + (guest >>> 12)] as number;
      if ((entry & access) === access && guest === address && (guest & (size - 1)) === 0) {
        return (((entry & ~15) << 8) | (guest & 0xfff)) >>> 0;
      }
    }
    this.#mover.expect(address, size, access, "atomic access", BYTES);
    const misaligned = (what: string) => {
      const message = `atomic access at ${hex(address)}: ${what} at a multiple of ${size} bytes`;
      return new GuestMemoryError("MISALIGNED", message, { address, length: size });
    };
    wide.split(address, "address");
    if ((wide.low & (size - 1)) !== 0) throw misaligned("not");
    const run = this.#space.externals.run(address, size);
    let host: number;
    if (run && run.length >= size) {
      host = run.external.current(address, size).byteOffset + run.offset;
      this.cells = run.external.cells(address, size);
    } else {
      if ((access & WRITE) !== 0) this.#mover.populate(address, size, "atomic access");
      const region = this.#space.regionAt(address);
      const crosses = region !== undefined && region.lastAddress < BigInt(address) + BigInt(size - 1);
      // What is aligned below does not cross the edge of discarded pages either, so its first byte tells where it is.
      host = this.single(address, crosses ? size : 1, "atomic access");
    }
    // As with a region that was made at one address, and shown at another that is not as far from a page's start.
    if ((host & (size - 1)) !== 0) throw misaligned("its bytes are not");
    this.watched = this.#space.watchers.see(address, size, access);
    return host;
  }
}
