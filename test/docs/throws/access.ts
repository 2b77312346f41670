// Documented errors of scalars and atomics, and of accesses that devices and handlers serve.
import { type Device, GuestMemory } from "../../../ts/index.ts";
import { machine, type RangeCall, type Row, rangeRows, rowsOf, wrong } from "./row.ts";

const mapped = ["INVALID_GUEST_ADDRESS", "PARTIAL_BUFFER", "GUEST_ADDRESS_OVERFLOW", "PERMISSION_DENIED"] as const;

/** A call of 4 or 8 bytes, as the range says. */
const by =
  (four: RangeCall, eight: RangeCall): RangeCall =>
  (memory, address, length) =>
    (length === 8 ? eight : four)(memory, address, length);

const read = by(
  (memory, address) => memory.readUint32(address),
  (memory, address) => memory.readBigUint64(address),
);
const write = by(
  (memory, address) => memory.writeUint32(address, 1),
  (memory, address) => memory.writeBigUint64(address, 1n),
);
const load = by(
  (memory, address) => memory.load32(address),
  (memory, address) => memory.load64(address),
);
const store = by(
  (memory, address) => memory.store32(address, 1),
  (memory, address) => memory.store64(address, 1n),
);

/** A device of 16 bytes at 0x1000. */
const withDevice = (device: Device) =>
  GuestMemory.createSync([{ kind: "mmio", name: "timer", start: 0x1000, size: 16, device }]);
const fails = () => {
  throw new Error("not ready");
};

export const rows: Row[] = [
  ...rangeRows("ScalarAccess", "read", [...mapped], read),
  ...rangeRows("ScalarAccess", "write", [...mapped, "READ_ONLY", "OUT_OF_MEMORY"], write),
  ...rangeRows(
    "ScalarAccess",
    "fetch",
    ["INVALID_GUEST_ADDRESS", "PARTIAL_BUFFER", "PERMISSION_DENIED"],
    (memory, address) => memory.fetchUint32(address),
  ),
  ...rangeRows("AtomicAccess", "atomic access", [...mapped, "NOT_MEMORY"], load),
  ...rangeRows("AtomicAccess", "atomic access", [...mapped, "NOT_MEMORY", "READ_ONLY", "OUT_OF_MEMORY"], store),
  ...rowsOf(machine, {
    ScalarAccess: {
      RangeError: [
        [
          (memory) => memory.readUint8(-1),
          "address must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
        ],
        [
          (memory) => memory.readUint8(1.5),
          "address must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not 1.5",
        ],
        [
          (memory) => memory.readUint8(2 ** 53),
          "address must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not 9007199254740992",
        ],
        [(memory) => memory.readUint8(2n ** 64n), "address must be from 0n to 2^64 - 1, not 0x10000000000000000"],
      ],
      TypeError: [
        [(memory) => memory.readUint8(wrong("0x10")), "address must be a number or a bigint, not a string"],
        [(memory) => memory.readUint8(wrong(undefined)), "address must be a number or a bigint, not undefined"],
        [(memory) => memory.writeBigUint64(0, wrong(1)), "a 64-bit value must be a bigint, not a number"],
        [(memory) => memory.writeUint32(0, wrong(1n)), "Cannot convert a BigInt value to a number"],
      ],
    },
    AtomicAccess: {
      MISALIGNED: [
        [(memory) => memory.add32(0x12, 1), "atomic access at 0x12: not at a multiple of 4 bytes"],
        [
          (memory) => {
            const region = memory.region("RAM");
            region?.move(0x1_0001);
            memory.add32(0x1_0004, 1);
          },
          "atomic access at 0x10004: its bytes are not at a multiple of 4 bytes",
        ],
      ],
      CROSSES_REGIONS: [
        () =>
          GuestMemory.fromRangesSync([
            [0x0, 0x1002],
            [0x1002, 0x1000],
          ]).load32(0x1000),
        "atomic access at 0x1000, 4 bytes: the range crosses into another region at guest address 0x1002",
      ],
      INVALID_EXTERNAL: [
        (memory) => {
          const source = new ArrayBuffer(0x1000);
          memory.map({ kind: "external", name: "video", start: 0x1_0000, source });
          structuredClone(source, { transfer: [source] });
          memory.load32(0x1_0000);
        },
        'the external memory of "video", accessed at 0x10000, 4 bytes: it was detached',
      ],
    },
    OnUnmapped: {
      HANDLER_FAILED: [
        (memory) => {
          memory.onUnmapped = { read: (address) => (address === 0x9008 ? fails() : 0) };
          memory.readBytes(0x9000, 16);
        },
        "onUnmapped.read failed at 0x9008, 8 bytes into the access at 0x9000, 16 bytes",
      ],
      TypeError: [
        (memory) => {
          memory.onUnmapped = { read: wrong(() => "0xff") };
          memory.readUint8(0x9000);
        },
        "onUnmapped.read must give a number, a bigint or undefined, not a string",
      ],
    },
  }),
  ...rowsOf(() => undefined, {
    Device: {
      INVALID_HANDLER: [
        [
          () => withDevice({ write8: () => {} }).readUint8(0x1000),
          'the device of "timer": a read of 1 bytes at offset 0x0: it has no handler for that',
        ],
        [
          () => withDevice({ read32: () => 0 }).readUint8(0x1001),
          'the device of "timer": a read of 1 bytes at offset 0x1: its narrowest takes 4 bytes, and it states no `narrower`',
        ],
        [
          () => withDevice({ read8: () => 0 }).writeUint8(0x1000, 1),
          'the device of "timer": a write of 1 bytes at offset 0x0: it has no handler for that',
        ],
        [
          () => withDevice({ read8: wrong(() => "7") }).readUint8(0x1000),
          'the device of "timer": a read of 1 bytes gives a number, not a string',
        ],
        [
          () => withDevice({ read8: wrong(() => Promise.resolve(7)) }).readUint8(0x1000),
          'the device of "timer": a read of 1 bytes gives a number, not an object',
        ],
        [
          () => withDevice({ read64: () => 1.5 }).readBigUint64(0x1000),
          'the device of "timer": a read of 8 bytes gives a bigint, not a number',
        ],
      ],
      HANDLER_FAILED: [
        () => withDevice({ read8: (offset) => (offset === 2 ? fails() : 0) }).readUint32(0x1000),
        'the device of "timer" failed at offset 0x2, 2 bytes into the access at 0x1000, 4 bytes',
      ],
    },
  }),
];
