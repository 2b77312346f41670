// The caller's byte arrays: what they really are, whatever their properties say.

import { GuestMemoryError } from "./errors.ts";
import { describe } from "./wide.ts";

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
/** The last array that was found to keep its length, if its buffer is small: asking costs a fifth of a 4 KiB copy. */
let lastFixed: Uint8Array | undefined;

/** Whether another thread might make the array longer while it is copied. */
export function isGrowable(bytes: Uint8Array): boolean {
  if (bytes === lastFixed) return false;
  const buffer = bufferOf.call(bytes);
  if (!(buffer instanceof ArrayBuffer)) return true;
  if (buffer.byteLength <= SMALL) lastFixed = bytes;
  return false;
}
