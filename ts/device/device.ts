// Device: the handlers of an `mmio` or `romDevice` region. docs/mmio.md is the contract.

/**
 * The initiator of an access: the guest's CPU (`read*`, `write*`, `fetch*`, `fill`, `copyWithin`, atomics), or a device
 * that uses {@link GuestMemory.dma}. A debugger's `peek` calls only a device's own `peek`.
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
 * The rule for an access that is narrower than a device's narrowest handler (docs/mmio.md). A read takes its bytes out
 * of the wider value. A write depends on the rule:
 *
 * - `"split"`: the wide handler gets the written bytes in their places, and 0 in the others.
 * - `"replicate"`: the wide handler gets the written value repeated over its width (as on the RP2040's bus).
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
 * A device: an object with handlers for the accesses to its region. Handlers are called with the device as `this`.
 * Offsets are bytes from the region's start. Values are unsigned, and little-endian unless `endian` says otherwise:
 * numbers up to 4 bytes, bigints of 8 and 16. A device has handlers by size, or `read` and `write` for every size. If one handler serves a whole read, its
 * result is passed on unmodified.
 *
 * - An access wider than every handler is split into parts of the widest handler, in ascending order.
 * - An access narrower than every handler follows `narrower`; without that rule it is the error `INVALID_HANDLER`.
 * - An access that is not at a multiple of its size is split into the largest parts that are, in ascending order,
 *   unless `unaligned` is `"whole"`.
 *
 * A handler may access, map, unmap and move regions, and dispose the memory. If it throws, the error passes through; in
 * an access of several parts it becomes the cause of a GuestMemoryError `HANDLER_FAILED`, whose `completed` counts the
 * bytes moved before.
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
  read64?(offset: number, who: Initiator): bigint | number;
  /**
   * Reads 16 bytes.
   * @example
   * ```ts
   * const device = { read128: (offset: number) => (offset === 0x10 ? 2n ** 127n : 0n) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readBigUint128(0x8010) === 2n ** 127n);
   * ```
   */
  read128?(offset: number, who: Initiator): bigint | number;
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
   * Reads `size` bytes (1, 2, 4, 8 or 16), if no handler has that size.
   * @example
   * ```ts
   * const device = { read: (_offset: number, size: number) => (size <= 4 ? size : BigInt(size)) };
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device });
   * console.assert(memory.readUint16(0x8000) === 2 && memory.readBigUint64(0x8000) === 8n);
   * ```
   */
  read?(offset: number, size: number, who: Initiator): number | bigint;
  /**
   * Writes `size` bytes (1, 2, 4, 8 or 16), if no handler has that size.
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
   * Returns the byte at `offset` for a debugger, without side effects; undefined if it is not known.
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
   * The rule for accesses narrower than every handler. Default: such an access is an error.
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
  /**
   * The byte order of the values that handlers take and return. With `"big"` the byte at the lowest offset is a value's
   * highest, so that big-endian accesses see the values as they are. Default: `"little"`.
   * @example
   * ```ts
   * memory.map({ kind: "mmio", start: 0x8000, size: 0x100, device: { read32: () => 0x1122_3344, endian: "big" } });
   * console.assert(memory.readUint32BE(0x8000) === 0x1122_3344 && memory.readUint32(0x8000) === 0x4433_2211);
   * ```
   */
  readonly endian?: "little" | "big";
}
