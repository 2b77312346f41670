// Changes of the map that must fail, each with its error, and the map as it was: data, text, page table, events, bytes.
import { afterAll, expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, init, type MappedRegion, type RegionSpec } from "../../../ts/index.ts";
import { expectCode, thrownBy } from "../support.ts";

await init();

const device = { read8: () => 1 };
const faulty = {
  read64: () => 0n,
  read32: () => "7" as never,
  read16: () => "7" as never,
  read8: () => Promise.resolve(7) as never,
};
const memory = GuestMemory.createSync([
  { kind: "ram", name: "RAM", start: 0, size: 0x4000, contents: Uint8Array.of(1, 2, 3) },
  { kind: "rom", name: "ROM", start: 0x3ff0, size: 0x1000, priority: 1, contents: Uint8Array.of(4, 5, 6) },
  { kind: "mmio", name: "timer", start: 0x8000, size: 0x100, device },
  { kind: "mmio", name: "faulty", start: 0x9000, size: 0x100, device: faulty },
  { kind: "alias", name: "mirror", start: 0x1_0000, of: "RAM" },
  { kind: "ram", name: "hidden", start: 0x2000, size: 0x1000, enabled: false },
]);
const region = (name: string) => memory.region(name) as MappedRegion;
const gone = memory.map({ kind: "ram", name: "gone", start: 0x2_0000, size: 0x1000 });
memory.unmap(gone);
const stranger = GuestMemory.createSync([{ kind: "ram", name: "stranger", start: 0, size: 0x1000 }]);
const foreign = stranger.mapped[0] as MappedRegion;
const map = (spec: object) => () => memory.map({ start: 0x4_0000, size: 0x1000, kind: "ram", ...spec } as RegionSpec);
const create =
  (...specs: object[]) =>
  () =>
    GuestMemory.createSync(specs as RegionSpec[]);
const alias = (name: string, of: string) => ({ kind: "alias", name, start: 0, size: 1, of });

let events = 0;
for (const type of ["mapbegin", "regionadd", "regionremove", "mapcommit", "mapchanged"] as const) {
  memory.events.addEventListener(type, () => events++);
}
const state = () => [
  memory.toJSON(),
  memory.tree(),
  memory.tree({ flat: true }),
  memory.tables.pageTable.slice(0, 0x100),
  Buffer.from(memory.peek(0, 0x2_1000).bytes).toString("base64"),
  memory.mapGeneration,
  memory.mapped.length,
  events,
];

/** Says that it has one byte, and has more than a region can take. */
class Liar extends Uint8Array<ArrayBuffer> {
  override get length() {
    return 1;
  }
}
const detached = new Uint8Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

/** What is done, and the code of its error or its class. */
const ROWS: [string, () => unknown, string | typeof TypeError | typeof RangeError][] = [
  [
    "contents that say they are shorter than they are",
    map({ contents: new Liar(new ArrayBuffer(0x2000)) }),
    RangeError,
  ],
  ["contents whose buffer was detached", map({ contents: detached }), "DETACHED_BUFFER"],
  [
    "another kind of array as contents",
    map({ contents: Object.setPrototypeOf(new Uint16Array(2), Uint8Array.prototype) }),
    TypeError,
  ],
  ["a region over one of the same priority", map({ start: 0x3fff }), "MEMORY_REGION_OVERLAP"],
  ["the same by a move", () => region("timer").move(0x3fff), "MEMORY_REGION_OVERLAP"],
  ["the same by showing", () => region("hidden").enable(), "MEMORY_REGION_OVERLAP"],
  [
    "the same of one in a list",
    create({ kind: "ram", start: 0, size: 2 }, { kind: "rom", start: 1, size: 1 }),
    "MEMORY_REGION_OVERLAP",
  ],
  ["an alias of itself", create(alias("a", "a")), "INVALID_ALIAS"],
  ["aliases in a circle", create(alias("a", "b"), alias("b", "c"), alias("c", "a")), "INVALID_ALIAS"],
  ["an alias of itself, later", map({ ...alias("new", "new"), start: 0x4_0000 }), "NO_MEMORY_REGION"],
  ["an alias of nothing", map(alias("a", "nothing")), "NO_MEMORY_REGION"],
  ["an alias past its target's end", map({ ...alias("a", "RAM"), offset: 1, size: 0x4000 }), "INVALID_ALIAS"],
  ["an alias that begins there", map({ ...alias("a", "RAM"), offset: 0x4000, size: undefined }), "INVALID_ALIAS"],
  ["an alias of an unmapped region", map({ kind: "alias", of: gone }), "NO_MEMORY_REGION"],
  ["an alias of another machine's region", map({ kind: "alias", of: foreign }), "NO_MEMORY_REGION"],
  ["an alias of what is no region", map({ kind: "alias", of: {} }), TypeError],
  ["a move past 2^64", () => region("timer").move(2n ** 64n - 1n), RangeError],
  ["a move past 2^53", () => region("timer").move(2 ** 53 - 0x10), RangeError],
  ["a move to no address", () => region("timer").move(Number.NaN), RangeError],
  ["a move to a string", () => region("timer").move("0" as never), TypeError],
  ["a region past 2^53", map({ start: 2 ** 53 - 1, size: 2 }), RangeError],
  ["a region of no bytes", map({ size: 0 }), RangeError],
  ["a region of half a byte", map({ size: 0.5 }), RangeError],
  ["a region of more than there is", map({ size: 2 ** 40 }), "OUT_OF_MEMORY"],
  ["a region of no kind", map({ kind: "disk" }), TypeError],
  ["a priority that is none", map({ priority: 2 ** 31 }), RangeError],
  ["a priority in letters", map({ priority: "1" }), TypeError],
  ["a name that is none", map({ name: 7 }), TypeError],
  ["no region", () => memory.map(null as never), TypeError],
  ["contents that are no bytes", map({ contents: "abc" }), TypeError],
  ["more contents than bytes", map({ contents: new Uint8Array(0x1001) }), RangeError],
  ["contents of a device", map({ kind: "mmio", device, contents: new Uint8Array(1) }), TypeError],
  ["a device that is none", map({ kind: "mmio" }), "INVALID_HANDLER"],
  ["a handler that is none", map({ kind: "mmio", device: { read32: 7 } }), "INVALID_HANDLER"],
  ["a peek that is none", map({ kind: "romDevice", device: { peek: "x" } }), "INVALID_HANDLER"],
  ["a rule that is none", map({ kind: "mmio", device: { narrower: "cut" } }), "INVALID_HANDLER"],
  ["a handler that returns a string", () => memory.readUint32(0x9000), "INVALID_HANDLER"],
  ["the same behind others that do not", () => memory.readSlice(0x9000, new Uint8Array(10)), "INVALID_HANDLER"],
  ["a handler that returns a promise", () => memory.readUint8(0x9001), "INVALID_HANDLER"],
  ["unmapping twice", () => memory.unmap(gone), "NO_MEMORY_REGION"],
  ["unmapping another machine's region", () => memory.unmap(foreign), "NO_MEMORY_REGION"],
  ["unmapping what is no region", () => memory.unmap({} as never), TypeError],
  ["moving what is unmapped", () => gone.move(0), "NO_MEMORY_REGION"],
  ["a watch on no bytes", () => memory.watch(0, 0, { read: true }, () => {}), "EMPTY_REGION"],
  ["a trap on no bytes", () => memory.trapWrites(0, 0, () => {}), "EMPTY_REGION"],
  ["a watch past 2^64", () => memory.watch(2n ** 64n - 1n, 2, { read: true }, () => {}), "GUEST_ADDRESS_OVERFLOW"],
  ["protection of half a page", () => memory.protect(0, 0x800, "r--"), "MISALIGNED"],
  ["protection of a hole", () => memory.protect(0x4000, 0x2000, "r--"), "PARTIAL_BUFFER"],
  ["a space with an alias of nothing", () => memory.space([alias("a", "nothing") as RegionSpec]), "NO_MEMORY_REGION"],
  ["a list that is none", () => GuestMemory.createSync(7 as never), TypeError],
  [
    "a transaction that ends in an overlap",
    () => memory.transaction(() => region("timer").move(0x3000)),
    "MEMORY_REGION_OVERLAP",
  ],
  [
    "a transaction that throws after all kinds of changes",
    () =>
      memory.transaction(() => {
        memory.protect(0x0, 0x1000, "---");
        region("RAM").move(0x10_0000);
        memory.protect(0x10_0000, 0x4000, "---");
        region("ROM").disable();
        region("hidden").enable();
        map({ kind: "alias", of: "timer", size: 0x100 })();
        memory.unmap(region("timer"));
        throw new TypeError("given up");
      }),
    TypeError,
  ],
];

for (const [what, act, wanted] of ROWS) {
  test(what, () => {
    const before = state();
    const error = thrownBy(act);
    if (typeof wanted !== "string") expect(error).toBeInstanceOf(wanted);
    else {
      expect(error).toBeInstanceOf(GuestMemoryError);
      expect((error as GuestMemoryError).code).toBe(wanted);
    }
    expect(state()).toEqual(before);
  });
}

test("a move past 2^64 where addresses are bigints", () => {
  using high = GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }], { addresses: "bigint" });
  const before = [high.toJSON(), high.mapGeneration];
  const error = thrownBy(() => high.region("RAM")?.move(2n ** 64n - 0xfffn));
  expect(error).toMatchObject({ code: "GUEST_ADDRESS_OVERFLOW", address: 2n ** 64n - 0xfffn, length: 0x1000 });
  expect([high.toJSON(), high.mapGeneration]).toEqual(before);
});

test("memories that were never made leave linear memory as it was", () => {
  const handles = new Set<number>();
  for (let count = 0; count < 100; count++) {
    expect(thrownBy(create({ kind: "ram", start: 0, size: 0x10_0000 }, alias("a", "nothing")))).toBeInstanceOf(Error);
    using next = GuestMemory.createSync([]);
    handles.add(next.wasmMemory.buffer.byteLength);
  }
  expect(handles.size).toBeLessThanOrEqual(2);
});

test("the error says what was given in the place of a region", () => {
  const client = memory.dirty.client("test");
  const given: [unknown, string][] = [
    [{}, "an object"],
    [7, "a number"],
    [null, "null"],
    [undefined, "undefined"],
  ];
  for (const [value, what] of given) {
    const message = new RegExp(`${what} is not a region`);
    expect(() => memory.unmap(value as never)).toThrow(message);
    expect(() => memory.map({ kind: "alias", start: 0x10_0000, of: value as never })).toThrow(message);
  }
  const unnamed = expectCode(() => memory.unmap("no such region"), "NO_MEMORY_REGION");
  expect(unnamed.message).toBe('unmap: no region in the map has the name "no such region"');
  expect(() => client.collect({} as never)).toThrow("an object is not a region");
  client.dispose();
});

afterAll(() => {
  memory.dispose();
  stranger.dispose();
});
