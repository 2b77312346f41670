// Documented errors of MappedRegion.
import type { MappedRegion } from "../../../ts/index.ts";
import { gone, machine, type Row, rowsOf, top } from "./row.ts";

export const rows: Row[] = [
  ...rowsOf(machine, {
    "MappedRegion.move": {
      NO_MEMORY_REGION: [(memory) => gone(memory).move(0), 'move: region "ROM" is not in the map'],
      GUEST_ADDRESS_OVERFLOW: [
        () =>
          top()
            .region("top")
            ?.move(2n ** 64n - 0x800n),
        "move at 0xfffffffffffff800, 4096 bytes: the range passes 2^64, 2048 bytes after its start",
      ],
      MEMORY_REGION_OVERLAP: [
        (memory) => memory.region("ROM")?.move(0x3000),
        'move: region "ROM" (0x3000 to 0x3fff) overlaps region "RAM" (0x2000 to 0x3fff), which has the same priority',
      ],
      RangeError: [
        [
          (memory) => memory.region("ROM")?.move(2 ** 53 - 0x800),
          'the region at 0x1ffffffffff800, 4096 bytes, ends past 2^53: make the memory with { addresses: "bigint" }',
        ],
        [
          (memory) => memory.region("ROM")?.move(1.5),
          "to must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not 1.5",
        ],
      ],
    },
    "MappedRegion.enable": {
      NO_MEMORY_REGION: [(memory) => gone(memory).enable(), 'enable: region "ROM" is not in the map'],
      MEMORY_REGION_OVERLAP: [
        (memory) => memory.map({ kind: "ram", name: "new", start: 0x3000, size: 0x1000, enabled: false }).enable(),
        'enable: region "new" (0x3000 to 0x3fff) overlaps region "RAM" (0x2000 to 0x3fff), which has the same priority',
      ],
    },
    "MappedRegion.disable": {
      NO_MEMORY_REGION: [(memory) => gone(memory).disable(), 'disable: region "ROM" is not in the map'],
    },
  }),
  ...rowsOf(regionOfDisposed, {
    "MappedRegion.move": { DISPOSED: [(region) => region.move(0), "the memory was disposed"] },
    "MappedRegion.enable": { DISPOSED: [(region) => region.enable(), "the memory was disposed"] },
    "MappedRegion.disable": { DISPOSED: [(region) => region.disable(), "the memory was disposed"] },
  }),
];

function regionOfDisposed(): MappedRegion {
  const memory = machine();
  const region = memory.region("ROM") as MappedRegion;
  memory.dispose();
  return region;
}
