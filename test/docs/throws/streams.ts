// Documented errors of streams: loadFrom, readable and writable.
import { detached, fullMemory, machine, type Row, rangeRows, rowsOf, wrong } from "./row.ts";

const notMapped = ["INVALID_GUEST_ADDRESS", "PARTIAL_BUFFER", "GUEST_ADDRESS_OVERFLOW"] as const;

/** A load has the error of `poke`, behind the words that say how far it came. */
const loads: Row[] = rangeRows("GuestMemory.loadFrom", "poke", [...notMapped, "NOT_MEMORY"], (memory, at, length) =>
  memory.loadFrom(at, new Uint8Array(length)),
).map((row) => {
  const [, start = "0x0"] = /^poke at (\w+)/.exec(row.message) ?? [];
  return { ...row, message: `loadFrom at ${start}, after 0 bytes: ${row.message}` };
});

const kinds = "source must be a Response, a ReadableStream, a Blob, a Uint8Array or an iterable of Uint8Arrays";

export const rows: Row[] = [
  ...loads,
  ...rangeRows("GuestMemory.readable", "readable", [...notMapped, "PERMISSION_DENIED"], (memory, at, length) =>
    memory.readable(at, length),
  ),
  ...rangeRows("GuestMemory.writable", "writable", [...notMapped, "NOT_MEMORY"], (memory, at, length) =>
    memory.writable(at, length),
  ),
  ...rowsOf(fullMemory, {
    "GuestMemory.loadFrom": {
      OUT_OF_MEMORY: [
        (memory) => memory.loadFrom(0x4000, new Uint8Array(4)),
        "loadFrom at 0x4000, after 0 bytes: write at 0x4000, 4 bytes: linear memory cannot hold 245760 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
  }),
  ...rowsOf(machine, {
    "GuestMemory.loadFrom": {
      SOURCE_FAILED: [
        [
          (memory) => memory.loadFrom(0x10, failing()),
          "loadFrom at 0x10, after 2 bytes: the source failed: the disk is gone",
        ],
        [
          (memory) => memory.loadFrom(0x10, new Response("no such file", { status: 404 })),
          "loadFrom at 0x10, after 0 bytes: the response has status 404",
        ],
        [
          async (memory) => {
            const response = new Response("image");
            await response.text();
            await memory.loadFrom(0x10, response);
          },
          "loadFrom at 0x10, after 0 bytes: the body of the response was read before",
        ],
      ],
      PARTIAL_BUFFER: [
        (memory) => memory.loadFrom(0x3ffe, [Uint8Array.of(1, 2), Uint8Array.of(3)]),
        "loadFrom at 0x3ffe, after 2 bytes: poke at 0x4000, 1 bytes: no memory at guest address 0x4000",
      ],
      DETACHED_BUFFER: [
        [
          (memory) => memory.loadFrom(0, detached()),
          "source has no bytes any more: its buffer was detached or resized",
        ],
        [
          (memory) => memory.loadFrom(0, [detached()]),
          "loadFrom at 0x0, after 0 bytes: chunk has no bytes any more: its buffer was detached or resized",
        ],
      ],
      TypeError: [
        [(memory) => memory.loadFrom(0, wrong("image.bin")), `${kinds}, not a string`],
        [(memory) => memory.loadFrom(0, wrong(Promise.resolve())), `${kinds}, not [object Promise]`],
        [(memory) => memory.loadFrom(0, wrong(new ArrayBuffer(4))), `${kinds}, not a buffer: new Uint8Array(source)`],
        [(memory) => memory.loadFrom(0, wrong(["text"])), "chunk must be a Uint8Array, not a string"],
        [
          (memory) => memory.loadFrom(0, wrong([new ArrayBuffer(4)])),
          "chunk must be a Uint8Array, not a buffer: new Uint8Array(chunk)",
        ],
        [(memory) => memory.loadFrom(0, [], wrong("fast")), "options must be an object, not a string"],
        [(memory) => memory.loadFrom(0, [], { onProgress: wrong({}) }), "onProgress must be a function, not an object"],
        [(memory) => memory.loadFrom(0, [], { signal: wrong(5) }), "signal must be an AbortSignal, not a number"],
      ],
    },
  }),
];

async function* failing() {
  yield Uint8Array.of(1, 2);
  throw new Error("the disk is gone");
}
