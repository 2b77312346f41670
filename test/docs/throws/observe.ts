// Documented errors of watches, traps, dirty clients, and of the listeners and handlers of a memory.
import { type GuestMemory, hexdump, type MappedRegion } from "../../../ts/index.ts";
import { disposed, fillHeap, fullMemory, machine, type Row, rangeRows, rowsOf, wrong } from "./row.ts";

const client = () => machine().dirty.client("display");
const nothing = () => {};

export const rows: Row[] = [
  ...rangeRows("GuestMemory.watch", "watch", ["GUEST_ADDRESS_OVERFLOW"], (memory, address, length) =>
    memory.watch(address, length, { read: true }, nothing),
  ),
  ...rangeRows("GuestMemory.trapWrites", "trapWrites", ["GUEST_ADDRESS_OVERFLOW"], (memory, address, length) =>
    memory.trapWrites(address, length, nothing),
  ),
  ...rowsOf(machine, {
    "GuestMemory.watch": {
      EMPTY_REGION: [
        (memory) => memory.watch(0x10, 0, { read: true }, nothing),
        "watch at 0x10, 0 bytes: the range at 0x10 is empty",
      ],
      TypeError: [
        [(memory) => memory.watch(0x10, 4, {}, nothing), "kinds must set read, write or execute to true"],
        [(memory) => memory.watch(0x10, 4, wrong("read"), nothing), "kinds must be an object, not a string"],
        [(memory) => memory.watch(0x10, 4, { read: wrong(1) }, nothing), "kinds.read must be a boolean, not a number"],
        [
          (memory) => memory.watch(0x10, 4, { read: true }, wrong(undefined)),
          "callback must be a function, not undefined",
        ],
      ],
    },
    "GuestMemory.trapWrites": {
      EMPTY_REGION: [
        (memory) => memory.trapWrites(0x10, 0, nothing),
        "trapWrites at 0x10, 0 bytes: the range at 0x10 is empty",
      ],
      NOT_MEMORY: [
        [
          (memory) => memory.trapWrites(0x3ffe, 4, nothing), // a hole
          "trapWrites at 0x3ffe, 4 bytes: neither RAM nor ROM is at guest address 0x4000",
        ],
        [
          (memory) => memory.trapWrites(0x6000, 4, nothing), // a device
          "trapWrites at 0x6000, 4 bytes: neither RAM nor ROM is at guest address 0x6000",
        ],
      ],
      TypeError: [
        [(memory) => memory.trapWrites(0x10, 4, wrong({})), "callback must be a function, not an object"],
        [(memory) => memory.trapWrites(0x10, 4, nothing, wrong(true)), "options must be an object, not a boolean"],
        [
          (memory) => memory.trapWrites(0x10, 4, nothing, { exact: wrong("yes") }),
          "exact must be a boolean, not a string",
        ],
      ],
    },
    "GuestMemory.peek": {
      RangeError: [
        [(memory) => memory.peek(0, 2 ** 52), "peek: no array can have 4503599627370496 bytes"],
        [
          (memory) => memory.peek(0, -1),
          "length must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
        ],
      ],
    },
    hexdump: {
      RangeError: [
        (memory) => hexdump(memory, 0, 1.5),
        "length must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not 1.5",
      ],
    },
    "GuestMemory.onHostWrite": {
      TypeError: [
        (memory) => set(memory, "onHostWrite", {}),
        "onHostWrite must be a function or undefined, not an object",
      ],
    },
    "GuestMemory.onDenied": {
      TypeError: [
        [(memory) => set(memory, "onDenied", nothing), "onDenied must be an object or undefined, not a function"],
        [(memory) => set(memory, "onDenied", { write: 7 }), "onDenied.write must be a function, not a number"],
      ],
    },
    "GuestMemory.onUnmapped": {
      TypeError: [
        [(memory) => set(memory, "onUnmapped", null), "onUnmapped must be an object or undefined, not null"],
        [(memory) => set(memory, "onUnmapped", { read: 0xff }), "onUnmapped.read must be a function, not a number"],
      ],
    },
    "DirtyLog.client": {
      TOO_MANY_CLIENTS: [
        (memory) => Array.from({ length: 8 }, (_, index) => memory.dirty.client(`client ${index}`)),
        'dirty.client("client 7"): all seven dirty clients are in use',
      ],
      TypeError: [(memory) => memory.dirty.client(wrong(undefined)), "name must be a string, not undefined"],
    },
    "DirtyClient.collect": {
      NOT_MEMORY: [
        [
          (memory) => memory.dirty.client("display").collect(memory.region("UART") as MappedRegion),
          'collect: region "UART" is of kind mmio, which has no pages',
        ],
        [
          (memory) =>
            memory.dirty
              .client("display")
              .collect(memory.map({ kind: "alias", name: "mirror", start: 0x1_0000, of: "RAM" })),
          'collect: region "mirror" is an alias: collect its target, "RAM"',
        ],
        [
          (memory) => memory.dirty.client("display").collect(memory.region("RAM") as MappedRegion, 0x1000, 0x1001),
          'collect: region "RAM" has 8192 bytes, and byte 8192 is asked for',
        ],
      ],
      DISPOSED: [
        (memory) => {
          const client = memory.dirty.client("display");
          memory.dispose();
          client.collect();
        },
        "the memory was disposed",
      ],
    },
  }),
  ...rowsOf(client, {
    "DirtyClient.collect": {
      GUEST_ADDRESS_OVERFLOW: [
        (client) => client.collect(2n ** 64n - 4n, 8),
        "collect at 0xfffffffffffffffc, 8 bytes: the range passes 2^64",
      ],
      NO_MEMORY_REGION: [
        (client) => client.collect(machine().region("RAM") as MappedRegion),
        'collect: region "RAM" is not in this machine',
      ],
      TypeError: [
        [(client) => client.collect(0x1000), "length must be a number or a bigint, not undefined"],
        [(client) => client.collect(wrong(undefined), 0x1000), "address must be a number or a bigint, not undefined"],
      ],
      DISPOSED: [
        (client) => {
          client.dispose();
          client.collect();
        },
        'the dirty client "display" was disposed',
      ],
    },
    "DirtyClient.take": {
      NO_MEMORY_REGION: [
        (client) => client.take(machine().region("RAM") as MappedRegion),
        'collect: region "RAM" is not in this machine',
      ],
    },
  }),
  ...rowsOf(disposed, {
    "GuestMemory.peek": { DISPOSED: [(memory) => memory.peek(0, 4), "the memory was disposed"] },
    hexdump: { DISPOSED: [(memory) => hexdump(memory, 0, 4), "the memory was disposed"] },
    "DirtyLog.client": { DISPOSED: [(memory) => memory.dirty.client("display"), "the memory was disposed"] },
  }),
  // Only a full heap has no room for one more.
  ...rowsOf(fullMemory, {
    "GuestMemory.watch": {
      OUT_OF_MEMORY: [
        (memory) => {
          fillHeap(memory);
          memory.watch(0x10, 1, { write: true }, nothing);
        },
        "watch at 0x10, 1 bytes: linear memory cannot hold 32 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
    "GuestMemory.trapWrites": {
      OUT_OF_MEMORY: [
        (memory) => {
          fillHeap(memory);
          for (;;) memory.trapWrites(0x10, 1, nothing, { exact: true });
        },
        "trapWrites at 0x10, 1 bytes: linear memory cannot hold 1 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
      ],
    },
  }),
];

function set(memory: GuestMemory, name: "onHostWrite" | "onDenied" | "onUnmapped", value: unknown): void {
  memory[name] = wrong(value);
}
