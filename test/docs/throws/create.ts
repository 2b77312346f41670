// Documented errors of creation and of `init`.
import { vi } from "vitest";
import { ABI } from "../../../ts/core/abi.ts";
import { type Glue, GuestMemory, type GuestRange, init, type RegionSpec } from "../../../ts/index.ts";
import { disposed, machine, type Row, rowsOf, wrong } from "./row.ts";

const nothing = () => undefined;
/** The library before `init`. */
async function fresh() {
  vi.resetModules();
  return import("../../../ts/index.ts");
}

/** Reasons that `fromRanges` and `fromRangesSync` share. */
const ranges = (make: (ranges: readonly GuestRange[], options?: { addresses: "bigint" }) => unknown) =>
  ({
    NO_MEMORY_REGION: [
      () => make([]),
      "fromRanges: the list has no range; GuestMemory.create([]) makes a memory without regions",
    ],
    UNSORTED_MEMORY_REGIONS: [
      () =>
        make([
          [0x2000, 0x1000],
          [0x0, 0x1000],
        ]),
      "fromRanges at 0x2000, 8192 bytes: the region at 0x0 comes after a region with a higher start",
    ],
    MEMORY_REGION_OVERLAP: [
      () =>
        make([
          [0x0, 0x1000],
          [0x800, 0x1000],
        ]),
      "fromRanges at 0x0, 8192 bytes: the region at 0x800 overlaps another",
    ],
    GUEST_ADDRESS_OVERFLOW: [
      () => make([[2n ** 64n - 0x800n, 0x1000]], { addresses: "bigint" }),
      "fromRanges at 0xfffffffffffff800, 4096 bytes: the range passes 2^64, 2048 bytes after its start",
    ],
    OUT_OF_MEMORY: [
      () => make([[0x0, 2 ** 40]]),
      "fromRanges at 0x0, 1099511627776 bytes: linear memory cannot hold 1099511627776 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
    ],
    RangeError: [
      [() => make([[0x1000, 0]]), "the region at 0x1000: size must be at least 1, not 0"],
      [
        () => make([[2 ** 53 - 1, 0x1000]]),
        'the region at 0x1fffffffffffff, 4096 bytes, ends past 2^53: make the memory with { addresses: "bigint" }',
      ],
      [() => make([[-1, 0x1000]]), "start must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1"],
    ],
    TypeError: [
      [() => make(wrong(0x1000)), "ranges must be a list of [start, size], not a number"],
      [() => make([wrong(0x1000)]), "a range must be [start, size], not a number"],
      [() => make([["0x0", 0x1000] as never]), "start must be a number or a bigint, not a string"],
      [() => make([[0, 0x1000]], wrong({ addresses: "hex" })), 'addresses must be "number" or "bigint", not "hex"'],
      [() => make([[0, 0x1000]], wrong(7)), "options must be an object, not a number"],
      [() => make([[0, 0x1000]], wrong({ reserve: "1" })), "reserve must be a number or a bigint, not a string"],
    ],
  }) as const;

const circle: RegionSpec[] = [
  { kind: "alias", name: "a", start: 0x0, of: "b" },
  { kind: "alias", name: "b", start: 0x1000, of: "a" },
];
const noMap: Glue = { default: async () => ({ memory: new WebAssembly.Memory({ initial: 1 }) }) };
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0); // the smallest module there is

export const rows: Row[] = [
  ...rowsOf(nothing, {
    "GuestMemory.fromRanges": ranges((given, options) => GuestMemory.fromRanges(given, options)),
    "GuestMemory.create": {
      INVALID_ALIAS: [() => GuestMemory.create(circle), 'these aliases show each other, in a circle: "a", "b"'],
      TypeError: [
        [() => GuestMemory.create(wrong({ kind: "ram" })), "specs must be a list of regions, not an object"],
        [
          () => GuestMemory.create([{ kind: "ram", start: 0 } as never]),
          'region 0 ("ram"): size must be a number or a bigint, not undefined',
        ],
        [() => GuestMemory.create([], { name: wrong(7) }), "name must be a string, not a number"],
      ],
    },
    "GuestMemory.fromRangesSync": {
      NOT_INITIALIZED: [
        async () => (await fresh()).GuestMemory.fromRangesSync([[0, 0x1000]]),
        "the Wasm module is not loaded yet: `await init()` once before, or use `await GuestMemory.fromRanges(...)`",
      ],
    },
    "GuestMemory.createSync": {
      NOT_INITIALIZED: [
        async () => (await fresh()).GuestMemory.createSync([]),
        "the Wasm module is not loaded yet: `await init()` once before, or use `await GuestMemory.fromRanges(...)`",
      ],
    },
    init: {
      LOAD_FAILED: [
        [
          async () => (await fresh()).init({ wasm: new Uint8Array(8) }),
          'the binary cannot be compiled: WebAssembly.compile(): expected magic word 00 61 73 6d, found 00 00 00 00 @+0. import wasm from "guest-memory/inline" and await init({ wasm }), or serve guest-memory/guest_memory.wasm and await init({ wasm: its URL })',
        ],
        [
          async () => (await fresh()).init({ wasm: new Response("<!doctype html>", { status: 404 }) }),
          'the Response answers with status 404 and text/plain;charset=UTF-8, which is not the Wasm binary. import wasm from "guest-memory/inline" and await init({ wasm }), or serve guest-memory/guest_memory.wasm and await init({ wasm: its URL })',
        ],
        [
          async () =>
            (await fresh()).init({
              wasm: new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
            }),
          'the Response answers with status 200 and text/html, which is not the Wasm binary (in Vite\'s development server, use the plugin of guest-memory/vite). import wasm from "guest-memory/inline" and await init({ wasm }), or serve guest-memory/guest_memory.wasm and await init({ wasm: its URL })',
        ],
      ],
      ABI_MISMATCH: [
        [async () => (await fresh()).init({ wasm: empty }), "the binary is another Wasm module's, not guest-memory's"],
        [
          () => init({ glue: noMap }),
          `the Wasm module has interface version none, this facade needs ${ABI}: use the two from one release (a module of your own needs \`guest_memory::export_bindings!();\`)`,
        ],
      ],
      TypeError: [
        [() => init(wrong("guest_memory.wasm")), "init takes an object, { wasm } or { glue, wasm }, not a string"],
        [
          () => init(wrong({ url: "guest_memory.wasm" })),
          'init takes an object, { wasm } or { glue, wasm }, and no option "url"',
        ],
        [
          async () => (await fresh()).init({ wasm: "guest_memory.wasm" }),
          'wasm: "guest_memory.wasm" is no URL, and there is no page here that it could be relative to: give new URL("guest_memory.wasm", import.meta.url)',
        ],
        [
          async () => (await fresh()).init({ wasm: wrong(7) }),
          "wasm must be a URL, a string, a Response, the binary's bytes or a WebAssembly.Module, not a number",
        ],
      ],
    },
  }),
  ...rowsOf(machine, {
    "GuestMemory.space": {
      NO_MEMORY_REGION: [
        (memory) => memory.space([{ kind: "alias", start: 0, of: "RAM" }]),
        'region "alias": of: no region in the map has the name "RAM"',
      ],
      TypeError: [(memory) => memory.space(wrong(undefined)), "specs must be a list of regions, not undefined"],
    },
  }),
  ...rowsOf(disposed, { "GuestMemory.space": { DISPOSED: [(memory) => memory.space([]), "the memory was disposed"] } }),
];
