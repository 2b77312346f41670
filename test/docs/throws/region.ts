// Documented errors of RegionAccess and TableAccess.
import { disposed, machine, type Row, rowsOf, top, wrong } from "./row.ts";

export const rows: Row[] = [
  ...rowsOf(machine, {
    "GuestMemory.insertRegion": {
      MEMORY_REGION_OVERLAP: [
        (memory) => memory.insertRegion(0x3000, 0x1000),
        'insertRegion at 0x3000, 4096 bytes: region "ram" (0x3000 to 0x3fff) overlaps region "RAM" (0x2000 to 0x3fff), which has the same priority',
      ],
      GUEST_ADDRESS_OVERFLOW: [
        () => top().insertRegion(2n ** 64n - 0x800n, 0x1000),
        "insertRegion at 0xfffffffffffff800, 4096 bytes: the range passes 2^64, 2048 bytes after its start",
      ],
      OUT_OF_MEMORY: [
        (memory) => memory.insertRegion(0x1_0000, 2 ** 40),
        "insertRegion at 0x10000, 1099511627776 bytes: linear memory cannot hold 1099511627776 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
      RangeError: [
        [(memory) => memory.insertRegion(0x1_0000, 0), "the region at 0x10000: size must be at least 1, not 0"],
        [
          (memory) => memory.insertRegion(2 ** 53 - 1, 0x1000),
          'the region at 0x1fffffffffffff, 4096 bytes, ends past 2^53: make the memory with { addresses: "bigint" }',
        ],
      ],
    },
    "GuestMemory.removeRegion": {
      NO_MEMORY_REGION: [
        (memory) => memory.removeRegion(0x2000, 0x1000),
        "removeRegion at 0x2000, 4096 bytes: no region of RAM has exactly this start and size",
      ],
    },
    "GuestMemory.reserve": {
      OUT_OF_MEMORY: [
        (memory) => memory.reserve(2 ** 40),
        "reserve, 1099511627776 bytes: linear memory cannot hold 1099511627776 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
    "GuestMemory.regionAt": {
      TypeError: [(memory) => memory.regionAt(wrong("0x10")), "address must be a number or a bigint, not a string"],
      RangeError: [
        [
          (memory) => memory.regionAt(-1),
          "address must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
        ],
        [(memory) => memory.regionAt(2n ** 64n), "address must be from 0n to 2^64 - 1, not 0x10000000000000000"],
      ],
    },
    "GuestMemory.hostOffset": {
      TypeError: [
        [(memory) => memory.hostOffset(0, 4, wrong("execute")), 'access must be "read" or "write", not "execute"'],
        [(memory) => memory.hostOffset(0, 4, wrong(null)), 'access must be "read" or "write", not null'],
      ],
    },
  }),
  ...rowsOf(disposed, {
    "GuestMemory.regions": { DISPOSED: [(memory) => memory.regions, "the memory was disposed"] },
    "GuestMemory.findRegion": { DISPOSED: [(memory) => memory.findRegion(0), "the memory was disposed"] },
    "GuestMemory.toRegionAddress": { DISPOSED: [(memory) => memory.toRegionAddress(0), "the memory was disposed"] },
    "GuestMemory.lastAddress": { DISPOSED: [(memory) => memory.lastAddress, "the memory was disposed"] },
    "GuestMemory.addressInRange": { DISPOSED: [(memory) => memory.addressInRange(0), "the memory was disposed"] },
    "GuestMemory.checkRange": { DISPOSED: [(memory) => memory.checkRange(0, 4), "the memory was disposed"] },
    "GuestMemory.checkedOffset": { DISPOSED: [(memory) => memory.checkedOffset(0, 4), "the memory was disposed"] },
    "GuestMemory.insertRegion": {
      DISPOSED: [(memory) => memory.insertRegion(0x1_0000, 0x1000), "the memory was disposed"],
    },
    "GuestMemory.removeRegion": {
      DISPOSED: [(memory) => memory.removeRegion(0x2000, 0x2000), "the memory was disposed"],
    },
    "GuestMemory.reserve": { DISPOSED: [(memory) => memory.reserve(0x1000), "the memory was disposed"] },
    "GuestMemory.regionAt": { DISPOSED: [(memory) => memory.regionAt(0), "the memory was disposed"] },
    "GuestMemory.hostOffset": { DISPOSED: [(memory) => memory.hostOffset(0, 4), "the memory was disposed"] },
    "GuestMemory.tables": { DISPOSED: [(memory) => memory.tables, "the memory was disposed"] },
  }),
];
