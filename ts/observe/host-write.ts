// HostWriteListener: the function that is called after the host has written guest memory.

/** The type of a method, because methods are bivariant: a listener for numbers is also one for numbers or bigints. */
interface Listening<A extends number | bigint> {
  hear(address: A, length: number): void;
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
