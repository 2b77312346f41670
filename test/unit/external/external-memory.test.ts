// Regions of the kind `external`: memory of another owner, which moves, grows and goes away under the region.
import { type ExternalSource, GuestMemory, GuestMemoryError } from "guest-memory";
import { describe, expect, test } from "vitest";

const PAGE = 0x1_0000;
const START = 0x1000;
const OFFSET = 0x234;
const SIZE = 0x3000;

/** The kinds of sources, and what makes their buffer another one, with the same bytes. */
const kinds: { name: string; make: () => { source: ExternalSource; change: () => void; bytes: () => Uint8Array } }[] = [
  {
    name: "WebAssembly.Memory",
    make() {
      const source = new WebAssembly.Memory({ initial: 1 });
      return { source, change: () => void source.grow(1), bytes: () => new Uint8Array(source.buffer) };
    },
  },
  {
    name: "shared WebAssembly.Memory",
    make() {
      const source = new WebAssembly.Memory({ initial: 1, maximum: 64, shared: true });
      return { source, change: () => void source.grow(1), bytes: () => new Uint8Array(source.buffer) };
    },
  },
  {
    name: "ArrayBuffer",
    make() {
      const source = new ArrayBuffer(PAGE);
      return { source, change() {}, bytes: () => new Uint8Array(source) };
    },
  },
  {
    name: "SharedArrayBuffer",
    make() {
      const source = new SharedArrayBuffer(PAGE);
      return { source, change() {}, bytes: () => new Uint8Array(source) };
    },
  },
  {
    name: "resizable ArrayBuffer",
    make() {
      const source = new ArrayBuffer(PAGE, { maxByteLength: 4 * PAGE } as object);
      const change = () => (source as unknown as { resize(bytes: number): void }).resize(2 * PAGE);
      return { source, change, bytes: () => new Uint8Array(source) };
    },
  },
  {
    name: "function",
    make() {
      let buffer = new ArrayBuffer(PAGE);
      const change = () => {
        buffer = buffer.slice(0); // the old one is not detached
      };
      return { source: () => buffer, change, bytes: () => new Uint8Array(buffer) };
    },
  },
];

/** RAM, external memory and a device, one behind the other. */
async function machine(source: ExternalSource) {
  const written: number[] = [];
  return {
    written,
    memory: await GuestMemory.create([
      { kind: "ram", name: "ours", start: 0, size: START },
      { kind: "external", name: "theirs", start: START, source, offset: OFFSET, size: SIZE },
      {
        kind: "mmio",
        name: "device",
        start: START + SIZE,
        size: 0x1000,
        device: { read8: (offset) => offset & 0xff, write8: (_offset, value) => void written.push(value) },
      },
    ]),
  };
}

const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (error instanceof GuestMemoryError) return error.code;
    throw error;
  }
  return "nothing was thrown";
};

const pattern = (length: number) => Uint8Array.from({ length }, (_, index) => (index % 251) + 1);

describe.each(kinds)("$name", ({ make }) => {
  test("scalars of every size, through every change of the buffer", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    for (const address of [START, START + 1, START + 0xfff, START + 0x1ffe, START + SIZE - 16]) {
      const at = address - START + OFFSET;
      memory.writeUint8(address, 0x81);
      expect(bytes()[at]).toBe(0x81);
      expect([memory.readUint8(address), memory.readInt8(address)]).toEqual([0x81, -127]);
      change();
      memory.writeUint16(address, 0x8182);
      expect([memory.readUint16(address), memory.readInt16(address)]).toEqual([0x8182, 0x8182 - 0x1_0000]);
      memory.writeUint32(address, 0x8182_8384);
      expect([...bytes().slice(at, at + 4)]).toEqual([0x84, 0x83, 0x82, 0x81]);
      expect([memory.readUint32(address), memory.readUint32BE(address)]).toEqual([0x8182_8384, 0x8483_8281]);
      memory.writeBigUint64(address, 0x8182_8384_8586_8788n);
      expect(memory.readBigUint64(address)).toBe(0x8182_8384_8586_8788n);
      memory.writeFloat64(address, -1.5);
      expect([memory.readFloat64(address), memory.fetchUint8(address + 7)]).toEqual([-1.5, 0xbf]);
    }
    memory.dispose();
  });

  test("accesses that cross into RAM and into a device", async () => {
    const { source, change, bytes } = make();
    const { memory, written } = await machine(source);
    memory.writeUint32(START - 2, 0x0102_0304);
    change();
    expect(memory.readUint32(START - 2)).toBe(0x0102_0304);
    expect([...bytes().slice(OFFSET, OFFSET + 2)]).toEqual([2, 1]);
    memory.writeUint32(START + SIZE - 2, 0x0506_0708);
    expect(written).toEqual([6, 5]);
    expect(memory.readUint32(START + SIZE - 2)).toBe(0x0100_0708);
    memory.dispose();
  });

  test("bulk: copies of every length and place", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    const all = pattern(SIZE);
    memory.writeSlice(START, all);
    expect(bytes().slice(OFFSET, OFFSET + SIZE)).toEqual(all);
    change();
    expect(memory.readBytes(START, SIZE)).toEqual(all);
    const into = new Uint8Array(SIZE);
    expect(memory.read(START, into)).toBe(SIZE);
    expect(into).toEqual(all);
    memory.writeSlice(START - 0x100, pattern(0x200));
    expect(memory.readBytes(START - 0x100, 0x200)).toEqual(pattern(0x200));
    expect(bytes()[OFFSET]).toBe((0x100 % 251) + 1);
    expect(memory.write(START + SIZE - 4, pattern(8))).toBe(8);
    // Bytes beside the region stay.
    expect([bytes()[OFFSET - 1], bytes()[OFFSET + SIZE]]).toEqual([0, 0]);
    memory.dispose();
  });

  test("fill, copies to and from RAM, compare, search", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    memory.fill(START + 0x10, 0x1ee, 0x20);
    expect([...bytes().slice(OFFSET + 0xf, OFFSET + 0x11)]).toEqual([0, 0xee]);
    memory.fill(START - 1, 7, 2);
    expect([memory.readUint8(START - 1), memory.readUint8(START)]).toEqual([7, 7]);
    memory.writeSlice(0x100, pattern(0x100));
    change();
    memory.copyWithin(START + 0x800, 0x100, 0x100);
    expect(bytes().slice(OFFSET + 0x800, OFFSET + 0x900)).toEqual(pattern(0x100));
    memory.copyWithin(START + 0x810, START + 0x800, 0x100); // overlapping
    expect(memory.readBytes(START + 0x810, 0x100)).toEqual(pattern(0x100));
    memory.copyWithin(START - 0x80, START + 0x810, 0x100); // into RAM and its own memory
    expect(memory.readBytes(START - 0x80, 0x100)).toEqual(pattern(0x100));
    const client = memory.dirty.client("reader");
    memory.copyWithin(0x400, START + 0x810, 0x10);
    expect(client.collect()).toEqual([[0, 0x1000]]);
    expect(memory.compare(0x400, START + 0x810, 0x10)).toBe(0);
    memory.writeUint8(START + 0x81f, 0xff);
    expect([memory.compare(0x400, START + 0x810, 0x10), memory.compare(START + 0x810, 0x400, 0x10)]).toEqual([-1, 1]);
    const marker = new TextEncoder().encode("across the boundary");
    memory.writeSlice(START - 5, marker);
    change();
    expect(memory.indexOf(marker, 0, START + SIZE)).toBe(START - 5);
    memory.writeSlice(START + 0x1234, marker);
    expect(memory.indexOf(marker, START - 4, SIZE)).toBe(START + 0x1234);
    expect(memory.indexOf(marker, START + 0x1235, SIZE - 0x1235)).toBe(-1);
    memory.dispose();
  });

  test("views, poke, peek and DMA", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    const heard: unknown[] = [];
    memory.onHostWrite = (address, length) => void heard.push([address, length]);
    memory.poke(START + 4, pattern(8));
    expect(bytes().slice(OFFSET + 4, OFFSET + 12)).toEqual(pattern(8));
    expect(heard).toEqual([[START + 4, 8]]);
    const view = memory.view(START + 4, 8);
    expect(view).toEqual(pattern(8));
    view[0] = 99;
    expect(memory.readUint8(START + 4)).toBe(99);
    change();
    expect(memory.views(START - 4, 8).map((part) => [...part])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(codeOf(() => memory.view(START - 4, 8))).toBe("CROSSES_REGIONS");
    expect(codeOf(() => memory.view(START + SIZE - 4, 8))).toBe("NOT_MEMORY");
    const { bytes: peeked, known } = memory.peek(START + SIZE - 2, 4);
    expect([[...peeked], [...known]]).toEqual([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
    ]);
    memory.dma(START, 0x100, "write").write(0x10, pattern(4));
    const into = new Uint8Array(4);
    memory.dma(START, 0x100, "read").read(0x10, into);
    expect(into).toEqual(pattern(4));
    memory.markDirty(START - 4, 8);
    expect(heard.at(-1)).toEqual([START - 4, 8]);
    memory.dispose();
  });

  test("atomics, at multiples of their size there", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    memory.store32(START + 4, 40);
    change();
    expect(memory.add32(START + 4, 2)).toBe(40);
    expect(memory.load32(START + 4)).toBe(42);
    expect(bytes()[OFFSET + 4]).toBe(42);
    expect(memory.compareExchange16(START + 4, 42, 7)).toBe(42);
    expect(memory.exchange8(START + 4, 8)).toBe(7);
    expect(codeOf(() => memory.add64(START + 8, 1n))).toBe("MISALIGNED"); // its bytes are at 0x23c
    memory.map({ kind: "external", start: 0x8000, source, offset: 0x8000, size: 0x1000 });
    expect(memory.add64(0x8008, 0x1_0000_0001n)).toBe(0n);
    expect(memory.load64(0x8008)).toBe(0x1_0000_0001n);
    expect(codeOf(() => memory.add32(START + 2, 1))).toBe("MISALIGNED");
    expect(codeOf(() => memory.load32(START + SIZE))).toBe("NOT_MEMORY");
    memory.dispose();
  });

  test("watches, protection, aliases, other spaces, moves", async () => {
    const { source, change, bytes } = make();
    const { memory } = await machine(source);
    memory.writeUint32(START + 0x10, 5);
    const seen: unknown[] = [];
    const watch = memory.watch(
      START + 0x10,
      4,
      { write: true, read: true },
      ({ kind, address, size, value, oldValue }) => {
        seen.push([kind, address, size, value, oldValue]);
      },
    );
    memory.writeUint32(START + 0x10, 6);
    memory.readUint16(START + 0x10);
    memory.writeUint8(START + 0x14, 1);
    expect(seen).toEqual([
      ["write", START + 0x10, 4, 6, 5],
      ["read", START + 0x10, 2, 6, undefined],
    ]);
    watch.dispose();
    memory.protect(START, 0x1000, "r--");
    expect(codeOf(() => memory.writeUint8(START + 0x10, 1))).toBe("PERMISSION_DENIED");
    expect(codeOf(() => memory.fetchUint8(START + 0x10))).toBe("PERMISSION_DENIED");
    expect(memory.readUint8(START + 0x10)).toBe(6);
    expect(memory.view(START, SIZE).length).toBe(SIZE); // the host's
    memory.protect(START, 0x1000, "rwx");
    change();
    memory.map({ kind: "alias", name: "again", start: 0x10_0001, of: "theirs", offset: 0x10, size: 0x100 });
    memory.writeUint32(0x10_0001, 9);
    expect(bytes()[OFFSET + 0x10]).toBe(9);
    const theirs = memory.region("theirs");
    const bus = memory.space([{ kind: "alias", start: 2 ** 40, of: theirs as never }]);
    expect(bus.readUint32(2 ** 40 + 0x10)).toBe(9);
    theirs?.move(0x20_0000);
    expect(memory.readUint32(0x20_0010)).toBe(9);
    expect(codeOf(() => memory.readUint32(START + 0x10))).toBe("INVALID_GUEST_ADDRESS");
    theirs?.disable();
    expect(codeOf(() => memory.readUint32(0x20_0010))).toBe("INVALID_GUEST_ADDRESS");
    bus.dispose();
    memory.dispose();
  });

  test("it is memory in every list", async () => {
    const { source } = make();
    const { memory } = await machine(source);
    expect(memory.regions.map(({ start, size }) => [start, size])).toEqual([
      [0, START],
      [START, SIZE],
    ]);
    expect(memory.lastAddress).toBe(START + SIZE - 1);
    expect(memory.checkRange(0, START + SIZE)).toBe(true);
    expect(memory.checkRange(0, START + SIZE + 1)).toBe(false);
    expect(memory.findRegion(START + 5)?.start).toBe(START);
    expect(memory.tree()).toContain("0000000000001000-0000000000003fff (prio 0, ram): theirs");
    expect(memory.toJSON().regions[1]).toMatchObject({ kind: "external", name: "theirs", start: START, size: SIZE });
    expect(memory.toJSON().flat[1]).toMatchObject({ kind: "external", region: "theirs" });
    expect(memory.hostOffset(START, 4, "read")).toBe(undefined);
    memory.dispose();
  });
});

test("search and comparison of more than is looked at at once", async () => {
  const size = 0xa_0000;
  const source = new ArrayBuffer(size);
  const theirs = new Uint8Array(source);
  const memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x1_0000 },
    { kind: "external", start: 0x1_0000, source },
    { kind: "ram", start: 0x1_0000 + size, size: 0x1_0000 },
  ]);
  const marker = new TextEncoder().encode("a needle in two parts");
  const all = 0x2_0000 + size;
  for (let cut = 1; cut < marker.length; cut++) {
    // The search looks at 256 KiB at once, and begins at 0.
    theirs.fill(0);
    theirs.set(marker, 0x4_0000 - 0x1_0000 - cut);
    expect(memory.indexOf(marker, 0, all)).toBe(0x4_0000 - cut);
    expect(memory.indexOf(marker, 0x1_0000, size)).toBe(0x4_0000 - cut);
  }
  expect(memory.indexOf(marker, 0x1_0000, 0x3_0000)).toBe(-1); // it ends behind that
  const long = pattern(0x1_8000);
  theirs.fill(0);
  memory.writeSlice(0x9_8000, long); // into RAM
  expect(memory.indexOf(long, 0, all)).toBe(0x9_8000);
  memory.writeUint8(0xa_0000 + 0x7fff, 0);
  expect(memory.indexOf(long, 0, all)).toBe(-1);
  expect(memory.indexOf(new Uint8Array(0), 0x1_0005, 5)).toBe(0x1_0005);
  memory.fill(0x1_0000, 7, size);
  expect(memory.compare(0x1_0000, 0x1_0001, size - 1)).toBe(0);
  theirs[0x9_0000] = 8;
  expect(memory.compare(0x1_0000, 0x1_0001, size - 1)).toBe(-1);
  expect(memory.compare(0x1_0001, 0x1_0000, size - 1)).toBe(1);
  memory.dispose();
});

describe("where external memory lies is remembered", () => {
  const source = new ArrayBuffer(0x8_0000);
  new Uint8Array(source).fill(0x5a);

  test("for no address but its own: none with a fraction, or 2^32 further on", () => {
    using memory = GuestMemory.createSync([{ kind: "external", start: START, source }]);
    memory.writeUint32(START, 1);
    for (const access of [memory.readUint32, memory.readUint16, memory.readInt8, memory.readFloat64]) {
      expect(() => access(START + 0.5)).toThrow(RangeError);
      expect(() => access(Number.NaN)).toThrow(RangeError);
      expect(() => access(-START)).toThrow(RangeError);
      expect(() => access(START + 2 ** 32)).toThrow(expect.objectContaining({ code: "INVALID_GUEST_ADDRESS" }));
    }
    for (const access of [memory.writeUint32, memory.writeUint16, memory.writeInt8, memory.writeFloat64]) {
      expect(() => access(START + 0.5, 7)).toThrow(RangeError);
      expect(() => access(START + 2 ** 32, 7)).toThrow(expect.objectContaining({ code: "INVALID_GUEST_ADDRESS" }));
    }
    expect(new Uint32Array(source, 0, 2)).toEqual(Uint32Array.of(1, 0x5a5a_5a5a));
  });

  test("for numbers that say an address exactly", () => {
    const start = 2 ** 53 - 0x4_0000; // the page at 2^53 shares its slot
    using memory = GuestMemory.createSync([{ kind: "external", start: BigInt(start), source }], {
      addresses: "bigint",
    });
    expect(memory.readUint8(start + 0x1234)).toBe(0x5a);
    memory.writeUint8(start, 1);
    expect(memory.readUint8(start)).toBe(1);
    expect(memory.readUint8(2n ** 53n)).toBe(0x5a);
    expect(() => memory.readUint8(2 ** 53)).toThrow(RangeError);
    expect(() => memory.read(2 ** 53, new Uint8Array(0))).toThrow(RangeError);
    memory.writeUint16(2 ** 53 - 1, 0x0807); // the address is exact, and so is where it ends
    expect(memory.readUint8(2n ** 53n)).toBe(8);
  });

  test("beyond 2 GiB as well, into the external memory and in guest addresses", () => {
    const far = 0xf000_0000;
    using memory = GuestMemory.createSync([
      { kind: "external", start: far, source, offset: 0x100 },
      { kind: "external", name: "further", start: 2 ** 40, source, offset: 0x100, size: 0x1000 },
    ]);
    for (const start of [far, 2 ** 40]) {
      for (let round = 0; round < 2; round++) {
        memory.writeUint32(start + 4, 0xfedc_ba98);
        expect(memory.readUint32(start + 4)).toBe(0xfedc_ba98);
        expect(memory.readUint8(start + 5)).toBe(0xba);
      }
      expect(new DataView(source).getUint32(0x104, true)).toBe(0xfedc_ba98);
    }
  });
});

test("what a device gives a function that gives the buffer is not taken for what is read", async () => {
  const buffer = new ArrayBuffer(0x1000);
  const device = { read32: () => -7, read64: () => -8n };
  let asked = 0;
  const source = () => {
    asked++;
    if (memory !== undefined) memory.readBigUint64(0x8000);
    return buffer;
  };
  let memory: GuestMemory | undefined;
  memory = await GuestMemory.create([
    { kind: "external", start: 0x1000, source },
    { kind: "mmio", start: 0x8000, size: 0x1000, device },
  ]);
  memory.writeBigUint64(0x1010, 6n);
  const before = asked;
  for (let round = 0; round < 2; round++) expect(memory.readBigUint64(0x1010)).toBe(6n);
  expect(asked).toBeGreaterThan(before);
  memory.dispose();
});

test("a search through external memory marks no page of anybody's", async () => {
  using memory = await GuestMemory.create([
    { kind: "external", start: 0x10_0000, size: 0x10_0000, source: new ArrayBuffer(0x10_0000) },
    { kind: "ram", start: 0, size: 0x10_0000 },
  ]);
  using client = memory.dirty.client("any");
  expect(memory.indexOf(Uint8Array.of(1, 2), 0x10_0000, 0x10_0000)).toBe(-1);
  expect(client.collect()).toEqual([]);
});

test("optimised code that has met arrays over resizable buffers still notices that another buffer is gone", async () => {
  const theirs = new WebAssembly.Memory({ initial: 1 });
  const resizable = new ArrayBuffer(0x1000, { maxByteLength: 0x2000 });
  using memory = await GuestMemory.create([
    { kind: "external", start: 0x1000, size: 0x1000, source: theirs },
    { kind: "external", start: 0x4000, size: 0x1000, source: resizable },
  ]);
  const bytes = new Uint8Array(16);
  const accesses: ((address: number) => unknown)[] = [
    (address) => memory.readUint32(address),
    (address) => memory.writeUint32(address, 5),
    (address) => memory.readFloat64(address),
    (address) => memory.readSlice(address, bytes),
    (address) => memory.writeSlice(address, bytes),
    (address) => memory.add32(address, 1),
    (address) => memory.peek(address, 4),
    (address) => memory.copyWithin(address + 0x100, address, 16),
    (address) => memory.fill(address, 1, 16),
    (address) => memory.view(address, 4),
  ];
  const all = (address: number) => {
    for (const access of accesses) access(address);
  };
  for (let times = 0; times < 20_000; times++) {
    all(0x1000);
    all(0x4000);
  }
  theirs.grow(1); // detaches
  all(0x1000);
  memory.writeUint32(0x1000, 7);
  expect(new Uint32Array(theirs.buffer)[0]).toBe(7);
  expect(memory.readUint32(0x1000)).toBe(7);
});
