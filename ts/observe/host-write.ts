// HostWriteListener: who hears of what the host has written behind the guest's CPU.

/** By way of a method, so that a listener for one kind of address may stand for another, as methods may. */
interface Listening<A extends number | bigint> {
  hear(address: A, length: number): void;
}

/**
 * Takes a range that the host has written: {@link GuestMemory.onHostWrite}.
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
