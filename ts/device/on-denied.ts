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
  /**
   * Gives the value of `size` bytes at `address`, or undefined for an error.
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "---");
   * memory.onDenied = { read: () => 0xff };
   * console.assert(memory.readUint8(0x10) === 0xff);
   * ```
   */
  read?(address: A, size: number): number | bigint | undefined;
  /**
   * Takes the value of `size` bytes that was written to `address`.
   * @example
   * ```ts
   * const denied: (number | bigint)[] = [];
   * memory.protect(0x0, 0x1000, "r-x");
   * memory.onDenied = { write: (address, _size, value) => void denied.push(address, value) };
   * memory.writeUint16(0x10, 0x1234);
   * console.assert(denied.join() === "16,4660");
   * ```
   */
  write?(address: A, size: number, value: number | bigint): void;
  /**
   * Gives the instruction of `size` bytes at `address`, or undefined for an error.
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "rw-");
   * memory.onDenied = { fetch: () => 0xbe00 }; // a breakpoint instruction
   * console.assert(memory.fetchUint16(0x10) === 0xbe00);
   * ```
   */
  fetch?(address: A, size: number): number | bigint | undefined;
}
