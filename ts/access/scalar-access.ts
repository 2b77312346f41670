// ScalarAccess: the declarations and docs of GuestMemory's scalar accesses. scalars.ts makes the functions.

import type { U64Like } from "../core/u64.ts";

/**
 * Scalar access to guest memory, little-endian unless the name ends in `BE`. {@link GuestMemory} has all of it.
 * Addresses need no alignment, and an access may cross regions. Values wrap as in a DataView.
 *
 * Each access throws a GuestMemoryError `INVALID_GUEST_ADDRESS`, `PARTIAL_BUFFER` or `GUEST_ADDRESS_OVERFLOW` if a byte
 * is not backed and `onUnmapped` does not serve the access, `READ_ONLY` or `PERMISSION_DENIED` if the access is
 * forbidden and `onDenied` does not serve it, `OUT_OF_MEMORY` if a write to discarded memory finds no page, `DISPOSED`
 * after disposal; a RangeError for a number that is not an address; a TypeError for a wrong type.
 *
 * The accessors are own properties of each memory: closures over its tables, which are replaced when linear memory
 * grows. Call them on the memory (`memory.readUint32(a)`), and do not keep them: an old one still works, but slowly.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.writeUint32(0x10, 0x0102_0304);
 * console.assert(memory.readUint8(0x10) === 4 && memory.readUint16BE(0x12) === 0x0201);
 * ```
 */
export interface ScalarAccess {
  /**
   * Reads an unsigned byte. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readUint8(0x10) === 0);
   * ```
   */
  readUint8: (address: U64Like) => number;
  /**
   * Writes an unsigned byte and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint8(0x10, 0xab);
   * console.assert(memory.readUint8(0x10) === 0xab);
   * ```
   */
  writeUint8: (address: U64Like, value: number) => void;
  /**
   * Reads a signed byte. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readInt8(0x10) === 0);
   * ```
   */
  readInt8: (address: U64Like) => number;
  /**
   * Writes a signed byte and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeInt8(0x10, -2);
   * console.assert(memory.readInt8(0x10) === -2);
   * ```
   */
  writeInt8: (address: U64Like, value: number) => void;
  /**
   * Reads an unsigned 16-bit integer (2 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readUint16(0x10) === 0);
   * ```
   */
  readUint16: (address: U64Like) => number;
  /**
   * Writes an unsigned 16-bit integer (2 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint16(0x10, 0xabcd);
   * console.assert(memory.readUint16(0x10) === 0xabcd);
   * ```
   */
  writeUint16: (address: U64Like, value: number) => void;
  /**
   * Reads an unsigned 16-bit integer (2 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readUint16BE(0x10) === 0);
   * ```
   */
  readUint16BE: (address: U64Like) => number;
  /**
   * Writes an unsigned 16-bit integer (2 bytes, big-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint16BE(0x10, 0xabcd);
   * console.assert(memory.readUint16BE(0x10) === 0xabcd);
   * ```
   */
  writeUint16BE: (address: U64Like, value: number) => void;
  /**
   * Reads a signed 16-bit integer (2 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readInt16(0x10) === 0);
   * ```
   */
  readInt16: (address: U64Like) => number;
  /**
   * Writes a signed 16-bit integer (2 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeInt16(0x10, -2);
   * console.assert(memory.readInt16(0x10) === -2);
   * ```
   */
  writeInt16: (address: U64Like, value: number) => void;
  /**
   * Reads a signed 16-bit integer (2 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readInt16BE(0x10) === 0);
   * ```
   */
  readInt16BE: (address: U64Like) => number;
  /**
   * Writes a signed 16-bit integer (2 bytes, big-endian) and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeInt16BE(0x10, -2);
   * console.assert(memory.readInt16BE(0x10) === -2);
   * ```
   */
  writeInt16BE: (address: U64Like, value: number) => void;
  /**
   * Reads an unsigned 32-bit integer (4 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readUint32(0x10) === 0);
   * ```
   */
  readUint32: (address: U64Like) => number;
  /**
   * Writes an unsigned 32-bit integer (4 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint32(0x10, 0xdead_beef);
   * console.assert(memory.readUint32(0x10) === 0xdead_beef);
   * ```
   */
  writeUint32: (address: U64Like, value: number) => void;
  /**
   * Reads an unsigned 32-bit integer (4 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readUint32BE(0x10) === 0);
   * ```
   */
  readUint32BE: (address: U64Like) => number;
  /**
   * Writes an unsigned 32-bit integer (4 bytes, big-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint32BE(0x10, 0xdead_beef);
   * console.assert(memory.readUint32BE(0x10) === 0xdead_beef);
   * ```
   */
  writeUint32BE: (address: U64Like, value: number) => void;
  /**
   * Reads a signed 32-bit integer (4 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readInt32(0x10) === 0);
   * ```
   */
  readInt32: (address: U64Like) => number;
  /**
   * Writes a signed 32-bit integer (4 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeInt32(0x10, -2);
   * console.assert(memory.readInt32(0x10) === -2);
   * ```
   */
  writeInt32: (address: U64Like, value: number) => void;
  /**
   * Reads a signed 32-bit integer (4 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readInt32BE(0x10) === 0);
   * ```
   */
  readInt32BE: (address: U64Like) => number;
  /**
   * Writes a signed 32-bit integer (4 bytes, big-endian) and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeInt32BE(0x10, -2);
   * console.assert(memory.readInt32BE(0x10) === -2);
   * ```
   */
  writeInt32BE: (address: U64Like, value: number) => void;
  /**
   * Reads an unsigned 64-bit integer (8 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readBigUint64(0x10) === 0n);
   * ```
   */
  readBigUint64: (address: U64Like) => bigint;
  /**
   * Writes an unsigned 64-bit integer (8 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeBigUint64(0x10, 0x1234_5678_9abc_def0n);
   * console.assert(memory.readBigUint64(0x10) === 0x1234_5678_9abc_def0n);
   * ```
   */
  writeBigUint64: (address: U64Like, value: bigint) => void;
  /**
   * Reads an unsigned 64-bit integer (8 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readBigUint64BE(0x10) === 0n);
   * ```
   */
  readBigUint64BE: (address: U64Like) => bigint;
  /**
   * Writes an unsigned 64-bit integer (8 bytes, big-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeBigUint64BE(0x10, 0x1234_5678_9abc_def0n);
   * console.assert(memory.readBigUint64BE(0x10) === 0x1234_5678_9abc_def0n);
   * ```
   */
  writeBigUint64BE: (address: U64Like, value: bigint) => void;
  /**
   * Reads a signed 64-bit integer (8 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readBigInt64(0x10) === 0n);
   * ```
   */
  readBigInt64: (address: U64Like) => bigint;
  /**
   * Writes a signed 64-bit integer (8 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeBigInt64(0x10, -2n);
   * console.assert(memory.readBigInt64(0x10) === -2n);
   * ```
   */
  writeBigInt64: (address: U64Like, value: bigint) => void;
  /**
   * Reads a signed 64-bit integer (8 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readBigInt64BE(0x10) === 0n);
   * ```
   */
  readBigInt64BE: (address: U64Like) => bigint;
  /**
   * Writes a signed 64-bit integer (8 bytes, big-endian) and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeBigInt64BE(0x10, -2n);
   * console.assert(memory.readBigInt64BE(0x10) === -2n);
   * ```
   */
  writeBigInt64BE: (address: U64Like, value: bigint) => void;
  /**
   * Reads an unsigned 128-bit integer (16 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readBigUint128(0x10) === 0n);
   * ```
   */
  readBigUint128: (address: U64Like) => bigint;
  /**
   * Writes an unsigned 128-bit integer (16 bytes, little-endian) and marks its pages dirty. Errors: see
   * {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeBigUint128(0x10, 1n << 127n);
   * console.assert(memory.readUint8(0x1f) === 0x80);
   * ```
   */
  writeBigUint128: (address: U64Like, value: bigint) => void;
  /**
   * Fetches an unsigned byte as an instruction, which needs the permission to execute. Errors: see
   * {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeUint8(0x10, 0xc3);
   * console.assert(memory.fetchUint8(0x10) === 0xc3);
   * ```
   */
  fetchUint8: (address: U64Like) => number;
  /**
   * Fetches an unsigned 16-bit integer (2 bytes, little-endian) as an instruction, which needs the permission to
   * execute. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.fetchUint16(0x10) === 0);
   * ```
   */
  fetchUint16: (address: U64Like) => number;
  /**
   * Fetches an unsigned 32-bit integer (4 bytes, little-endian) as an instruction, which needs the permission to
   * execute. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.fetchUint32(0x10) === 0);
   * ```
   */
  fetchUint32: (address: U64Like) => number;
  /**
   * Reads a 32-bit float (IEEE 754; 4 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readFloat32(0x10) === 0);
   * ```
   */
  readFloat32: (address: U64Like) => number;
  /**
   * Writes a 32-bit float (IEEE 754; 4 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeFloat32(0x10, 0.5);
   * console.assert(memory.readFloat32(0x10) === 0.5);
   * ```
   */
  writeFloat32: (address: U64Like, value: number) => void;
  /**
   * Reads a 32-bit float (IEEE 754; 4 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readFloat32BE(0x10) === 0);
   * ```
   */
  readFloat32BE: (address: U64Like) => number;
  /**
   * Writes a 32-bit float (IEEE 754; 4 bytes, big-endian) and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeFloat32BE(0x10, 0.5);
   * console.assert(memory.readFloat32BE(0x10) === 0.5);
   * ```
   */
  writeFloat32BE: (address: U64Like, value: number) => void;
  /**
   * Reads a 64-bit float (IEEE 754; 8 bytes, little-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readFloat64(0x10) === 0);
   * ```
   */
  readFloat64: (address: U64Like) => number;
  /**
   * Writes a 64-bit float (IEEE 754; 8 bytes, little-endian) and marks its pages dirty. Errors: see {@link
   * ScalarAccess}.
   * @example
   * ```ts
   * memory.writeFloat64(0x10, 0.1);
   * console.assert(memory.readFloat64(0x10) === 0.1);
   * ```
   */
  writeFloat64: (address: U64Like, value: number) => void;
  /**
   * Reads a 64-bit float (IEEE 754; 8 bytes, big-endian). Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * console.assert(memory.readFloat64BE(0x10) === 0);
   * ```
   */
  readFloat64BE: (address: U64Like) => number;
  /**
   * Writes a 64-bit float (IEEE 754; 8 bytes, big-endian) and marks its pages dirty. Errors: see {@link ScalarAccess}.
   * @example
   * ```ts
   * memory.writeFloat64BE(0x10, 0.1);
   * console.assert(memory.readFloat64BE(0x10) === 0.1);
   * ```
   */
  writeFloat64BE: (address: U64Like, value: number) => void;
}
