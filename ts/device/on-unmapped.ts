// OnUnmapped: a user's answer to scalar accesses where no memory is.

/**
 * Handlers for scalar accesses that no region backs, or not whole: {@link GuestMemory.onUnmapped}. One call an access.
 * Values are little-endian and unsigned (raw bits for floats), numbers for 1, 2 and 4 bytes, bigints for 8. A handler
 * that is missing, or a `read` that gives undefined, leaves the access an error. A handler may do anything with the
 * memory, dispose it too. Bulk accesses never call one; nor does, where addresses are numbers, an access past 2^53 by a
 * bigint: rounded, its address would name another.
 *
 * @example
 * ```ts
 * import { GuestMemory, type OnUnmapped } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const openBus: OnUnmapped = { read: () => 0xffff_ffff, write: () => {} };
 * memory.onUnmapped = openBus;
 * console.assert(memory.readUint16(0x4000_0000) === 0xffff);
 * ```
 */
export interface OnUnmapped<A extends number | bigint = number> {
  /**
   * Gives the value of `size` bytes (1, 2, 4 or 8) at `address`, or undefined for an error.
   * @example
   * ```ts
   * memory.onUnmapped = { read: (address) => (address === 0x4000 ? 0x1234 : undefined) };
   * console.assert(memory.readUint32(0x4000) === 0x1234);
   * ```
   */
  read?(address: A, size: number): number | bigint | undefined;
  /**
   * Takes the value of `size` bytes (1, 2, 4 or 8) that was written to `address`.
   * @example
   * ```ts
   * const sent: (number | bigint)[] = [];
   * memory.onUnmapped = { write: (_address, _size, value) => void sent.push(value) };
   * memory.writeUint8(0x4000, 0x41);
   * console.assert(sent[0] === 0x41);
   * ```
   */
  write?(address: A, size: number, value: number | bigint): void;
}
