// Documented errors of DmaRange.
import type { DmaRange } from "../../../ts/index.ts";
import { detached, machine, type Row, rowsOf, wrong } from "./row.ts";

type Call = (range: DmaRange, offset: number) => unknown;

/** The reads and writes of one value. */
const READS: Record<string, Call> = {
  readUint8: (range, offset) => range.readUint8(offset),
  readUint16: (range, offset) => range.readUint16(offset),
  readUint32: (range, offset) => range.readUint32(offset),
  readBigUint64: (range, offset) => range.readBigUint64(offset),
};
const WRITES: Record<string, Call> = {
  writeUint8: (range, offset) => range.writeUint8(offset, 1),
  writeUint16: (range, offset) => range.writeUint16(offset, 1),
  writeUint32: (range, offset) => range.writeUint32(offset, 1),
  writeBigUint64: (range, offset) => range.writeBigUint64(offset, 1n),
};
const SIZES = [1, 2, 4, 8];

const readable = () => machine().dma(0x100, 16, "read");
const writable = () => machine().dma(0x100, 16, "write");

const scalars = [READS, WRITES].flatMap((calls, kind) =>
  Object.entries(calls).flatMap(([name, call], index) => {
    const [right, other] = kind === 0 ? [readable, writable] : [writable, readable];
    const [what, made] = kind === 0 ? ["read", "write"] : ["write", "read"];
    return [
      ...rowsOf(right, {
        [`DmaRange.${name}`]: {
          PARTIAL_BUFFER: [
            (range) => call(range, 16),
            `dma ${what}: ${SIZES[index]} bytes at offset 16 pass the end of a range of 16 bytes`,
          ],
          RangeError: [
            (range) => call(range, -1),
            "offset must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
          ],
        },
      }),
      ...rowsOf(other, {
        [`DmaRange.${name}`]: {
          PERMISSION_DENIED: [
            (range) => call(range, 0),
            `dma ${what}: the range at 0x100 was made for "${made}" alone`,
          ],
        },
      }),
    ];
  }),
);

export const rows: Row[] = [
  ...scalars,
  ...rowsOf(readable, {
    "DmaRange.read": {
      PARTIAL_BUFFER: [
        (range) => range.read(10, new Uint8Array(8)),
        "dma read: 8 bytes at offset 10 pass the end of a range of 16 bytes",
      ],
      DETACHED_BUFFER: [
        (range) => range.read(0, detached()),
        "into has no bytes any more: its buffer was detached or resized",
      ],
    },
    "DmaRange.write": {
      PERMISSION_DENIED: [
        (range) => range.write(0, new Uint8Array(1)),
        'dma write: the range at 0x100 was made for "read" alone',
      ],
    },
  }),
  ...rowsOf(writable, {
    "DmaRange.read": {
      PERMISSION_DENIED: [
        (range) => range.read(0, new Uint8Array(1)),
        'dma read: the range at 0x100 was made for "write" alone',
      ],
    },
    "DmaRange.write": {
      PARTIAL_BUFFER: [
        (range) => range.write(10, new Uint8Array(8)),
        "dma write: 8 bytes at offset 10 pass the end of a range of 16 bytes",
      ],
      DETACHED_BUFFER: [
        (range) => range.write(0, detached()),
        "bytes has no bytes any more: its buffer was detached or resized",
      ],
    },
    "DmaRange.writeUint32": {
      TypeError: [
        [(range) => range.writeUint32(0, wrong(1n)), "Cannot convert a BigInt value to a number"],
        [(range) => range.writeUint32(0, wrong(Symbol("value"))), "Cannot convert a Symbol value to a number"],
      ],
    },
    "DmaRange.writeBigUint64": {
      TypeError: [(range) => range.writeBigUint64(0, wrong(1)), "a 64-bit value must be a bigint, not a number"],
    },
  }),
  // The map may have changed since the range was made.
  ...rowsOf(machine, {
    "DmaRange.readUint32": {
      INVALID_GUEST_ADDRESS: [
        (memory) => {
          const range = memory.dma(0x100, 16, "read");
          memory.unmap("low RAM");
          range.readUint32(0);
        },
        "dma read at 0x100, 4 bytes: no memory at guest address 0x100",
      ],
      DISPOSED: [
        (memory) => {
          const range = memory.dma(0x100, 16, "read");
          memory.dispose();
          range.readUint32(0);
        },
        "the memory was disposed",
      ],
    },
    "DmaRange.write": {
      READ_ONLY: [
        (memory) => {
          const range = memory.dma(0x100, 16, "write");
          memory.map({ kind: "rom", name: "shadow", start: 0x0, size: 0x1000, priority: 1 });
          range.write(0, new Uint8Array(4));
        },
        "dma write at 0x100, 4 bytes: the memory at guest address 0x100 is read-only",
      ],
    },
  }),
];
