// Values and errors of a build as text, to compare two builds.

/** A build's public exports. */
export type Library = typeof import("guest-memory");

const MOST_ITEMS = 40;

/** A hash of bytes: as FNV-1a, word by word. */
export function hash(bytes: Uint8Array): string {
  const padded = new Uint8Array((bytes.byteLength + 3) & ~3);
  padded.set(bytes);
  const words = new Uint32Array(padded.buffer);
  let sum = 0x811c9dc5 ^ bytes.byteLength;
  for (let index = 0; index < words.length; index++) {
    sum = Math.imul(sum ^ (words[index] as number), 0x01000193);
    sum ^= sum >>> 15;
  }
  return (sum >>> 0).toString(16);
}

/** Whether an array has the engine's own properties: others may say anything. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.constructor === Uint8Array || bytes.constructor === Buffer;
}

/**
 * An array of bytes: its length, its first ones and a hash of all. Node 20's optimised code may give the `length` that a
 * detached array had; its `byteLength` is right.
 */
export function showBytes(bytes: Uint8Array): string {
  const { byteLength } = bytes;
  if (byteLength === 0) return "[]";
  if (byteLength <= 16) return `[${bytes.join(" ")}]`;
  return `[${bytes.subarray(0, 8).join(" ")} ... ${byteLength} bytes, ${hash(bytes)}]`;
}

/** Any value. Getters of a build's own objects are asked, which is a use of them as others are. */
export function show(lib: Library, value: unknown, depth = 0): string {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value);
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : depth > 4 ? "..." : showObject(lib, value, depth + 1);
    default:
      return String(value);
  }
}

function showObject(lib: Library, value: object, depth: number): string {
  if (value instanceof Error) return showError(lib, value, depth);
  if (value instanceof Uint8Array) return isPlain(value) ? showBytes(value) : "an array of a user's class";
  if (value instanceof lib.MappedRegion) return showRegion(lib, value);
  if (value instanceof lib.GuestRegion) {
    const { start, size, lastAddress } = value;
    const frozen = Object.isFrozen(value) ? "" : ", not frozen";
    return `region(${show(lib, start)} + ${show(lib, size)}, ${show(lib, lastAddress)}${frozen})`;
  }
  if (value instanceof lib.MapEvent) {
    const { type, start, size, offset, region } = value;
    return `${type}(${show(lib, start)} + ${show(lib, size)}, "${region?.name}" from ${show(lib, offset)})`;
  }
  if (value instanceof lib.DmaRange) return `dma(${value.length})`;
  if (value instanceof lib.DirtyClient) return `client("${value.name}")`;
  if (value instanceof lib.Watch) return "watch";
  if (value instanceof lib.GuestMemory) return "memory";
  if (value instanceof Promise) return "a promise";
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return `buffer of ${value.byteLength} bytes`;
  if (value instanceof WebAssembly.Memory) return "a WebAssembly.Memory";
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => show(lib, item, depth));
    return `[${items.join(", ")}${value.length > MOST_ITEMS ? `, ... ${value.length}` : ""}]`;
  }
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${show(lib, item, depth)}`);
  return `{${entries.join(", ")}}`;
}

function showRegion(lib: Library, region: InstanceType<Library["MappedRegion"]>): string {
  const { name, kind, size, priority, target, start, enabled, isMapped } = region;
  const parts = [show(lib, start), show(lib, size), priority, enabled, isMapped, target && `of ${target.name}`];
  return `${kind} "${name}"(${parts.join(", ")})`;
}

/** An error with everything that its public type promises. */
export function showError(lib: Library, error: Error, depth = 0): string {
  const name = error.constructor === lib.GuestMemoryError ? "GuestMemoryError" : error.constructor.name;
  const fields = ["code", "address", "length", "region", "completed"].flatMap((key) => {
    const value: unknown = (error as unknown as Record<string, unknown>)[key];
    return value === undefined ? [] : [`${key} ${show(lib, value, depth)}`];
  });
  const cause = error.cause === undefined ? [] : [`cause ${show(lib, error.cause, depth)}`];
  return `${name}/${error.name}(${[...fields, ...cause].join(", ")}): ${error.message}`;
}
