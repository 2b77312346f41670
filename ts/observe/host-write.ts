// HostWriteListener: the function that is called after the host has written guest memory.

import type { MappedRegion } from "../map/mapped-region.ts";

/** The type of a method, because methods are bivariant: a listener for numbers is also one for numbers or bigints. */
interface Listening<A extends number | bigint> {
  hear(address: A, length: number, written: readonly HostWrite<A>[]): void;
}

/**
 * Bytes of a region that the host has written: the third argument of a {@link HostWriteListener}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type HostWrite } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x8000, 0x1000]]);
 * const heard: HostWrite[] = [];
 * memory.onHostWrite = (_address, _length, written) => void heard.push(...written);
 * memory.poke(0x8010, new Uint8Array(4));
 * console.assert(heard[0]!.region === memory.mapped[0] && heard[0]!.offset === 0x10 && heard[0]!.length === 4);
 * ```
 */
export interface HostWrite<A extends number | bigint = number> {
  /** The region that has the bytes: never an alias. */
  readonly region: MappedRegion<A>;
  /** The offset in the region of the first byte. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * A listener for ranges that the host has written: {@link GuestMemory.onHostWrite}. `length` is in bytes.
 *
 * @example
 * ```ts
 * import { GuestMemory, type HostWriteListener } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const ranges: number[][] = [];
 * const listener: HostWriteListener = (address, length) => void ranges.push([address, length]);
 * memory.onHostWrite = listener;
 * memory.poke(0x10, new Uint8Array(4));
 * console.assert(ranges.join() === "16,4");
 * ```
 */
export type HostWriteListener<A extends number | bigint = number> = Listening<A>["hear"];
