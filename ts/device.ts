// Device: what answers accesses to an `mmio` region, and writes to a `romDevice`. docs/mmio.md is the contract.

/**
 * Who makes an access: the guest's CPU (`read*`, `write*`, `fetch*`, `fill`, `copyWithin`, atomics), or a device by
 * {@link GuestMemory.dma}. A debugger (`peek`) reaches only a device's own `peek`.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Initiator } from "guest-memory";
 *
 * const seen: Initiator[] = [];
 * using memory = await GuestMemory.create([
 *   { kind: "mmio", name: "log", start: 0x1000, size: 4, device: { write8: (_offset, _value, who) => void seen.push(who) } },
 * ]);
 * memory.writeUint8(0x1000, 1);
 * console.assert(seen[0] === "cpu");
 * ```
 */
export type Initiator = "cpu" | "dma";

/**
 * What a device does with an access narrower than its narrowest handler (docs/mmio.md). A read always takes its bytes
 * out of the wider value. A write:
 *
 * - `"split"`: the wide handler gets the value in its own bytes, and 0 in the others.
 * - `"replicate"`: it gets the value in each of its parts (as the RP2040's bus does).
 * - `"read-modify-write"`: the wide value is read, changed, and written back.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Narrower } from "guest-memory";
 *
 * const got: number[] = [];
 * const narrower: Narrower = "replicate";
 * const device = { write32: (_offset: number, value: number) => void got.push(value), narrower };
 * using memory = await GuestMemory.create([{ kind: "mmio", start: 0x1000, size: 4, device }]);
 * memory.writeUint8(0x1001, 0xab);
 * console.assert(got[0] === 0xabababab);
 * ```
 */
export type Narrower = "split" | "replicate" | "read-modify-write";

/**
 * A device's handlers; `this` is the device. Offsets are bytes from the region's start, values little-endian and
 * unsigned: numbers up to 4 bytes, bigints of 8 and 16. A read of exactly one handler's size passes its value on
 * unmodified. Give handlers by size, or `read` and `write` for every size.
 *
 * - An access wider than every handler is split into the widest there are, in ascending order.
 * - One narrower than every handler follows `narrower`; without that it is an error.
 * - One that is not at a multiple of its size is split into the largest that are, in ascending order, unless
 *   `unaligned` is `"whole"`.
 *
 * A handler may access, map, unmap, move, dispose. What it throws passes through; in an access of several parts it is
 * the cause of a GuestMemoryError `HANDLER_FAILED`, whose `completed` says how many bytes were moved before.
 *
 * @example
 * ```ts
 * import { type Device, GuestMemory } from "guest-memory";
 *
 * let ticks = 41;
 * const timer: Device = { read32: (offset) => (offset === 0 ? ++ticks : 0), peek: () => ticks };
 * using memory = await GuestMemory.create([{ kind: "mmio", name: "timer", start: 0x4000_0000, size: 8, device: timer }]);
 * console.assert(memory.readUint32(0x4000_0000) === 42);
 * ```
 */
export interface Device {
  /** Reads 1 byte. */
  read8?(offset: number, who: Initiator): number;
  /** Reads 2 bytes. */
  read16?(offset: number, who: Initiator): number;
  /** Reads 4 bytes. */
  read32?(offset: number, who: Initiator): number;
  /** Reads 8 bytes. */
  read64?(offset: number, who: Initiator): bigint;
  /** Reads 16 bytes. */
  read128?(offset: number, who: Initiator): bigint;
  /** Writes 1 byte. */
  write8?(offset: number, value: number, who: Initiator): void;
  /** Writes 2 bytes. */
  write16?(offset: number, value: number, who: Initiator): void;
  /** Writes 4 bytes. */
  write32?(offset: number, value: number, who: Initiator): void;
  /** Writes 8 bytes. */
  write64?(offset: number, value: bigint, who: Initiator): void;
  /** Writes 16 bytes. */
  write128?(offset: number, value: bigint, who: Initiator): void;
  /** Reads `size` bytes, 1, 2, 4, 8 or 16, where no handler has that size. */
  read?(offset: number, size: number, who: Initiator): number | bigint;
  /** Writes `size` bytes, 1, 2, 4, 8 or 16, where no handler has that size. */
  write?(offset: number, size: number, value: number | bigint, who: Initiator): void;
  /** What a debugger sees of the byte at `offset`, without any effect; undefined where nobody knows. */
  peek?(offset: number): number | undefined;
  /** The rule for narrower accesses. Default: an error. */
  readonly narrower?: Narrower;
  /** The rule for accesses that are not at a multiple of their size. Default: `"split"`. */
  readonly unaligned?: "split" | "whole";
}
