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
 * import { GuestMemory, type NarrowAccessRule } from "guest-memory";
 *
 * const got: number[] = [];
 * const narrower: NarrowAccessRule = "replicate";
 * const device = { write32: (_offset: number, value: number) => void got.push(value), narrower };
 * using memory = await GuestMemory.create([{ kind: "mmio", start: 0x1000, size: 4, device }]);
 * memory.writeUint8(0x1001, 0xab);
 * console.assert(got[0] === 0xabababab);
 * ```
 */
export type NarrowAccessRule = "split" | "replicate" | "read-modify-write";

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
  /**
   * Reads 1 byte.
   * @example
   * ```ts
   * const device = { read8: (offset: number) => (offset === 0x10 ? 0x90 : 0) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readUint8(0x8010) === 0x90);
   * ```
   */
  read8?(offset: number, who: Initiator): number;
  /**
   * Reads 2 bytes.
   * @example
   * ```ts
   * const device = { read16: (offset: number) => (offset === 0x10 ? 0x1234 : 0) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readUint16(0x8010) === 0x1234);
   * ```
   */
  read16?(offset: number, who: Initiator): number;
  /**
   * Reads 4 bytes.
   * @example
   * ```ts
   * const device = { read32: (offset: number) => (offset === 0x10 ? 0xdead_beef : 0) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readUint32(0x8010) === 0xdead_beef);
   * ```
   */
  read32?(offset: number, who: Initiator): number;
  /**
   * Reads 8 bytes.
   * @example
   * ```ts
   * const device = { read64: (offset: number) => (offset === 0x10 ? 2n ** 63n : 0n) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readBigUint64(0x8010) === 2n ** 63n);
   * ```
   */
  read64?(offset: number, who: Initiator): bigint;
  /**
   * Reads 16 bytes.
   * @example
   * ```ts
   * const device = { read128: (offset: number) => (offset === 0x10 ? 2n ** 127n : 0n) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readBigUint128(0x8010) === 2n ** 127n);
   * ```
   */
  read128?(offset: number, who: Initiator): bigint;
  /**
   * Writes 1 byte.
   * @example
   * ```ts
   * const got: number[] = [];
   * const device = { write8: (_offset: number, value: number) => void got.push(value) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeUint8(0x8010, 0x90);
   * console.assert(got[0] === 0x90);
   * ```
   */
  write8?(offset: number, value: number, who: Initiator): void;
  /**
   * Writes 2 bytes.
   * @example
   * ```ts
   * const got: number[] = [];
   * const device = { write16: (_offset: number, value: number) => void got.push(value) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeUint16(0x8010, 0x1234);
   * console.assert(got[0] === 0x1234);
   * ```
   */
  write16?(offset: number, value: number, who: Initiator): void;
  /**
   * Writes 4 bytes.
   * @example
   * ```ts
   * const got: number[] = [];
   * const device = { write32: (_offset: number, value: number) => void got.push(value) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeUint32(0x8010, 0xdead_beef);
   * console.assert(got[0] === 0xdead_beef);
   * ```
   */
  write32?(offset: number, value: number, who: Initiator): void;
  /**
   * Writes 8 bytes.
   * @example
   * ```ts
   * const got: bigint[] = [];
   * const device = { write64: (_offset: number, value: bigint) => void got.push(value) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeBigUint64(0x8010, 2n ** 63n);
   * console.assert(got[0] === 2n ** 63n);
   * ```
   */
  write64?(offset: number, value: bigint, who: Initiator): void;
  /**
   * Writes 16 bytes.
   * @example
   * ```ts
   * const got: bigint[] = [];
   * const device = { write128: (_offset: number, value: bigint) => void got.push(value) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeBigUint128(0x8010, 2n ** 127n);
   * console.assert(got[0] === 2n ** 127n);
   * ```
   */
  write128?(offset: number, value: bigint, who: Initiator): void;
  /**
   * Reads `size` bytes, 1, 2, 4, 8 or 16, where no handler has that size.
   * @example
   * ```ts
   * const device = { read: (_offset: number, size: number) => (size <= 4 ? size : BigInt(size)) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readUint16(0x8000) === 2 && memory.readBigUint64(0x8000) === 8n);
   * ```
   */
  read?(offset: number, size: number, who: Initiator): number | bigint;
  /**
   * Writes `size` bytes, 1, 2, 4, 8 or 16, where no handler has that size.
   * @example
   * ```ts
   * const sizes: number[] = [];
   * const device = { write: (_offset: number, size: number) => void sizes.push(size) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * memory.writeUint8(0x8000, 1);
   * memory.writeUint32(0x8000, 1);
   * console.assert(sizes.join() === "1,4");
   * ```
   */
  write?(offset: number, size: number, value: number | bigint, who: Initiator): void;
  /**
   * What a debugger sees of the byte at `offset`, without any effect; undefined where nobody knows.
   * @example
   * ```ts
   * const device = { peek: (offset: number) => (offset === 0 ? 0x5a : undefined) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * const { bytes, known } = memory.peek(0x8000, 2);
   * console.assert(bytes[0] === 0x5a && known.join() === "1,0");
   * ```
   */
  peek?(offset: number): number | undefined;
  /**
   * The rule for narrower accesses. Default: an error.
   * @example
   * ```ts
   * memory.map({
   *   kind: "mmio",
   *   start: 0x8000,
   *   size: 0x100,
   *   device: { read32: () => 0x4433_2211, narrower: "split" },
   * });
   * console.assert(memory.readUint8(0x8001) === 0x22);
   * ```
   */
  readonly narrower?: NarrowAccessRule;
  /**
   * The rule for accesses that are not at a multiple of their size. Default: `"split"`.
   * @example
   * ```ts
   * memory.map({
   *   kind: "mmio",
   *   start: 0x8000,
   *   size: 0x100,
   *   device: { read32: (offset) => offset, unaligned: "whole" },
   * });
   * console.assert(memory.readUint32(0x8003) === 3);
   * ```
   */
  readonly unaligned?: "split" | "whole";
}
