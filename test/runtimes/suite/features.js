// Features that some engines lack, and a part of the library needs. A page is asked while it is cross-origin isolated.

/** @type {Record<string, { has: () => boolean, without: string }>} by name; `without`: the loss where it is missing */
const features = {
  "Symbol.dispose": {
    has: () => typeof Symbol.dispose === "symbol",
    without: "`using` does not end a memory, a watch or a dirty client: call its `dispose()`.",
  },
  SharedArrayBuffer: {
    has: () => typeof SharedArrayBuffer === "function",
    without:
      "A program cannot make one for a region to show. A shared `WebAssembly.Memory` has one, and a region shows it.",
  },
  "a shared WebAssembly.Memory": {
    has: () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.byteLength === 65536,
    without: "Workers cannot share a guest's memory.",
  },
  "byte streams": {
    has: hasByteStreams,
    without: "A reader of `memory.readable()` cannot bring its own array; it gets chunks of at most 64 KiB.",
  },
};

/** Whether a stream's reader may bring its own array. */
export function hasByteStreams() {
  try {
    return new ReadableStream({ type: "bytes" }).getReader({ mode: "byob" }) !== undefined;
  } catch {
    return false;
  }
}

/** @type {Record<string, string>} the loss where a feature is missing, by its name */
export const without = Object.fromEntries(Object.entries(features).map(([name, each]) => [name, each.without]));

/** The names of the features that this engine lacks. */
export const missing = () =>
  Object.entries(features)
    .filter(([, { has }]) => !has())
    .map(([name]) => name);
