// BoundDevice: checks a device's handlers once, and turns each access into calls of them. docs/mmio.md is the contract.

import { GuestMemoryError, hex } from "../core/errors.ts";
import { mustBe } from "../core/options.ts";
import { describe, type U64Like } from "../core/u64.ts";
import { swapped } from "./byte-order.ts";
import type { Device, Initiator, NarrowAccessRule } from "./device.ts";
import type { Transfer } from "./transfer.ts";

const SIZES = [1, 2, 4, 8, 16] as const;
const NARROWER: unknown[] = [undefined, "split", "replicate", "read-modify-write"];
const UNALIGNED: unknown[] = [undefined, "split", "whole"];
const ENDIAN: unknown[] = [undefined, "little", "big"];

const HANDLERS = [
  "read",
  "write",
  "peek",
  ...SIZES.flatMap((size) => [`read${size * 8}`, `write${size * 8}`]),
] as "read8"[];
/** The most prototypes that are looked at. */
const MOST_PROTOTYPES = 16;

/** A method whose name only just misses a handler's: `Read8`, `write_32`, `read24`. A device may have other methods. */
function misspeltIn(device: object): string | undefined {
  let at: object | null = device;
  for (let level = 0; level < MOST_PROTOTYPES && at !== null && at !== Object.prototype; level++) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (/^(read|write)[_-]?\d+$/i.test(name) && !HANDLERS.includes(name as "read8")) return name;
    }
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

/** A value as a handler takes and returns it: a number up to 4 bytes, a bigint of 8 and 16. */
export type Value = number | bigint;

/** The sum of the sizes for which a device has a handler, as a set of bits. */
function sizesOf(device: Device, what: "read" | "write"): number {
  return SIZES.reduce((sum, size) => (device[`${what}${(size * 8) as 8}`] === undefined ? sum : sum | size), 0);
}

/** By the size of an access, the size of the handler of 2 or 4 bytes that serves it if none is narrower; else 0. */
function widerOf(sizes: number, allowed: boolean): number[] {
  const narrowest = sizes & -sizes;
  const known = allowed && (narrowest === 2 || narrowest === 4);
  return Array.from({ length: 17 }, (_, size) =>
    known && (size === 1 || size === 2) && size < narrowest ? narrowest : 0,
  );
}

/** The device of one region. */
export class BoundDevice {
  /** The user's object. A CPU's aligned access may call the handler of its size there directly. */
  readonly handlers: Device;
  readonly #name: string;
  readonly #narrower: NarrowAccessRule | undefined;
  readonly #reads: number;
  readonly #writes: number;
  /** For accesses of 1 and 2 bytes that are narrower than every handler, the handler of 2 or 4 bytes; else 0. */
  readonly #wideReads: readonly number[];
  readonly #wideWrites: readonly number[];

  /**
   * @throws GuestMemoryError `INVALID_HANDLER` if there is no handler, one is misspelt or is not a function, or a rule is not
   * an allowed one.
   */
  constructor(name: string, device: Device) {
    this.#name = name;
    const wrong = (what: string) => new GuestMemoryError("INVALID_HANDLER", `the device of "${name}": ${what}`);
    if (typeof device !== "object" || device === null) throw wrong(`it must be an object, not ${describe(device)}`);
    let any = false;
    for (const handler of HANDLERS) {
      const value: unknown = device[handler];
      if (value !== undefined && typeof value !== "function") {
        throw wrong(`${handler} must be a function, not ${describe(value)}`);
      }
      any ||= value !== undefined;
    }
    const misspelt = misspeltIn(device);
    if (misspelt !== undefined) throw wrong(`${misspelt} is no handler: handlers are ${HANDLERS.join(", ")}`);
    if (!any) throw wrong(`it has no handler: handlers are ${HANDLERS.join(", ")}`);
    if (!NARROWER.includes(device.narrower)) throw wrong(mustBe("narrower", NARROWER, device.narrower));
    if (!UNALIGNED.includes(device.unaligned)) throw wrong(mustBe("unaligned", UNALIGNED, device.unaligned));
    if (!ENDIAN.includes(device.endian)) throw wrong(mustBe("endian", ENDIAN, device.endian));
    this.handlers = device.endian === "big" ? swapped(device) : device;
    this.#narrower = device.narrower;
    this.#reads = sizesOf(device, "read");
    this.#writes = sizesOf(device, "write");
    this.#wideReads = widerOf(this.#reads, device.read === undefined && device.narrower !== undefined);
    this.#wideWrites = widerOf(this.#writes, device.write === undefined && device.narrower !== undefined);
  }

  /** Reads `size` bytes: 1, 2, 4, 8 or 16. The result of a single handler of that size is passed on unmodified. */
  read(offset: number, size: number, who: Initiator, address: U64Like): Value {
    if ((offset & (size - 1)) === 0) {
      const wide = this.#wideReads[size] as number;
      if (wide !== 0) return this.#narrowRead(offset, size, wide, who);
    }
    if (this.#isOneCall(offset, size, this.#reads, this.handlers.read)) return this.#call(offset, size, who);
    const bytes = new Uint8Array(size);
    this.readBytes(offset, bytes, { who, address, length: size, done: 0 });
    return valueAt(bytes, 0, size);
  }

  /** Writes `size` bytes: 1, 2, 4, 8 or 16. */
  write(offset: number, size: number, value: Value, who: Initiator, address: U64Like): void {
    if ((offset & (size - 1)) === 0) {
      const wide = this.#wideWrites[size] as number;
      if (wide !== 0) {
        this.#narrowWrite(offset, size, value as number, wide, who);
        return;
      }
    }
    if (this.#isOneCall(offset, size, this.#writes, this.handlers.write)) this.#send(offset, size, value, who);
    else this.writeBytes(offset, bytesOf(value, size), { who, address, length: size, done: 0 });
  }

  /** Reads 1 or 2 aligned bytes by a handler of 2 or 4. */
  #narrowRead(offset: number, size: number, wide: number, who: Initiator): number {
    const into = offset & (wide - 1);
    const { handlers } = this;
    let whole: unknown;
    if (wide === 4 && handlers.read32)
      whole = handlers.read32(offset - into, who); // the usual case, with fewer calls
    else whole = this.#call(offset - into, wide, who);
    if (typeof whole !== "number") throw this.wrong(whole, wide);
    return (whole >>> (8 * into)) & (size === 1 ? 0xff : 0xffff);
  }

  /** Writes 1 or 2 aligned bytes by a handler of 2 or 4, and by the rule. */
  #narrowWrite(offset: number, size: number, value: number, wide: number, who: Initiator): void {
    const into = offset & (wide - 1);
    const mask = size === 1 ? 0xff : 0xffff;
    let whole = (value & mask) << (8 * into);
    if (this.#narrower === "replicate")
      whole = (value & mask) * (size === 2 ? 0x1_0001 : wide === 2 ? 0x101 : 0x101_0101);
    else if (this.#narrower === "read-modify-write") {
      whole |= (this.#readPart(offset - into, wide, who) as number) & ~(mask << (8 * into));
    }
    this.#send(offset - into, wide, wide === 2 ? whole & 0xffff : whole >>> 0, who);
  }

  /** Fills `into` with this device's piece of a transfer, part by part in ascending order. */
  readBytes(offset: number, into: Uint8Array, transfer: Transfer): void {
    this.#inParts(offset, into.length, this.#reads, this.handlers.read, transfer, (at, size, done) => {
      putBytes(into, done, this.#readPart(at, size, transfer.who), size);
    });
  }

  /** Writes `bytes`, this device's piece of a transfer, part by part in ascending order. */
  writeBytes(offset: number, bytes: Uint8Array, transfer: Transfer): void {
    this.#inParts(offset, bytes.length, this.#writes, this.handlers.write, transfer, (at, size, done) => {
      this.#writePart(at, size, valueAt(bytes, done, size), transfer.who);
    });
  }

  /** The byte that a debugger sees at `offset`; undefined if the device does not tell. */
  peek(offset: number): number | undefined {
    const value = this.handlers.peek?.(offset);
    return typeof value === "number" ? value & 0xff : undefined;
  }

  #isOneCall(offset: number, size: number, sizes: number, any: unknown): boolean {
    const aligned = (offset & (size - 1)) === 0 || this.handlers.unaligned === "whole";
    return aligned && ((sizes & size) !== 0 || any !== undefined);
  }

  /** Splits an access into parts, each of which fits a handler or the rule for narrower accesses. */
  #inParts(
    offset: number,
    length: number,
    sizes: number,
    any: unknown,
    transfer: Transfer,
    act: (offset: number, size: number, done: number) => void,
  ): void {
    // A handler for every size gets parts of up to 8 bytes. Without one, the widest handler sets the width.
    const widest = any === undefined ? 2 ** Math.floor(Math.log2(Math.max(sizes, 1))) : 8;
    // With `unaligned: "whole"`, a part that has a handler of its size may begin at any offset.
    const free = this.handlers.unaligned === "whole" ? (any === undefined ? sizes : 2 * widest - 1) : 0;
    for (let done = 0; done < length; ) {
      const at = offset + done;
      let size = widest;
      while (size > length - done || (at % size !== 0 && (free & size) === 0)) size /= 2;
      // Takes the widest size that fits and has a handler. Without one, `size` stays, and `narrower` decides.
      if (any === undefined && (sizes & (2 * size - 1)) !== 0)
        size = 2 ** Math.floor(Math.log2(sizes & (2 * size - 1)));
      try {
        act(at, size, done);
      } catch (error) {
        if (size === transfer.length) throw error; // the access was one call, so no byte was moved
        throw this.#failed(error, at, transfer);
      }
      done += size;
      transfer.done += size;
    }
  }

  #readPart(offset: number, size: number, who: Initiator): Value {
    if ((this.#reads & size) !== 0 || this.handlers.read !== undefined) return this.#call(offset, size, who);
    const wide = this.#wider("read", offset, size, this.#reads);
    const start = offset - (offset % wide);
    return valueAt(bytesOf(this.#call(start, wide, who), wide), offset - start, size);
  }

  #writePart(offset: number, size: number, value: Value, who: Initiator): void {
    if ((this.#writes & size) !== 0 || this.handlers.write !== undefined) {
      this.#send(offset, size, value, who);
      return;
    }
    const wide = this.#wider("write", offset, size, this.#writes);
    const start = offset - (offset % wide);
    const bytes = new Uint8Array(wide);
    if (this.#narrower === "read-modify-write") putBytes(bytes, 0, this.#readPart(start, wide, who), wide);
    if (this.#narrower === "replicate") {
      for (let at = 0; at < wide; at += size) putBytes(bytes, at, value, size);
    } else {
      putBytes(bytes, offset - start, value, size);
    }
    this.#send(start, wide, valueAt(bytes, 0, wide), who);
  }

  /** The narrowest size above `size` that has a handler, if `narrower` states a rule. */
  #wider(what: string, offset: number, size: number, sizes: number): number {
    const wide = SIZES.find((wider) => wider > size && (sizes & wider) !== 0);
    if (wide !== undefined && this.#narrower !== undefined) return wide;
    const why =
      wide === undefined
        ? "it has no handler for that"
        : `its narrowest takes ${wide} bytes, and it states no \`narrower\``;
    throw this.#invalid(`a ${what} of ${size} bytes at offset ${hex(offset)}: ${why}`);
  }

  /** Calls the read handler of this size, or the one for every size. */
  #call(offset: number, size: number, who: Initiator): Value {
    const device = this.handlers;
    if (size === 1 && device.read8) return this.#given(device.read8(offset, who), size);
    if (size === 2 && device.read16) return this.#given(device.read16(offset, who), size);
    if (size === 4 && device.read32) return this.#given(device.read32(offset, who), size);
    if (size === 8 && device.read64) return this.#given(device.read64(offset, who), size);
    if (size === 16 && device.read128) return this.#given(device.read128(offset, who), size);
    return this.#given(device.read?.(offset, size, who), size);
  }

  #send(offset: number, size: number, value: Value, who: Initiator): void {
    const device = this.handlers;
    if (size === 1 && device.write8) device.write8(offset, value as number, who);
    else if (size === 2 && device.write16) device.write16(offset, value as number, who);
    else if (size === 4 && device.write32) device.write32(offset, value as number, who);
    else if (size === 8 && device.write64) device.write64(offset, value as bigint, who);
    else if (size === 16 && device.write128) device.write128(offset, value as bigint, who);
    else if (device.write) device.write(offset, size, value, who);
    else throw this.#invalid(`${size} bytes at offset ${hex(offset)}: it has no handler for that any more`);
  }

  /** Checks the type of a handler's result: a number up to 4 bytes, a bigint above, for which an exact number may stand. */
  #given(value: unknown, size: number): Value {
    if (size > 4 && Number.isSafeInteger(value)) return BigInt.asUintN(8 * size, BigInt(value as number));
    return typeof value === (size <= 4 ? "number" : "bigint") ? (value as Value) : this.wrong(value, size);
  }

  /** Throws the error for a handler's result of a wrong type. */
  wrong(value: unknown, size: number): never {
    throw this.#invalid(`a read of ${size} bytes gives ${size <= 4 ? "a number" : "a bigint"}, not ${describe(value)}`);
  }

  #invalid(what: string): GuestMemoryError {
    return new GuestMemoryError("INVALID_HANDLER", `the device of "${this.#name}": ${what}`);
  }

  #failed(cause: unknown, offset: number, { address, length, done: completed }: Transfer): GuestMemoryError {
    const code = cause instanceof GuestMemoryError && cause.code === "INVALID_HANDLER" ? cause.code : "HANDLER_FAILED";
    const where = `the access at ${hex(address)}, ${length} bytes`;
    const message = `the device of "${this.#name}" failed at offset ${hex(offset)}, ${completed} bytes into ${where}`;
    return new GuestMemoryError(code, message, { address, length, completed, cause });
  }
}

/** Reads `size` bytes of an array as a little-endian value. */
export function valueAt(bytes: Uint8Array, at: number, size: number): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
  if (size === 1) return view.getUint8(0);
  if (size === 2) return view.getUint16(0, true);
  if (size === 4) return view.getUint32(0, true);
  if (size === 8) return view.getBigUint64(0, true);
  return view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n);
}

/** Writes a value's `size` bytes into an array, little-endian. */
export function putBytes(into: Uint8Array, at: number, value: Value, size: number): void {
  const view = new DataView(into.buffer, into.byteOffset + at, size);
  if (size === 1) view.setUint8(0, value as number);
  else if (size === 2) view.setUint16(0, value as number, true);
  else if (size === 4) view.setUint32(0, value as number, true);
  else view.setBigUint64(0, value as bigint, true);
  if (size === 16) view.setBigUint64(8, (value as bigint) >> 64n, true);
}

function bytesOf(value: Value, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  putBytes(bytes, 0, value, size);
  return bytes;
}
