// OnDenied: handlers for scalar accesses that ROM or `protect` forbids.

/**
 * Handlers for forbidden scalar accesses: writes to ROM, and accesses that {@link GuestMemory.protect} does not allow.
 * Each access makes one call, with values as in {@link OnUnmapped}. If the handler is missing, or a read or fetch
 * returns undefined, the access throws its error. Bulk accesses and atomics never call a handler.
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
   * Returns the value of `size` bytes at `address`, or undefined to let the access throw.
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "---");
   * memory.onDenied = { read: () => 0xff };
   * console.assert(memory.readUint8(0x10) === 0xff);
   * ```
   */
  read?(address: A, size: number): number | bigint | undefined;
  /**
   * Receives the value of `size` bytes that was written to `address`.
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
   * Returns the instruction of `size` bytes at `address`, or undefined to let the fetch throw.
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "rw-");
   * memory.onDenied = { fetch: () => 0xbe00 }; // a breakpoint instruction
   * console.assert(memory.fetchUint16(0x10) === 0xbe00);
   * ```
   */
  fetch?(address: A, size: number): number | bigint | undefined;
}
