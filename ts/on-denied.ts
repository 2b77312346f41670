// OnDenied: a user's answer to scalar accesses that ROM, or `protect`, forbids.

/**
 * Handlers for scalar accesses that are forbidden: a write to ROM, and what {@link GuestMemory.protect} does not allow. One
 * call an access; values as {@link OnUnmapped} has them. A handler that is missing, or a read that gives undefined, leaves
 * the access an error. Bulk accesses and atomics never call one.
 *
 * @example
 * ```ts
 * import { GuestMemory, type OnDenied } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "rom", start: 0, size: 0x1000 }]);
 * const ignore: OnDenied = { write: () => {} }; // as most machines do with a store to ROM
 * memory.onDenied = ignore;
 * memory.writeUint8(0x10, 1);
 * console.assert(memory.readUint8(0x10) === 0);
 * ```
 */
export interface OnDenied<A extends number | bigint = number> {
  /** Gives the value of `size` bytes at `address`, or undefined for an error. */
  read?(address: A, size: number): number | bigint | undefined;
  /** Takes the value of `size` bytes that was written to `address`. */
  write?(address: A, size: number, value: number | bigint): void;
  /** Gives the instruction of `size` bytes at `address`, or undefined for an error. */
  fetch?(address: A, size: number): number | bigint | undefined;
}
