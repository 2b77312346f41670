// Documented errors of MappedRegion's calls for its bytes, and of an alias that is made to show others.
import type { GuestMemory, MappedRegion } from "../../../ts/index.ts";
import { detached, fullMemory, gone, machine, type Row, rowsOf, wrong } from "./row.ts";

const region = (name: string) => (memory: GuestMemory) => memory.region(name) as MappedRegion;
const [ram, uart] = [region("RAM"), region("UART")];
const alias = (memory: GuestMemory) =>
  memory.map({ kind: "alias", name: "window", start: 0x1_0000, of: "RAM", size: 0x1000 });
const bytes = new Uint8Array(4);
/** An alias of a memory that was disposed. */
function aliasOfDisposed(): MappedRegion {
  const memory = machine();
  const window = alias(memory);
  memory.dispose();
  return window;
}

export const rows: Row[] = [
  ...rowsOf(machine, {
    "MappedRegion.offset": {
      INVALID_ALIAS: [
        (memory) => Object.assign(alias(memory), { offset: 0x1800 }),
        'offset of "window": the alias would show itself, or more than its target has from byte 0x1800 on',
      ],
      TypeError: [
        (memory) => Object.assign(ram(memory), { offset: 0 }),
        'offset: the region "RAM" is of kind ram, not an alias',
      ],
    },
    "MappedRegion.show": {
      NO_MEMORY_REGION: [
        [(memory) => alias(memory).show("VRAM"), 'show: no region in the map has the name "VRAM"'],
        [(memory) => alias(memory).show(gone(memory)), 'show: region "ROM" is not in this machine'],
      ],
      INVALID_ALIAS: [
        [
          (memory) => alias(memory).show("RAM", 0x1800),
          'show: "window" of "RAM": the alias would show itself, or more than its target has from byte 0x1800 on',
        ],
        [
          (memory) => alias(memory).show("window"),
          'show: "window" of "window": the alias would show itself, or more than its target has from byte 0x0 on',
        ],
      ],
      TypeError: [
        [(memory) => ram(memory).show("ROM"), 'show: the region "RAM" is of kind ram, not an alias'],
        [
          (memory) => alias(memory).show(wrong({})),
          "show: an object is not a region, as map() and region(name) give it",
        ],
        [(memory) => alias(memory).show("RAM", wrong("0")), "offset must be a number or a bigint, not a string"],
      ],
      RangeError: [
        (memory) => alias(memory).show("RAM", -1),
        "offset must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
      ],
    },
    "MappedRegion.read": {
      RangeError: [
        (memory) => ram(memory).read(0x1ffe, bytes),
        'read of 4 bytes from byte 8190 on: the region "RAM" has 8192 bytes',
      ],
      NOT_MEMORY: [(memory) => uart(memory).read(0, bytes), 'read: the region "UART" of kind mmio has no bytes there'],
      NO_MEMORY_REGION: [(memory) => gone(memory).read(0, bytes), 'read: the region "ROM" is in no map of its machine'],
      DETACHED_BUFFER: [
        (memory) => ram(memory).read(0, detached()),
        "into has no bytes any more: its buffer was detached or resized",
      ],
      TypeError: [
        (memory) => ram(memory).read(0, wrong([1])),
        "into must be a Uint8Array, not an array: Uint8Array.from(into)",
      ],
    },
    "MappedRegion.write": {
      RangeError: [
        (memory) => ram(memory).write(0x1ffe, bytes),
        'write of 4 bytes from byte 8190 on: the region "RAM" has 8192 bytes',
      ],
    },
    "MappedRegion.fill": {
      TypeError: [(memory) => ram(memory).fill(0, wrong("0"), 4), "byte must be a number, not a string"],
    },
    "MappedRegion.view": {
      RangeError: [
        (memory) => ram(memory).view(0x1ffe, 4),
        'view of 4 bytes from byte 8190 on: the region "RAM" has 8192 bytes',
      ],
    },
  }),
  ...rowsOf(aliasOfDisposed, {
    "MappedRegion.show": { DISPOSED: [(window) => window.show("RAM"), "the memory was disposed"] },
    "MappedRegion.read": { DISPOSED: [(window) => window.read(0, bytes), "the memory was disposed"] },
  }),
  ...rowsOf(fullMemory, {
    "MappedRegion.write": {
      OUT_OF_MEMORY: [
        (memory) => memory.mapped[0]?.write(0x4000, bytes),
        "write at 0x4000, 4 bytes: linear memory cannot hold 245760 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
    "MappedRegion.view": {
      CROSSES_REGIONS: [
        (memory) => memory.mapped[0]?.view(0x3ffe, 4),
        "view at 0x3ffe, 4 bytes: the range crosses into another region at guest address 0x4000",
      ],
    },
  }),
];
