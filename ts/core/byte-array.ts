// The caller's byte arrays: what they really are, whatever their properties say.

import { GuestMemoryError } from "./errors.ts";
import { describe } from "./u64.ts";

// The engine's own getters: an own property or a subclass cannot lie to them, and they work across realms.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter(Symbol.toStringTag);
const lengthOf = getter("length");
const bufferOf = getter("buffer");
const offsetOf = getter("byteOffset");
const { set } = Uint8Array.prototype;

function getter(key: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(typedArray, key)?.get as (this: unknown) => unknown;
}

/** The length of a Uint8Array (a Buffer is one), or a TypeError; an array without its bytes is an error too. */
export function byteLengthOf(bytes: Uint8Array, what: string): number {
  if (tagOf.call(bytes) !== "Uint8Array") {
    throw new TypeError(`${what} must be a Uint8Array, not ${describe(bytes)}`);
  }
  const length = lengthOf.call(bytes) as number;
  if (length === 0) expectAttached(bytes, what);
  return length;
}

/** A detached array, or one behind the end of its resized buffer, has length 0 too, but no place to put bytes. */
function expectAttached(bytes: Uint8Array, what: string): void {
  try {
    Uint8Array.prototype.at.call(bytes, 0);
  } catch {
    throw new GuestMemoryError("DETACHED_BUFFER", `${what} has no bytes any more: its buffer was detached or resized`, {
      length: 0,
    });
  }
}

/** Writes all of `bytes` to `target`, from index `offset` on. */
export function copyInto(target: Uint8Array, bytes: Uint8Array, offset = 0): void {
  set.call(target, bytes, offset);
}

/** The same at its start, for an array that was the caller's all the while and may be gone, or shorter. */
export function deliver(target: Uint8Array, bytes: Uint8Array): void {
  const length = byteLengthOf(target, "into");
  if (length >= bytes.length) copyInto(target, bytes);
  else throw new GuestMemoryError("DETACHED_BUFFER", "into is shorter than it was: its buffer was resized", { length });
}

/** The same for the first `length` bytes of an access that has failed: no error may hide the one that there is. */
export function keep(target: Uint8Array, bytes: Uint8Array, length: number): void {
  if ((lengthOf.call(target) as number) >= length) copyInto(target, bytes.subarray(0, length));
}

/** A part of an array, as a Uint8Array of that length and nothing else. */
export function part(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(bufferOf.call(bytes) as ArrayBuffer, (offsetOf.call(bytes) as number) + start, length);
}

/** Whether an array's buffer is this one. */
export function ownedBy(bytes: Uint8Array, buffer: ArrayBuffer): boolean {
  return bufferOf.call(bytes) === buffer;
}

/** A buffer up to this many bytes may be kept alive by having been the last one. */
const SMALL = 1 << 20;
const resizableOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")?.get;

/**
 * The caller's last array, if it can never be longer than it was: not shared, not resizable. Who copies again and again
 * uses the same array, and asking the engine anew costs as much as half a copy of 4 KiB.
 */
export class LastArray {
  #array: Uint8Array | undefined;
  #length = 0;

  /** As `byteLengthOf`. The array that is known can only have lost its bytes since, which its own length tells. */
  lengthOf(bytes: Uint8Array, what: string): number {
    if (bytes === this.#array && bytes.length === this.#length) return this.#length;
    const length = byteLengthOf(bytes, what);
    const buffer = bufferOf.call(bytes);
    if (length > 0 && buffer instanceof ArrayBuffer && buffer.byteLength <= SMALL && !resizableOf?.call(buffer)) {
      this.#array = bytes;
      this.#length = length;
    }
    return length;
  }

  /** Whether another thread might make the array longer while it is copied. */
  mayGrow(bytes: Uint8Array): boolean {
    return bytes !== this.#array && !(bufferOf.call(bytes) instanceof ArrayBuffer);
  }
}
