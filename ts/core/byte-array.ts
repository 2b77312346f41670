// Byte arrays and buffers of the caller: type, length and buffer as the engine knows them, whatever their properties say.

import { GuestMemoryError } from "./errors.ts";
import { describe } from "./u64.ts";

// The engine's own getters: an own property or a subclass cannot override them, and they work across realms.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter(Symbol.toStringTag);
const lengthOf = getter("length");
const bufferOf = getter("buffer");
const offsetOf = getter("byteOffset");
const { set } = Uint8Array.prototype;
const bufferLengthOf = getter("byteLength", ArrayBuffer.prototype);
const sharedLengthOf =
  typeof SharedArrayBuffer === "undefined" ? undefined : getter("byteLength", SharedArrayBuffer.prototype);

function getter(key: PropertyKey, prototype = typedArray): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: unknown) => unknown;
}

/** Reads a property of `value` with the engine's getter `read`; undefined if `value` is of another kind. */
export function tryGet(read: ((this: unknown) => unknown) | undefined, value: unknown): unknown {
  try {
    return read?.call(value);
  } catch {
    return undefined;
  }
}

/** The length of a buffer, shared or not, of any realm; undefined for every other value. */
export function lengthOfBuffer(buffer: unknown): number | undefined {
  return (tryGet(bufferLengthOf, buffer) ?? tryGet(sharedLengthOf, buffer)) as number | undefined;
}

/** Whether a buffer is shared with other threads. */
export function isShared(buffer: unknown): boolean {
  return tryGet(sharedLengthOf, buffer) !== undefined;
}

/**
 * The length of a Uint8Array (a Buffer is one).
 *
 * @throws TypeError for any other value; GuestMemoryError `DETACHED_BUFFER` for an array that has lost its bytes.
 */
export function byteLengthOf(bytes: Uint8Array, what: string): number {
  if (tagOf.call(bytes) !== "Uint8Array") {
    throw new TypeError(`${what} must be a Uint8Array, not ${kindOf(bytes, what)}`);
  }
  const length = lengthOf.call(bytes) as number;
  if (length === 0) expectAttached(bytes, what);
  return length;
}

/** Words for a value that is no Uint8Array, and for what makes one of it. */
export function kindOf(value: unknown, what: string): string {
  const typed = ArrayBuffer.isView(value) ? (tagOf.call(value) ?? "DataView") : undefined;
  if (typed !== undefined) return `a ${typed}: new Uint8Array(${what}.buffer, ${what}.byteOffset, ${what}.byteLength)`;
  if (Array.isArray(value)) return `an array: Uint8Array.from(${what})`;
  return lengthOfBuffer(value) === undefined ? describe(value) : `a buffer: new Uint8Array(${what})`;
}

/**
 * Throws for a detached array, and for one behind the end of its resized buffer: both have length 0, as an empty one.
 */
function expectAttached(bytes: Uint8Array, what: string): void {
  try {
    Uint8Array.prototype.at.call(bytes, 0);
  } catch {
    throw new GuestMemoryError("DETACHED_BUFFER", `${what} has no bytes any more: its buffer was detached or resized`, {
      length: 0,
    });
  }
}

/** Copies all of `bytes` into `target`, starting at index `offset`. */
export function copyInto(target: Uint8Array, bytes: Uint8Array, offset = 0): void {
  set.call(target, bytes, offset);
}

/** Copies `bytes` to the start of the caller's array, which may have been detached or resized during the access. */
export function deliver(target: Uint8Array, bytes: Uint8Array): void {
  const length = byteLengthOf(target, "into");
  if (length >= bytes.length) copyInto(target, bytes);
  else throw new GuestMemoryError("DETACHED_BUFFER", "into is shorter than it was: its buffer was resized", { length });
}

/**
 * Copies the first `length` bytes of a failed access; throws nothing, because that would hide the access's own error.
 */
export function keep(target: Uint8Array, bytes: Uint8Array, length: number): void {
  if ((lengthOf.call(target) as number) >= length) copyInto(target, bytes.subarray(0, length));
}

/** A plain Uint8Array over a part of an array, which may be of a subclass. */
export function part(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(bufferOf.call(bytes) as ArrayBuffer, (offsetOf.call(bytes) as number) + start, length);
}

/** Whether `buffer` is the array's buffer. */
export function ownedBy(bytes: Uint8Array, buffer: ArrayBuffer): boolean {
  return bufferOf.call(bytes) === buffer;
}

/**
 * Whether a non-empty array still has its bytes. The length does not tell on every engine: once optimised code has seen
 * arrays over resizable buffers, V8 11 in Node 20 gives a detached array the length that it had.
 */
export function isAttached(bytes: Uint8Array): boolean {
  return bytes[0] !== undefined;
}

/** The largest buffer, in bytes, that is kept alive only because it was used last. */
const SMALL = 1 << 20;
const resizableOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")?.get;

/** Whether a buffer is small and not shared. A shared one may have the prototype of the others. */
function isSmall(buffer: ArrayBuffer): boolean {
  const length = tryGet(bufferLengthOf, buffer);
  return length !== undefined && (length as number) <= SMALL;
}

/**
 * Remembers the caller's last array, if it can never grow: not shared, not resizable. A caller that copies again and
 * again mostly uses one array, and asking the engine for its length costs as much as half a copy of 4 KiB.
 */
export class LastArray {
  #array: Uint8Array | undefined;
  #length = 0;

  /** As `byteLengthOf`. The remembered array can only have lost its bytes since. */
  lengthOf(bytes: Uint8Array, what: string): number {
    if (this.#length > 0 && bytes === this.#array && isAttached(bytes)) return this.#length;
    const length = byteLengthOf(bytes, what);
    const buffer = bufferOf.call(bytes);
    if (length > 0 && buffer instanceof ArrayBuffer && isSmall(buffer) && !resizableOf?.call(buffer)) {
      this.#array = bytes;
      this.#length = length;
    }
    return length;
  }

  /** Whether another thread might make the array longer while it is copied; false only for the remembered array. */
  mayGrow(bytes: Uint8Array): boolean {
    return bytes !== this.#array;
  }
}
