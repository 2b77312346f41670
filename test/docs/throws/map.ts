// Documented errors of the map: MapAccess.
import type { MappedRegion } from "../../../ts/index.ts";
import { disposed, gone, machine, type Row, rowsOf, top, wrong } from "./row.ts";

const ram = { kind: "ram", name: "new", start: 0x1_0000, size: 0x1000 } as const;
const device = { read8: () => 0 };
/** A region of another machine. */
const foreign = () => machine().region("RAM") as MappedRegion;

export const rows: Row[] = [
  ...rowsOf(machine, {
    "GuestMemory.map": {
      MEMORY_REGION_OVERLAP: [
        (memory) => memory.map({ ...ram, start: 0x3000 }),
        'map: region "new" (0x3000 to 0x3fff) overlaps region "RAM" (0x2000 to 0x3fff), which has the same priority',
      ],
      GUEST_ADDRESS_OVERFLOW: [
        () => top().map({ ...ram, start: 2n ** 64n - 0x800n }),
        "map at 0xfffffffffffff800, 4096 bytes: the range passes 2^64, 2048 bytes after its start",
      ],
      OUT_OF_MEMORY: [
        (memory) => memory.map({ ...ram, size: 2 ** 40 }),
        "map at 0x10000, 1099511627776 bytes: linear memory cannot hold 1099511627776 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
      INVALID_ALIAS: [
        [
          (memory) => memory.map({ kind: "alias", name: "window", start: 0x1_0000, of: "RAM", size: 0x2001 }),
          "map at 0x10000, 8193 bytes: the alias would show itself, or more than its target has from byte 0x0 on",
        ],
        [
          (memory) => memory.map({ kind: "alias", name: "window", start: 0x1_0000, of: "RAM", offset: 0x2000 }),
          'region "window": offset is 8192, and region "RAM" has 8192 bytes',
        ],
      ],
      INVALID_HANDLER: [
        [
          (memory) => memory.map({ ...ram, kind: "mmio", device: wrong(undefined) }),
          'the device of "new": it must be an object, not undefined',
        ],
        [
          (memory) => memory.map({ ...ram, kind: "mmio", device: { read32: wrong(7) } }),
          'the device of "new": read32 must be a function, not a number',
        ],
        [
          (memory) => memory.map({ ...ram, kind: "mmio", device: { ...device, narrower: wrong("cut") } }),
          'the device of "new": narrower must be "split", "replicate" or "read-modify-write", not "cut"',
        ],
      ],
      INVALID_EXTERNAL: [
        [
          (memory) => memory.map({ ...ram, kind: "external", source: wrong(new Uint8Array(8)) }),
          'the external memory of "new": it is an object, not a buffer: give its buffer, and its byteOffset as offset',
        ],
        [
          (memory) => memory.map({ ...ram, kind: "external", source: new ArrayBuffer(8) }),
          'the external memory of "new": it has 8 bytes, and the region 4096 bytes from byte 0 on',
        ],
        [
          (memory) => memory.map({ ...ram, kind: "external", source: new ArrayBuffer(8), offset: 8 }),
          'the external memory of "new": it has 8 bytes, and the region begins at byte 8',
        ],
        [
          (memory) => memory.map({ ...ram, kind: "external", source: () => wrong(undefined) }),
          'the external memory of "new": its function gave undefined, not a buffer',
        ],
      ],
      NO_MEMORY_REGION: [
        [
          (memory) => memory.map({ kind: "alias", start: 0x1_0000, of: "VRAM" }),
          'region "alias": of: no region in the map has the name "VRAM"',
        ],
        [
          (memory) => memory.map({ kind: "alias", start: 0x1_0000, of: foreign() }),
          'region "alias": of: region "RAM" is not in this machine',
        ],
      ],
      RangeError: [
        [(memory) => memory.map({ ...ram, size: 0 }), 'region "new": size must be at least 1, not 0'],
        [
          (memory) => memory.map({ ...ram, size: 0.5 }),
          'region "new": size must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not 0.5',
        ],
        [
          (memory) => memory.map({ ...ram, start: -1 }),
          'region "new": start must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1',
        ],
        [
          (memory) => memory.map({ ...ram, start: 2 ** 53 - 1 }),
          'the region at 0x1fffffffffffff, 4096 bytes, ends past 2^53: make the memory with { addresses: "bigint" }',
        ],
        [
          (memory) => memory.map({ ...ram, priority: 2 ** 31 }),
          'region "new": priority must be a 32-bit integer, not 2147483648',
        ],
        [
          (memory) => memory.map({ ...ram, contents: new Uint8Array(0x1001) }),
          'region "new": contents has 4097 bytes, more than size, 4096',
        ],
        [
          () => top().map({ ...ram, kind: "mmio", size: 2n ** 60n, device }),
          'region "new": with a device, size must be below 2^53, not 1152921504606846976',
        ],
      ],
      TypeError: [
        [(memory) => memory.map(wrong(null)), "a region must be an object, not null"],
        [
          (memory) => memory.map({ ...ram, kind: wrong("disk") }),
          'region "new": kind must be "ram", "rom", "romDevice", "mmio", "alias", "reserved" or "external", not "disk"',
        ],
        [(memory) => memory.map({ ...ram, name: wrong(7) }), 'region "7": name must be a string, not a number'],
        [
          (memory) => memory.map({ ...ram, start: wrong("0x1000") }),
          'region "new": start must be a number or a bigint, not a string',
        ],
        [
          (memory) => memory.map({ ...ram, size: wrong(undefined) }),
          'region "new": size must be a number or a bigint, not undefined',
        ],
        [
          (memory) => memory.map({ ...ram, priority: wrong("1") }),
          'region "new": priority must be a number, not a string',
        ],
        [
          (memory) => memory.map({ ...ram, enabled: wrong(1) }),
          'region "new": enabled must be a boolean, not a number',
        ],
        [
          (memory) => memory.map({ ...ram, contents: wrong([1, 2]) }),
          "contents must be a Uint8Array, not an array: Uint8Array.from(contents)",
        ],
        [
          (memory) => memory.map(wrong({ ...ram, kind: "reserved", contents: new Uint8Array(1) })),
          'region "new": kind reserved takes no contents',
        ],
        [
          (memory) => memory.map({ kind: "alias", start: 0x1_0000, of: wrong({}) }),
          'region "alias": of: an object is not a region, as map() and region(name) give it',
        ],
      ],
    },
    "GuestMemory.unmap": {
      NO_MEMORY_REGION: [
        [(memory) => memory.unmap("VRAM"), 'unmap: no region in the map has the name "VRAM"'],
        [(memory) => memory.unmap(foreign()), 'unmap: region "RAM" is not in this machine'],
        [(memory) => memory.unmap(gone(memory)), 'unmap: region "ROM" is not in this machine'],
      ],
      TypeError: [
        (memory) => memory.unmap(wrong({})),
        "unmap: an object is not a region, as map() and region(name) give it",
      ],
    },
    "GuestMemory.transaction": {
      MEMORY_REGION_OVERLAP: [
        (memory) => memory.transaction(() => memory.region("RAM")?.move(0x1000)),
        "transaction: the region at 0x1000 overlaps another",
      ],
      TypeError: [
        [
          (memory) => memory.transaction(async () => {}),
          "change must not return a promise: a transaction does not wait",
        ],
        [(memory) => memory.transaction(wrong(undefined)), "change must be a function, not undefined"],
      ],
    },
    "GuestMemory.protect": {
      MISALIGNED: [
        [
          (memory) => memory.protect(0x800, 0x1000, "r--"),
          "protect at 0x800, 4096 bytes: guest address 0x800 or the length is not a multiple of 4096",
        ],
        [
          (memory) => memory.protect(0x1000, 0x800, "r--"),
          "protect at 0x1000, 2048 bytes: guest address 0x1000 or the length is not a multiple of 4096",
        ],
      ],
      INVALID_GUEST_ADDRESS: [
        (memory) => memory.protect(0x9000, 0x1000, "r--"),
        "protect at 0x9000, 4096 bytes: no memory at guest address 0x9000",
      ],
      PARTIAL_BUFFER: [
        (memory) => memory.protect(0x3000, 0x2000, "r--"),
        "protect at 0x3000, 8192 bytes: no memory at guest address 0x4000, 4096 bytes into the range",
      ],
      GUEST_ADDRESS_OVERFLOW: [
        () => top().protect(2n ** 64n - 0x1000n, 0x2000, "r--"),
        "protect at 0xfffffffffffff000, 8192 bytes: the range passes 2^64, 4096 bytes after its start",
      ],
      TypeError: [
        [(memory) => memory.protect(0, 0x1000, wrong("rx")), 'permissions must be like "rwx" or "r--", not rx'],
        [
          (memory) => memory.protect(0, 0x1000, wrong(undefined)),
          'permissions must be like "rwx" or "r--", not undefined',
        ],
      ],
    },
    "GuestMemory.tree": {
      TypeError: [(memory) => memory.tree({ flat: wrong("yes") }), "flat must be a boolean, not a string"],
    },
  }),
  ...rowsOf(disposed, {
    "GuestMemory.map": { DISPOSED: [(memory) => memory.map(ram), "the memory was disposed"] },
    "GuestMemory.unmap": { DISPOSED: [(memory) => memory.unmap("RAM"), "the memory was disposed"] },
    "GuestMemory.mapped": { DISPOSED: [(memory) => memory.mapped, "the memory was disposed"] },
    "GuestMemory.region": { DISPOSED: [(memory) => memory.region("RAM"), "the memory was disposed"] },
    "GuestMemory.transaction": { DISPOSED: [(memory) => memory.transaction(() => {}), "the memory was disposed"] },
    "GuestMemory.protect": { DISPOSED: [(memory) => memory.protect(0, 0x1000, "r--"), "the memory was disposed"] },
    "GuestMemory.tree": { DISPOSED: [(memory) => memory.tree(), "the memory was disposed"] },
    "GuestMemory.toJSON": { DISPOSED: [(memory) => memory.toJSON(), "the memory was disposed"] },
  }),
];
