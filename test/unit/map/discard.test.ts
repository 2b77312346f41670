// Discard: discarded ranges read 0 by every kind of access, and take pages again when they are written.
import { beforeAll, expect, test } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";
import { expectCode, expectUntouched, thrownBy } from "../support.ts";

beforeAll(() => init());

/** A region that begins and ends in the middle of a page, with pages 3, 4 and 5 discarded. */
const [START, SIZE] = [0x800, 0x9000];
const [GONE, GONE_END] = [0x3000, 0x6000];

interface Subject {
  readonly memory: GuestMemory;
  /** What the memory holds, by address. */
  readonly model: DataView<ArrayBuffer>;
}

function subject(): Subject {
  const memory = GuestMemory.fromRangesSync([[START, SIZE]]);
  const bytes = new Uint8Array(START + SIZE);
  for (let address = START; address < bytes.length; address++) bytes[address] = (address ^ (address >> 8)) | 1;
  memory.writeSlice(START, bytes.subarray(START));
  memory.discard(GONE, GONE_END - GONE);
  bytes.fill(0, GONE, GONE_END);
  return { memory, model: new DataView(bytes.buffer) };
}

const bytesOf = ({ model }: Subject) => new Uint8Array(model.buffer);

/** Whether the page at an address has nothing behind it but zeros. */
function isAbsent(memory: GuestMemory, address: number): boolean {
  expect(memory.hostOffset(address, 1, "read")).toBeDefined();
  return memory.hostOffset(address, 1, "write") === undefined;
}

function expectBytes({ memory, model }: Subject): void {
  expect(Buffer.from(memory.readBytes(START, SIZE)).equals(new Uint8Array(model.buffer, START))).toBe(true);
}

/** Inside, at the edges, across them, and everywhere unaligned. */
const PLACES = [
  GONE - 7,
  GONE - 3,
  GONE - 1,
  GONE,
  GONE + 1,
  0x3ffd,
  0x4000,
  0x5ff9,
  GONE_END - 3,
  GONE_END - 1,
  GONE_END,
];

const NUMBERS = [
  ["Uint8", 1],
  ["Int8", 1],
  ["Uint16", 2],
  ["Int16", 2],
  ["Uint32", 4],
  ["Int32", 4],
  ["BigUint64", 8],
  ["BigInt64", 8],
  ["Float32", 4],
  ["Float64", 8],
] as const;

type Methods = Record<string, (...args: unknown[]) => unknown>;

for (const [type, size] of NUMBERS) {
  for (const order of size === 1 ? [""] : ["", "BE"]) {
    test(`read${type}${order} and write${type}${order}`, () => {
      for (const address of PLACES) {
        const one = subject();
        const [memory, model] = [one.memory, one.model] as unknown as [Methods, Methods];
        const value = model[`get${type}`]?.(address, order === "");
        expect(memory[`read${type}${order}`]?.(address)).toEqual(value);
        expect([0x3000, 0x4000, 0x5000].map((page) => isAbsent(one.memory, page))).toEqual([true, true, true]);
        const written = type.startsWith("Big") ? 0x1234_5678_9abc_def0n : 77;
        memory[`write${type}${order}`]?.(address, written);
        model[`set${type}`]?.(address, written, order === "");
        expectBytes(one);
        const inside = address + size > GONE && address < GONE_END;
        expect(isAbsent(one.memory, 0x4000), address.toString(16)).toBe(!inside);
        one.memory.dispose();
      }
    });
  }
}

test("fetches, 16 bytes, and signed sums", () => {
  const { memory } = subject();
  memory.protect(0x4000, 0x1000, "--x");
  expect([memory.fetchUint8(0x4001), memory.fetchUint16(0x3fff), memory.fetchUint32(0x4ffd)]).toEqual([0, 0, 0]);
  expect(memory.readBigUint128(0x5ff8) & 0xffff_ffff_ffff_ffffn).toBe(0n);
  expect(isAbsent(memory, 0x5000)).toBe(true);
  memory.writeBigUint128(0x5ff8, 1n << 127n);
  expect(memory.readUint8(0x6007)).toBe(0x80);
});

test("bulk reads take no pages; bulk writes, also into and out of what was discarded, do", () => {
  for (const [address, length] of [
    [GONE - 10, 20],
    [GONE + 5, 0x1800],
    [GONE_END - 10, 20],
    [START, SIZE],
  ] as const) {
    const one = subject();
    const { memory } = one;
    const expected = bytesOf(one).slice(address, address + length);
    const into = new Uint8Array(length);
    expect(memory.read(address, into)).toBe(length);
    expect(into).toEqual(expected);
    memory.readSlice(address, into.fill(1));
    expect(into).toEqual(expected);
    expect(memory.readBytes(address, length)).toEqual(expected);
    expect(memory.peek(address, length).bytes).toEqual(expected);
    memory.dma(address, length, "read").read(0, into.fill(1));
    expect(into).toEqual(expected);
    expect(memory.indexOf(expected, START, SIZE)).toBe(
      address === START ? START : address > GONE + 4 ? (address < 0x5000 ? GONE : address) : address,
    );
    expect(memory.compare(address, address, length)).toBe(0);
    expect(isAbsent(memory, GONE) && isAbsent(memory, 0x4000) && isAbsent(memory, 0x5000)).toBe(true);
    memory.dispose();
  }
  const bytes = Uint8Array.from({ length: 0x2000 }, (_, index) => index * 7);
  const writes: Record<string, (memory: GuestMemory, address: number) => void> = {
    write: (memory, address) => void memory.write(address, bytes),
    writeSlice: (memory, address) => memory.writeSlice(address, bytes),
    poke: (memory, address) => memory.poke(address, bytes),
    dma: (memory, address) => memory.dma(address, bytes.length, "write").write(0, bytes),
  };
  for (const write of Object.values(writes)) {
    for (const address of [GONE - 0x1800, GONE + 0x800, GONE_END - 0x10]) {
      const one = subject();
      write(one.memory, address);
      bytesOf(one).set(bytes, address);
      expectBytes(one);
      one.memory.dispose();
    }
  }
});

test("fill and copies, from and to what was discarded, overlapping too", () => {
  const cases: ((memory: GuestMemory, bytes: Uint8Array) => void)[] = [];
  for (const [to, from] of [
    [0x1000, GONE],
    [GONE, 0x1000],
    [GONE - 0x10, GONE],
    [GONE, GONE - 0x10],
    [0x4010, 0x3fff],
    [0x5800, 0x2ff0],
  ] as const) {
    cases.push((memory, bytes) => {
      memory.copyWithin(to, from, 0x1234);
      bytes.copyWithin(to, from, from + 0x1234);
    });
  }
  cases.push((memory, bytes) => {
    memory.fill(GONE + 1, 9, 0x2000);
    bytes.fill(9, GONE + 1, GONE + 0x2001);
  });
  cases.push((memory, bytes) => {
    const other = GuestMemory.fromRangesSync([[0, 0x3000]]);
    other.fill(0, 5, 0x3000);
    other.discard(0x1000, 0x1000);
    memory.copyFrom(GONE - 0x800, other, 0, 0x3000);
    bytes.fill(5, GONE - 0x800, GONE + 0x2800).fill(0, GONE + 0x800, GONE + 0x1800);
    other.dispose();
  });
  for (const act of cases) {
    const one = subject();
    act(one.memory, bytesOf(one));
    expectBytes(one);
    one.memory.dispose();
  }
});

test("atomics: a load takes no pages, everything else does", () => {
  const { memory } = subject();
  expect([memory.load8(GONE), memory.load16(GONE), memory.load32(0x4000), memory.load64(0x5ff8)]).toEqual([
    0,
    0,
    0,
    0n,
  ]);
  expect(isAbsent(memory, GONE)).toBe(true);
  expect([memory.add32(0x4000, 5), memory.add32(0x4000, 5), memory.load32(0x4000)]).toEqual([0, 5, 10]);
  memory.discard(0x4000, 0x1000);
  expect([memory.compareExchange64(0x4008, 0n, 7n), memory.exchange8(0x4008, 9), memory.load64(0x4008)]).toEqual([
    0n,
    7,
    9n,
  ]);
  memory.discard(0x4000, 0x1000);
  memory.store16(0x4ffe, 0x1234);
  expect(memory.readUint16(0x4ffe)).toBe(0x1234);
  expectCode(() => memory.store32(0x4002, 1), "MISALIGNED", { address: 0x4002, length: 4 });
});

test("an atomic access across the edge of what was discarded has bytes that are not aligned", () => {
  const memory = GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 2, size: 0x3000 }]);
  memory.region("RAM")?.move(0);
  memory.discard(0xffe, 0x1000); // a page, as its bytes lie
  expectCode(() => memory.load32(0xffc), "MISALIGNED", { address: 0xffc, length: 4 });
  expect(memory.readUint32(0xffc)).toBe(0);
});

test("a view takes pages, and does not cross an edge of what was discarded; views do", () => {
  const one = subject();
  const { memory } = one;
  expectCode(() => memory.view(GONE - 1, 2), "CROSSES_REGIONS", { address: GONE - 1, length: 2 });
  expect(isAbsent(memory, GONE)).toBe(true);
  const view = memory.view(GONE, GONE_END - GONE);
  expect(view).toEqual(new Uint8Array(GONE_END - GONE));
  view.set([1, 2, 3], 0xfff);
  expect(memory.readBytes(0x3fff, 3)).toEqual(Uint8Array.of(1, 2, 3));
  memory.discard(GONE, GONE_END - GONE);
  expect(view.length).toBe(0);
  const neighbour = GuestMemory.fromRangesSync([[0, GONE_END - GONE]]); // takes what was given back
  const views = memory.views(START, SIZE);
  expect(views.map(({ length }) => length)).toEqual([GONE - START, GONE_END - GONE, START + SIZE - GONE_END]);
  expect(Buffer.concat(views).equals(bytesOf(one).subarray(START))).toBe(true);
  neighbour.dispose();
  for (const part of views) part.fill(7);
  expect(memory.readBytes(START, SIZE)).toEqual(new Uint8Array(SIZE).fill(7));
  expect([memory.view(GONE, 0).length, memory.views(GONE, 0).length]).toEqual([0, 0]);
});

test("host offsets: to read, one of zeros; to write, none until there are pages", () => {
  const { memory } = subject();
  const offset = memory.hostOffset(GONE, 0x3000, "read") as number;
  expect(new Uint8Array(memory.wasmMemory.buffer, offset, 0x3000)).toEqual(new Uint8Array(0x3000));
  expect(memory.hostOffset(GONE - 1, 2, "read")).toBeUndefined();
  const { pageTable } = memory.tables;
  expect([...pageTable.subarray(1, 9)].map((entry) => entry & 7)).toEqual([7, 7, 0, 0, 0, 7, 7, 7]);
  const generation = memory.mapGeneration;
  memory.writeUint8(GONE, 1);
  expect(memory.mapGeneration).not.toBe(generation);
  expect([...memory.tables.pageTable.subarray(1, 9)].map((entry) => entry & 7)).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
  expect(memory.hostOffset(GONE, 0x3000, "write")).not.toBe(offset);
});

test("a debugger's look changes nothing", () => {
  const { memory } = subject();
  expectUntouched(memory, () => {
    expect(memory.peek(GONE - 2, 4).known).toEqual(Uint8Array.of(1, 1, 1, 1));
  });
  expect(isAbsent(memory, GONE)).toBe(true);
});

test("watches see accesses to what was discarded, and not the discard; a discard springs traps", () => {
  const { memory } = subject();
  const seen: unknown[] = [];
  const watch = memory.watch(GONE, 8, { read: true, write: true }, ({ kind, value, oldValue }) => {
    seen.push(kind, value, oldValue);
  });
  memory.trapWrites(0x4000, 1, (page) => void seen.push(page));
  memory.discard(GONE, 0x2000);
  expect(seen.splice(0)).toEqual([0x4000]);
  expect(memory.readUint16(GONE)).toBe(0);
  memory.writeUint16(GONE + 2, 5);
  memory.writeUint8(0x4fff, 1);
  expect(seen.splice(0)).toEqual(["read", 0, undefined, "write", 5, 0]);
  watch.dispose();
  memory.discard(GONE, 0x2000);
  expect([memory.readUint16(GONE + 2), memory.readUint16(GONE), seen]).toEqual([0, 0, []]);
});

test("a callback or a handler that discards what is about to be written", () => {
  const { memory } = subject();
  memory.map({
    kind: "mmio",
    name: "device",
    start: 0x3800,
    size: 0x10,
    priority: 1,
    device: { write8: () => memory.discard(0x3810, 0x2000) },
  });
  const watch = memory.watch(0x5000, 1, { write: true }, () => memory.discard(0x5000, 0x1000));
  memory.writeUint32(0x5000, 7);
  expect(memory.readUint32(0x5000)).toBe(7);
  memory.writeSlice(0x5000, Uint8Array.of(1, 2));
  expect(memory.readUint32(0x5000)).toBe(0x201);
  watch.dispose();
  memory.writeSlice(0x37f0, new Uint8Array(0x3000).fill(9));
  expect(memory.readBytes(0x3810, 0x67f0 - 0x3810).every((byte) => byte === 9)).toBe(true);
});

test("a listener that discards what was just given pages", () => {
  const zeros = subject().memory;
  const writes: Record<string, (memory: GuestMemory) => void> = {
    store32: (memory) => memory.store32(0x4000, 0x0807_0605),
    writeUint32: (memory) => memory.writeUint32(0x4000, 0x0807_0605),
    writeSlice: (memory) => memory.writeSlice(0x4000, Uint8Array.of(5, 6, 7, 8)),
    poke: (memory) => memory.poke(0x4000, Uint8Array.of(5, 6, 7, 8)),
    view: (memory) => memory.view(0x4000, 4).set([5, 6, 7, 8]),
    views: (memory) => memory.views(0x4000, 4)[0]?.set([5, 6, 7, 8]),
  };
  for (const [name, write] of Object.entries(writes)) {
    const { memory } = subject();
    let left = 3;
    memory.events.addEventListener("mapchanged", () => {
      if (left-- > 0) memory.discard(0x4000, 0x1000);
    });
    write(memory);
    expect(left, name).toBeLessThan(0);
    expect(memory.readUint32(0x4000), name).toBe(0x0807_0605);
    expect(isAbsent(zeros, 0x4000)).toBe(true);
    expect(zeros.readBytes(GONE, GONE_END - GONE)).toEqual(new Uint8Array(GONE_END - GONE));
    memory.dispose();
  }
});

test("what is forbidden does not count, and stays forbidden", () => {
  const { memory } = subject();
  memory.protect(0x7000, 0x1000, "r--");
  memory.discard(0x7000, 0x1000);
  expect(memory.readUint32(0x7000)).toBe(0);
  expectCode(() => memory.writeUint8(0x7000, 1), "PERMISSION_DENIED", { address: 0x7000, length: 1 });
  memory.poke(0x7000, Uint8Array.of(3));
  expect(memory.readUint8(0x7000)).toBe(3);
});

test("the range counts as written, also once it has pages again", () => {
  const { memory } = subject();
  const [one, two] = [memory.dirty.client("one"), memory.dirty.client("two")];
  const heard: number[][] = [];
  memory.onHostWrite = (address, length) => void heard.push([address, length]);
  memory.discard(GONE + 0x800, 0x2000);
  expect(heard).toEqual([[GONE + 0x800, 0x2000]]);
  expect(one.collect()).toEqual([[GONE, 0x3000]]);
  expect(one.collect()).toEqual([]);
  memory.writeUint8(0x4000, 1); // takes pages for all three
  expect(one.collect()).toEqual([[0x4000, 0x1000]]);
  expect(two.collect()).toEqual([[GONE, 0x3000]]);
  memory.discard(0x4000, 0x1000);
  memory.dirty.client("three");
  memory.markDirty(0x3fff, 1);
  expect(one.collect()).toEqual([[GONE, 0x2000]]);
  memory.discard(GONE, 0);
  expect([two.collect(), heard.length]).toEqual([[[GONE, 0x2000]], 3]);
});

test("regions, tree, data and events show a region as one, whatever was discarded of it", () => {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: START, size: SIZE },
    { kind: "mmio", name: "device", start: 0x1000, size: 0x100, priority: 1, device: { peek: () => undefined } },
  ]);
  const shown = () => ({
    regions: memory.regions.map(({ start, size }) => [start, size]),
    found: memory.findRegion(GONE)?.size,
    inside: memory.toRegionAddress(GONE_END)?.address,
    trees: [memory.tree(), memory.tree({ flat: true })],
    json: memory.toJSON(),
    last: memory.lastAddress,
    mapped: memory.mapped.map(({ start, size }) => [start, size]),
  });
  const before = shown();
  const heard: string[] = [];
  for (const type of ["regionadd", "regionremove", "mapchanged", "viewsdetached"] as const) {
    memory.events.addEventListener(type, (event) => void heard.push(event.type));
  }
  expect(memory.view(START, 1).length).toBe(1); // a view to be detached
  memory.discard(GONE, 0x3000);
  expect(heard).toEqual(["viewsdetached", "mapchanged"]);
  expect(shown()).toEqual(before);
  memory.writeUint8(0x4000, 1);
  memory.discard(0x3000, 0x1000);
  memory.discard(0x3001, 0x10); // nothing is given back
  expect(shown()).toEqual(before);
  expect(heard.filter((type) => type.startsWith("region"))).toEqual([]);
});

test("aliases, other spaces, hidden and moved regions", () => {
  const memory = GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 0x8000 }]);
  const ram = memory.region("RAM");
  if (!ram) throw new Error("no RAM");
  const mirror = memory.map({ kind: "alias", start: 0x10_0000, of: ram, offset: 0x2000, size: 0x4000 });
  const bus = memory.space([{ kind: "alias", start: 0x800, of: ram }], { name: "bus" });
  memory.fill(0, 0xaa, 0x8000);
  bus.discard(0x2801, 0x2000); // RAM's bytes 0x2001 to 0x4000
  const zero = (address: number) => [
    memory.readUint8(address),
    memory.readUint8(0x10_0000 + address - 0x2000),
    bus.readUint8(0x800 + address),
  ];
  expect([0x2000, 0x2001, 0x3000, 0x4000, 0x4001].map(zero)).toEqual([
    [0xaa, 0xaa, 0xaa],
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
    [0xaa, 0xaa, 0xaa],
  ]);
  expect([isAbsent(memory, 0x3000), isAbsent(memory, 0x10_1000), isAbsent(bus, 0x3800)]).toEqual([true, true, true]);
  memory.writeUint8(0x10_1000, 7);
  expect([isAbsent(memory, 0x3000), isAbsent(bus, 0x3800), ...zero(0x3000)]).toEqual([false, false, 7, 7, 7]);
  memory.discard(0x10_0000, 0x4000);
  ram.disable();
  mirror.move(0x20_0000);
  expect(memory.readUint32(0x20_1000)).toBe(0);
  bus.writeUint8(0x3801, 9);
  ram.enable();
  ram.move(0x1_0000);
  expect([memory.readUint16(0x1_3000), memory.readUint16(0x20_1000)]).toEqual([0x900, 0x900]);
  memory.unmap(ram);
  expect(memory.readUint16(0x20_1000)).toBe(0x900);
});

test("in a transaction it takes effect at once and for good", () => {
  const { memory } = subject();
  const thrown = thrownBy(() =>
    memory.transaction(() => {
      memory.map({ kind: "ram", name: "above", start: 0x7000, size: 0x1000, priority: 1 });
      memory.discard(0x7000, 0x1000);
      throw new Error("given up");
    }),
  );
  expect((thrown as Error).message).toBe("given up");
  expect([memory.readUint32(0x7000), memory.toJSON().flat.length]).toEqual([0, 1]);
});

test("what cannot be discarded, and arguments that are none", () => {
  const { memory } = subject();
  memory.map({ kind: "rom", name: "ROM", start: 0xa000, size: 0x1000 });
  memory.map({ kind: "romDevice", name: "flash", start: 0xb000, size: 0x1000, device: { peek: () => undefined } });
  memory.map({ kind: "reserved", name: "hole", start: 0x7000, size: 0x100, priority: 1 });
  expectUntouched(memory, () => {
    expectCode(() => memory.discard(0xa800, 1), "READ_ONLY", { address: 0xa800, length: 1 });
    expectCode(() => memory.discard(0xb000, 8), "NOT_MEMORY", { address: 0xb000, length: 8 });
    expectCode(() => memory.discard(0, 0x1000), "INVALID_GUEST_ADDRESS", { address: 0, length: 0x1000 });
    expectCode(() => memory.discard(0x3000, 0x5000), "PARTIAL_BUFFER", { address: 0x3000, length: 0x5000 });
    expectCode(() => memory.discard(0x9000, 2 ** 53 - 1), "PARTIAL_BUFFER", { address: 0x9000, length: 2 ** 53 - 1 });
    expect(thrownBy(() => memory.discard(-1, 1))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.discard(0x3000, 0.5))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => memory.discard("0" as never, 1))).toBeInstanceOf(TypeError);
    memory.discard(0x9999_9999, 0);
  });
  const top = GuestMemory.fromRangesSync([[2n ** 64n - 0x2000n, 0x2000]], { addresses: "bigint" });
  top.fill(2n ** 64n - 0x2000n, 9, 0x2000);
  expectCode(() => top.discard(2n ** 64n - 1n, 2), "GUEST_ADDRESS_OVERFLOW", { address: 2n ** 64n - 1n, length: 2 });
  top.discard(2n ** 64n - 0x1001n, 0x1001);
  expect([top.readUint8(2n ** 64n - 0x1002n), top.readUint8(2n ** 64n - 1n)]).toEqual([9, 0]);
  top.writeUint8(2n ** 64n - 1n, 3);
  expect(top.readBigUint64(2n ** 64n - 8n)).toBe(3n << 56n);
  memory.dispose();
  expectCode(() => memory.discard(GONE, 1), "DISPOSED");
});
