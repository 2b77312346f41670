// Documented errors of calls for ranges of bytes: ByteAccess, `dma`, `poke` and `discard`.
import { GuestMemory } from "../../../ts/index.ts";
import { detached, fillHeap, fullMemory, machine, type RangeCall, type Row, rangeRows, rowsOf, wrong } from "./row.ts";

const notMapped = ["INVALID_GUEST_ADDRESS", "PARTIAL_BUFFER", "GUEST_ADDRESS_OVERFLOW"] as const;
const readable = [...notMapped, "PERMISSION_DENIED"] as const;
const writable = [...readable, "READ_ONLY", "OUT_OF_MEMORY"] as const;
const memoryOnly = [...notMapped, "NOT_MEMORY"] as const;

const bytes = (length: number) => new Uint8Array(length);
/** An address of RAM that the other end of a copy has, in each of the machines. */
const fine = (memory: GuestMemory) => (BigInt(memory.lastAddress ?? 0) === 2n ** 64n - 1n ? 2n ** 64n - 0x1000n : 0);

/** The calls by name: their words in messages, and their errors. */
const CALLS: Record<
  string,
  [what: string, errors: readonly Parameters<typeof rangeRows>[2][number][], call: RangeCall]
> = {
  write: [
    "write",
    ["INVALID_GUEST_ADDRESS", "READ_ONLY", "PERMISSION_DENIED", "OUT_OF_MEMORY"],
    (memory, at, length) => memory.write(at, bytes(length)),
  ],
  read: [
    "read",
    ["INVALID_GUEST_ADDRESS", "PERMISSION_DENIED"],
    (memory, at, length) => memory.read(at, bytes(length)),
  ],
  writeSlice: ["writeSlice", writable, (memory, at, length) => memory.writeSlice(at, bytes(length))],
  readSlice: ["readSlice", readable, (memory, at, length) => memory.readSlice(at, bytes(length))],
  readBytes: ["readBytes", readable, (memory, at, length) => memory.readBytes(at, length)],
  view: ["view", [...memoryOnly, "CROSSES_REGIONS", "OUT_OF_MEMORY"], (memory, at, length) => memory.view(at, length)],
  views: ["views", [...memoryOnly, "OUT_OF_MEMORY"], (memory, at, length) => memory.views(at, length)],
  fill: ["fill", writable, (memory, at, length) => memory.fill(at, 1, length)],
  copyWithin: ["copy target", writable, (memory, at, length) => memory.copyWithin(at, fine(memory), length)],
  copyFrom: ["copy target", writable, (memory, at, length) => memory.copyFrom(at, memory, fine(memory), length)],
  compare: ["compare", [...readable, "NOT_MEMORY"], (memory, at, length) => memory.compare(at, fine(memory), length)],
  indexOf: ["indexOf", [...readable, "NOT_MEMORY"], (memory, at, length) => memory.indexOf(bytes(1), at, length)],
  markDirty: ["markDirty", memoryOnly, (memory, at, length) => memory.markDirty(at, length)],
  poke: ["poke", memoryOnly, (memory, at, length) => memory.poke(at, bytes(length))],
  dma: ["dma", [...readable, "READ_ONLY"], (memory, at, length) => memory.dma(at, length, "write")],
  discard: ["discard", [...memoryOnly, "READ_ONLY"], (memory, at, length) => memory.discard(at, length)],
};

/** The same errors at the other end of a copy. */
const SOURCES: typeof CALLS = {
  copyWithin: ["copy source", readable, (memory, at, length) => memory.copyWithin(fine(memory), at, length)],
  copyFrom: ["copy source", readable, (memory, at, length) => memory.copyFrom(fine(memory), memory, at, length)],
};

const ranges: Row[] = [CALLS, SOURCES].flatMap((calls) =>
  Object.entries(calls).flatMap(([name, [what, errors, call]]) =>
    rangeRows(`GuestMemory.${name}`, what, [...errors], call),
  ),
);

const past = () => GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x1000 }]);

export const rows: Row[] = [
  ...ranges,
  ...rowsOf(fullMemory, {
    "GuestMemory.poke": {
      OUT_OF_MEMORY: [
        (memory) => memory.poke(0x4000, bytes(4)),
        "write at 0x4000, 4 bytes: linear memory cannot hold 245760 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
    "GuestMemory.discard": {
      OUT_OF_MEMORY: [
        (memory) => {
          fillHeap(memory);
          memory.discard(0x1000, 0x1000); // the region becomes a list of blocks, which needs room
        },
        "discard at 0x1000, 4096 bytes: linear memory cannot hold 4096 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
  }),
  ...rowsOf(machine, {
    "GuestMemory.write": {
      DETACHED_BUFFER: [
        (memory) => memory.write(0, detached()),
        "bytes has no bytes any more: its buffer was detached or resized",
      ],
    },
    "GuestMemory.read": {
      DETACHED_BUFFER: [
        (memory) => memory.read(0, detached()),
        "into has no bytes any more: its buffer was detached or resized",
      ],
    },
    "GuestMemory.writeSlice": {
      DETACHED_BUFFER: [
        (memory) => memory.writeSlice(0, detached()),
        "bytes has no bytes any more: its buffer was detached or resized",
      ],
    },
    "GuestMemory.readSlice": {
      DETACHED_BUFFER: [
        (memory) => memory.readSlice(0, detached()),
        "into has no bytes any more: its buffer was detached or resized",
      ],
    },
    "GuestMemory.poke": {
      DETACHED_BUFFER: [
        (memory) => memory.poke(0, detached()),
        "bytes has no bytes any more: its buffer was detached or resized",
      ],
    },
    "GuestMemory.indexOf": {
      DETACHED_BUFFER: [
        (memory) => memory.indexOf(detached(), 0, 8),
        "bytes has no bytes any more: its buffer was detached or resized",
      ],
      RangeError: [
        () => past().indexOf(bytes(0), 2n ** 53n, 0),
        'indexOf at 0x20000000000000, past 2^53: make the memory with { addresses: "bigint" }',
      ],
    },
    "GuestMemory.copyFrom": {
      TypeError: [
        [(memory) => memory.copyFrom(0, wrong([1, 2]), 0, 2), "source must be a GuestMemory, not an object"],
        [(memory) => memory.copyFrom(0, wrong(undefined), 0, 2), "source must be a GuestMemory, not undefined"],
      ],
    },
    "GuestMemory.dma": {
      TypeError: [
        [(memory) => memory.dma(0, 4, wrong("readwrite")), 'access must be "read" or "write", not "readwrite"'],
        [(memory) => memory.dma(0, 4, wrong(undefined)), 'access must be "read" or "write", not undefined'],
      ],
    },
  }),
];
