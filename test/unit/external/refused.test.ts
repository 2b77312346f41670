// External memory that must be refused, or that goes away: each with its error, and map and bytes as they were. Also the
// rights of a function that returns the buffer.
import { describe, expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, init, type RegionSpec } from "../../../ts/index.ts";
import { thrownBy } from "../support.ts";

await init();

const SIZE = 0x2000;
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = () => new ArrayBuffer(SIZE, { maxByteLength: 2 * SIZE } as object) as Resizable;
const detach = (buffer: ArrayBuffer) => void structuredClone(buffer, { transfer: [buffer] });

describe("mapping", () => {
  const memory = GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  let events = 0;
  for (const type of ["mapbegin", "mapcommit", "mapchanged"] as const)
    memory.events.addEventListener(type, () => events++);
  const state = () => [
    memory.toJSON(),
    memory.tree({ flat: true }),
    memory.mapGeneration,
    memory.mapped.length,
    events,
  ];
  const detached = new ArrayBuffer(SIZE);
  detach(detached);
  const ROWS: [string, object, string | typeof TypeError][] = [
    ["too small", { source: new ArrayBuffer(SIZE), size: SIZE + 1 }, "INVALID_EXTERNAL"],
    ["too small from an offset on", { source: new ArrayBuffer(SIZE), offset: 1, size: SIZE }, "INVALID_EXTERNAL"],
    ["too small, a memory", { source: new WebAssembly.Memory({ initial: 1 }), size: 0x1_0001 }, "INVALID_EXTERNAL"],
    ["far too small", { source: new ArrayBuffer(SIZE), size: 2 ** 52 }, "INVALID_EXTERNAL"],
    ["an offset at the end", { source: new ArrayBuffer(SIZE), offset: SIZE }, "INVALID_EXTERNAL"],
    ["an offset past the end", { source: new ArrayBuffer(SIZE), offset: 2n ** 63n, size: 1 }, "INVALID_EXTERNAL"],
    ["an offset that is none", { source: new ArrayBuffer(SIZE), offset: -1 }, RangeError],
    ["an offset in letters", { source: new ArrayBuffer(SIZE), offset: "0" }, TypeError],
    ["detached", { source: detached, size: 1 }, "INVALID_EXTERNAL"],
    ["empty", { source: new ArrayBuffer(0) }, "INVALID_EXTERNAL"],
    ["no bytes of it", { source: new ArrayBuffer(SIZE), size: 0 }, RangeError],
    ["nothing", {}, "INVALID_EXTERNAL"],
    ["an array and no buffer", { source: new Uint8Array(SIZE) }, "INVALID_EXTERNAL"],
    ["a buffer in name", { source: { byteLength: SIZE } }, "INVALID_EXTERNAL"],
    ["a memory in name", { source: { buffer: new ArrayBuffer(SIZE) } }, "INVALID_EXTERNAL"],
    ["a function that gives nothing", { source: () => undefined }, "INVALID_EXTERNAL"],
    ["a function that gives an array", { source: () => new Uint8Array(SIZE) }, "INVALID_EXTERNAL"],
    ["a function that gives too little", { source: () => new ArrayBuffer(1), size: 2 }, "INVALID_EXTERNAL"],
    [
      "a function that throws",
      {
        source() {
          throw new Error("not yet");
        },
      },
      "INVALID_EXTERNAL",
    ],
    ["over other memory", { source: new ArrayBuffer(SIZE), start: 0xfff }, "MEMORY_REGION_OVERLAP"],
    ["past 2^53", { source: new ArrayBuffer(SIZE), start: 2 ** 53 - 1 }, RangeError],
    ["with contents", { source: new ArrayBuffer(SIZE), contents: new Uint8Array(1) }, TypeError],
  ];

  test.each(ROWS)("%s", (_name, spec, code) => {
    const before = state();
    const error = thrownBy(() => memory.map({ kind: "external", start: 0x8000, ...spec } as RegionSpec));
    if (typeof code === "string") expect(error).toMatchObject({ name: "GuestMemoryError", code });
    else expect(error).toBeInstanceOf(code);
    expect(state()).toEqual(before);
  });
});

/** What takes the last page of a region's bytes away, and what brings them back. */
const LOSSES: [string, () => { source: ArrayBuffer | (() => unknown); lose: () => void; find?: () => void }][] = [
  [
    "was detached",
    () => {
      const source = new ArrayBuffer(SIZE);
      return { source, lose: () => detach(source) };
    },
  ],
  [
    "has shrunk",
    () => {
      const source = resizable();
      return { source, lose: () => source.resize(SIZE - 1), find: () => source.resize(SIZE) };
    },
  ],
  [
    "comes from a function that gives something else",
    () => {
      const buffer = new ArrayBuffer(SIZE);
      let given: unknown = buffer;
      return {
        source: () => given,
        lose() {
          given = { byteLength: SIZE };
        },
        find() {
          given = buffer;
        },
      };
    },
  ],
  [
    "comes from a function that throws",
    () => {
      const buffer = new ArrayBuffer(SIZE);
      let lost = false;
      const source = () => {
        if (lost) throw new Error("not now");
        return buffer;
      };
      return {
        source,
        lose() {
          lost = true;
        },
        find() {
          lost = false;
        },
      };
    },
  ],
];

describe.each(LOSSES)("memory that %s", (_name, make) => {
  const START = 0x1000;
  const END = START + SIZE;
  const MISSED: [string, (memory: GuestMemory) => unknown][] = [
    ["readUint8", (memory) => memory.readUint8(START)],
    ["writeUint32", (memory) => memory.writeUint32(START + 4, 1)],
    ["writeUint16 into RAM", (memory) => memory.writeUint16(END - 1, 0xffff)],
    ["writeUint16 from RAM", (memory) => memory.writeUint16(START - 1, 0xffff)],
    ["readFloat64", (memory) => memory.readFloat64(START + 8)],
    ["read", (memory) => memory.read(START, new Uint8Array(4))],
    ["readSlice", (memory) => memory.readSlice(START - 4, new Uint8Array(8))],
    ["readBytes", (memory) => memory.readBytes(0, 0x1008)],
    ["write", (memory) => memory.write(START - 4, new Uint8Array(8).fill(0xff))],
    ["writeSlice", (memory) => memory.writeSlice(START - 4, new Uint8Array(8).fill(0xff))],
    ["fill", (memory) => memory.fill(START - 4, 0xff, 8)],
    ["copyWithin from it", (memory) => memory.copyWithin(0, START, 8)],
    ["copyWithin to it", (memory) => memory.copyWithin(START - 4, 0x100, 8)],
    ["compare", (memory) => memory.compare(0, START, 8)],
    ["indexOf", (memory) => memory.indexOf(Uint8Array.of(9, 9), 0, END)],
    ["view", (memory) => memory.view(START, 8)],
    ["views", (memory) => memory.views(START - 4, 8)],
    ["poke", (memory) => memory.poke(START - 4, new Uint8Array(8).fill(0xff))],
    ["add32", (memory) => memory.add32(START, 1)],
    ["dma", (memory) => memory.dma(START - 4, 8, "write").write(0, new Uint8Array(8).fill(0xff))],
  ];
  const machine = () => {
    const { source, ...rest } = make();
    const memory = GuestMemory.createSync([
      { kind: "ram", name: "low", start: 0, size: START, contents: Uint8Array.of(1, 2, 3) },
      { kind: "external", name: "theirs", start: START, source: source as ArrayBuffer },
      { kind: "ram", name: "high", start: END, size: 0x1000 },
    ]);
    return { memory, ...rest };
  };

  test.each(MISSED)("%s", (_call, act) => {
    const { memory, lose } = machine();
    memory.writeUint8(START, 5); // it is remembered where it was
    const ram = () => [memory.readBytes(0, START), memory.readBytes(END, 0x1000)];
    const before = ram();
    lose();
    const error = thrownBy(() => act(memory));
    expect(error).toMatchObject({ name: "GuestMemoryError", code: "INVALID_EXTERNAL", completed: undefined });
    expect((error as GuestMemoryError).address).toBeTypeOf("number");
    expect(ram()).toEqual(before);
    memory.dispose();
  });

  test("a debugger is told that nobody knows", () => {
    const { memory, lose } = machine();
    lose();
    const { bytes, known } = memory.peek(START - 1, 3);
    expect([[...bytes], [...known]]).toEqual([
      [0, 0, 0],
      [1, 0, 0],
    ]);
    memory.dispose();
  });

  test("it is found again when it is back", () => {
    const { memory, lose, find } = machine();
    memory.writeUint8(START + 1, 5);
    lose();
    expect(thrownBy(() => memory.readUint8(START + 1))).toMatchObject({ code: "INVALID_EXTERNAL" });
    find?.();
    if (find) expect(memory.readUint8(START + 1)).toBe(5);
    memory.dispose();
  });
});

describe("a function that gives the buffer", () => {
  test("may access, map, move, unmap and dispose, and make linear memory grow", async () => {
    const buffer = new ArrayBuffer(SIZE);
    let act = () => {};
    const source = () => {
      const now = act;
      act = () => {};
      now();
      return buffer;
    };
    const guard = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x1000 }]);
    guard.fill(0, 0xa5, 0x1000);
    const memory = await GuestMemory.create([
      { kind: "ram", name: "RAM", start: 0, size: 0x1000 },
      { kind: "external", name: "theirs", start: 0x1000, source },
    ]);
    const acts: (() => void)[] = [
      () => memory.writeUint32(0x0ffe, 0x0102_0304),
      () => {
        memory.map({ kind: "ram", start: 0x10_0000, size: 1 << 22 });
        memory.wasmMemory.grow(1); // for certain
      },
      () => memory.region("theirs")?.move(0x2000),
      () => memory.region("theirs")?.move(0x1000),
      () => memory.unmap(memory.region("theirs") as never),
    ];
    for (const what of acts) {
      for (const access of [
        () => memory.writeUint32(0x1004, 0xdead_beef),
        () => memory.writeBigUint64(0x1008, 0xdead_beefn),
        () => memory.writeSlice(0x1000, new Uint8Array(0x100).fill(7)),
        () => memory.writeSlice(0x0f00, new Uint8Array(0x200).fill(7)),
        () => memory.copyWithin(0x800, 0x1000, 0x800),
        () => memory.indexOf(Uint8Array.of(1, 2), 0, 0x1800),
      ]) {
        act = what;
        try {
          access();
        } catch (error) {
          expect(error).toBeInstanceOf(GuestMemoryError);
        }
      }
    }
    const other = await GuestMemory.create([{ kind: "external", start: 0, source }]);
    act = () => other.dispose();
    other.writeUint32(0, 1);
    expect([...new Uint8Array(buffer, 0, 4)]).toEqual([1, 0, 0, 0]);
    expect(thrownBy(() => other.readUint8(0))).toMatchObject({ code: "DISPOSED" });
    expect(guard.readBytes(0, 0x1000)).toEqual(new Uint8Array(0x1000).fill(0xa5));
    memory.dispose();
    guard.dispose();
  });

  test("is asked for the value that is to be stored, and cannot spoil it", async () => {
    const buffer = new ArrayBuffer(SIZE);
    let memory: GuestMemory | undefined;
    const source = () => {
      memory?.writeBigUint64(0xffc, 0n); // crosses a boundary: the slow way, which has a scratch area
      return buffer;
    };
    memory = await GuestMemory.create([
      { kind: "external", name: "theirs", start: 0x1_0000, source },
      { kind: "ram", start: 0, size: 0x1000 },
      { kind: "ram", start: 0x1000, size: 0x1000 },
    ]);
    for (const turn of [1, 2]) {
      memory.writeBigUint64(0x1_0000 + 8 * turn, 0x1122_3344_5566_7788n);
      memory.writeFloat64(0x1_0100 + 8 * turn, 0.1);
      memory.writeUint32(0x1_0200 + 8 * turn, 0x1122_3344);
      memory.writeInt32(0x1_0300 + 8 * turn, -2);
      expect(memory.readBigUint64(0x1_0000 + 8 * turn)).toBe(0x1122_3344_5566_7788n);
      expect(memory.readFloat64(0x1_0100 + 8 * turn)).toBe(0.1);
      expect(memory.readUint32(0x1_0200 + 8 * turn)).toBe(0x1122_3344);
      expect(memory.readInt32(0x1_0300 + 8 * turn)).toBe(-2);
    }
    memory.dispose();
  });
});

test("a buffer that is too small from an offset on is said to be, with the bytes that it has", async () => {
  using memory = await GuestMemory.create([]);
  const source = new ArrayBuffer(0x1000);
  const map = () => memory.map({ kind: "external", start: 0, source, offset: 1, size: 0x1000 });
  expect(map).toThrow("it has 4096 bytes, and the region 4096 bytes from byte 1 on");
});
