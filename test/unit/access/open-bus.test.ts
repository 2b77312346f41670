// The open bus: ranges that run into holes, which `onUnmapped` serves in parts, and handlers that map on demand.
import { expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, type MappedRegion, type OnUnmapped } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched, thrownBy } from "../support.ts";

/** Memory up to 0x17ff; a device of single bytes at 0x1820; a hole around. */
async function board(): Promise<{ memory: GuestMemory; calls: unknown[][] }> {
  const calls: unknown[][] = [];
  const memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x1800 },
    {
      kind: "mmio",
      start: 0x1820,
      size: 2,
      device: {
        read8: (at) => {
          calls.push(["read8", at]);
          return 0xd0;
        },
        write8: (...all) => void calls.push(["write8", ...all]),
      },
    },
    { kind: "ram", start: 0x1822, size: 0xe },
  ]);
  memory.onUnmapped = {
    read: (address, size) => {
      calls.push(["read", address, size]);
      return size === 8 ? 0x8877_6655_4433_2211n : 0x4433_2211;
    },
    write: (...all) => void calls.push(["write", ...all]),
  };
  return { memory, calls };
}

/** From three bytes of memory to one of the second region, by way of a hole and a device. */
const START = 0x17fd;
const LENGTH = 0x26;
const PARTS = [
  [0x1800, 8],
  [0x1808, 8],
  [0x1810, 8],
  [0x1818, 8],
] as const;
const READ = [...[1, 2, 3], ...PARTS.flatMap(() => Array.from(counting(8), (byte) => 0x11 * byte)), ...[0xd0, 0xd0, 9]];

const READS: Record<string, (memory: GuestMemory) => Uint8Array> = {
  readBytes: (memory) => memory.readBytes(START, LENGTH),
  readSlice: (memory) => {
    const into = new Uint8Array(LENGTH);
    memory.readSlice(START, into);
    return into;
  },
  copyWithin: (memory) => {
    memory.copyWithin(0x100, START, LENGTH);
    return memory.readBytes(0x100, LENGTH);
  },
  copyFrom: (memory) => {
    using other = GuestMemory.fromRangesSync([[0, 0x1000]]);
    other.copyFrom(0x100, memory, START, LENGTH);
    return other.readBytes(0x100, LENGTH);
  },
  dma: (memory) => {
    const into = new Uint8Array(LENGTH);
    memory.dma(START, LENGTH, "read").read(0, into);
    return into;
  },
};

for (const [name, read] of Object.entries(READS)) {
  for (const watched of [false, true]) {
    test(`${name} asks for a hole in aligned parts of at most 8 bytes, ascending${watched ? ", watched" : ""}`, async () => {
      const { memory, calls } = await board();
      memory.writeSlice(START, counting(3));
      memory.writeUint8(0x1822, 9);
      const seen: unknown[] = [];
      if (watched) memory.watch(0x1804, 4, { read: true }, ({ value }) => seen.push(value));
      expect([...read(memory)]).toEqual(READ);
      expect(calls).toEqual([...PARTS.map((part) => ["read", ...part]), ["read8", 0], ["read8", 1]]);
      expect(seen).toEqual(watched ? [Uint8Array.of(0x55, 0x66, 0x77, 0x88)] : []);
      memory.dispose();
    });
  }
}

const WRITES: Record<string, (memory: GuestMemory, bytes: Uint8Array) => void> = {
  writeSlice: (memory, bytes) => memory.writeSlice(START, bytes),
  copyWithin: (memory, bytes) => {
    memory.writeSlice(0x100, bytes);
    memory.copyWithin(START, 0x100, bytes.length);
  },
  copyFrom: (memory, bytes) => {
    using other = GuestMemory.fromRangesSync([[0, 0x1000]]);
    other.writeSlice(0, bytes);
    memory.copyFrom(START, other, 0, bytes.length);
  },
  dma: (memory, bytes) => memory.dma(START, bytes.length, "write").write(0, bytes),
};

for (const [name, write] of Object.entries(WRITES)) {
  test(`${name} gives a hole its bytes in the same parts`, async () => {
    const { memory, calls } = await board();
    write(memory, counting(LENGTH));
    const value = (first: number) => counting(8, first).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    expect(calls).toEqual([
      ...PARTS.map(([address, size], index) => ["write", address, size, value(4 + 8 * index)]),
      ["write8", 0, 36, name === "dma" ? "dma" : "cpu"],
      ["write8", 1, 37, name === "dma" ? "dma" : "cpu"],
    ]);
    expect([...memory.peek(START, 3).bytes, ...memory.peek(0x1822, 2).bytes]).toEqual([1, 2, 3, 38, 0]);
    memory.dispose();
  });
}

test("fill, and DMA's scalars, in the same parts", async () => {
  const { memory, calls } = await board();
  memory.fill(0x1805, 0xab, 9);
  expect(calls.splice(0)).toEqual([
    ["write", 0x1805, 1, 0xab],
    ["write", 0x1806, 2, 0xabab],
    ["write", 0x1808, 4, 0xabab_abab],
    ["write", 0x180c, 2, 0xabab],
  ]);
  const [reading, writing] = [memory.dma(START, 16, "read"), memory.dma(START, 16, "write")];
  expect([reading.readUint32(3), reading.readBigUint64(3)]).toEqual([0x4433_2211, 0x8877_6655_4433_2211n]);
  expect(reading.readUint16(2)).toBe(0x1100); // a byte of memory, and one of the hole
  writing.writeUint32(4, 0x0403_0201);
  expect(calls).toEqual([
    ["read", 0x1800, 4],
    ["read", 0x1800, 8],
    ["read", 0x1800, 1],
    ["write", 0x1801, 1, 1],
    ["write", 0x1802, 2, 0x0302],
    ["write", 0x1804, 1, 4],
  ]);
  memory.dispose();
});

test("calls that stop early, need memory, or only look ask nobody", async () => {
  const { memory, calls } = await board();
  const into = new Uint8Array(8);
  expect([memory.read(0x17fc, into), memory.write(0x17fc, into)]).toEqual([4, 4]);
  const at = { address: 0x17fc, length: 8 };
  expectUntouched(memory, () => {
    for (const act of [
      () => memory.compare(0x17fc, 0, 8),
      () => memory.indexOf(into, 0x17fc, 8),
      () => memory.view(0x17fc, 8),
      () => memory.views(0x17fc, 8),
      () => memory.poke(0x17fc, into),
      () => memory.markDirty(0x17fc, 8),
      () => memory.discard(0x17fc, 8),
    ]) {
      expectCode(act, "PARTIAL_BUFFER", at);
    }
    expectCode(() => memory.load32(0x1804), "INVALID_GUEST_ADDRESS", { address: 0x1804, length: 4 });
    expectCode(() => memory.read(0x1804, into), "INVALID_GUEST_ADDRESS", { address: 0x1804, length: 8 });
    expect(memory.checkRange(0x17fc, 8)).toBe(false);
    expect([...memory.peek(0x17fc, 8).known]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });
  expect(calls).toEqual([]);
  memory.dispose();
});

test("a part without an answer is the range's error; what came before is counted, and read", async () => {
  const { memory } = await board();
  memory.writeSlice(START, counting(3));
  const whole = { address: START, length: LENGTH };
  memory.onUnmapped = { read: (address) => (address < 0x1810 ? 7n : undefined) };
  for (const act of [
    (into: Uint8Array) => memory.readSlice(START, into),
    (into: Uint8Array) => memory.dma(START, LENGTH, "read").read(0, into),
  ]) {
    const into = new Uint8Array(LENGTH).fill(0xa5);
    expect(expectCode(() => act(into), "PARTIAL_BUFFER", whole).completed).toBe(0x13);
    expect([...into]).toEqual([
      ...[1, 2, 3, 7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0],
      ...new Array(LENGTH - 0x13).fill(0xa5),
    ]);
  }
  memory.onUnmapped = { read: () => undefined };
  const { completed } = expectCode(() => memory.readBytes(0x1800, 8), "INVALID_GUEST_ADDRESS", {
    address: 0x1800,
    length: 8,
  });
  expect(completed).toBeUndefined();
  // Without a handler for writes nothing is written at all.
  expectUntouched(memory, () => {
    expectCode(() => memory.writeSlice(START, counting(LENGTH)), "PARTIAL_BUFFER", whole);
    expectCode(() => memory.dma(START, LENGTH, "write"), "PARTIAL_BUFFER", whole);
  });
  memory.dispose();
});

test("what the handler throws passes through if it was the only part; else it is a cause", async () => {
  const { memory } = await board();
  const error = new Error("bus");
  const failing: OnUnmapped = {
    read: (address) => {
      if (address >= 0x1808) throw error;
      return 0n;
    },
    write: (address) => {
      if (address >= 0x1808) throw error;
    },
  };
  memory.onUnmapped = failing;
  expect(thrownBy(() => memory.readBytes(0x1808, 8))).toBe(error);
  expect(thrownBy(() => memory.fill(0x1808, 1, 4))).toBe(error);
  for (const act of [() => memory.readBytes(START, LENGTH), () => memory.fill(START, 1, LENGTH)]) {
    expect(thrownBy(act)).toMatchObject({ code: "HANDLER_FAILED", completed: 11, cause: error, address: START });
  }
  for (const answer of ["7", null, Number.NaN, 0.5]) {
    memory.onUnmapped = { read: () => answer as number };
    expect(thrownBy(() => memory.readBytes(0x1800, 8))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => memory.readBytes(0x1800, 16))).toMatchObject({ code: "HANDLER_FAILED", completed: 0 });
  }
  memory.onUnmapped = {
    read() {
      memory.dispose();
      return 0n;
    },
  };
  expectCode(() => memory.readBytes(START, LENGTH), "DISPOSED");
});

test("bytes that are forbidden or ROM behind a hole fail before a handler is asked", async () => {
  const { memory, calls } = await board();
  memory.map({ kind: "rom", start: 0x2000, size: 0x1000 });
  memory.map({ kind: "ram", start: 0x3000, size: 0x1000 });
  memory.protect(0x3000, 0x1000, "---");
  const [rom, forbidden] = [new Uint8Array(0x1000), new Uint8Array(0x2000)];
  for (const write of [
    (bytes: Uint8Array) => memory.writeSlice(0x1804, bytes),
    (bytes: Uint8Array) => memory.fill(0x1804, 1, bytes.length),
    (bytes: Uint8Array) => memory.copyWithin(0x1804, 0, bytes.length),
    (bytes: Uint8Array) => memory.dma(0x1804, bytes.length, "write"),
  ]) {
    expectCode(() => write(rom), "READ_ONLY", { address: 0x1804, length: 0x1000 });
  }
  for (const act of [() => memory.fill(0x1804, 1, 0x2000), () => memory.readSlice(0x1804, forbidden)]) {
    const error = expectCode(act, "PERMISSION_DENIED", { address: 0x1804, length: 0x2000 });
    expect(error.message).toContain("0x3000");
  }
  expect(calls).toEqual([]);
  memory.dispose();
});

test("a range with an address that is not exact, or past 2^64, asks nobody", async () => {
  const { memory, calls } = await board();
  expectCode(() => memory.readBytes(2 ** 53 - 4, 8), "INVALID_GUEST_ADDRESS", { address: 2 ** 53 - 4, length: 8 });
  expect(memory.readBytes(2 ** 53 - 8, 8).length).toBe(8);
  expect(calls).toEqual([["read", 2 ** 53 - 8, 8]]);
  using wide = await GuestMemory.create([], { addresses: "bigint" });
  const asked: bigint[] = [];
  wide.onUnmapped = { read: (address) => BigInt(asked.push(address)) };
  const last = 2n ** 64n - 8n;
  expect(wide.readBytes(last, 8).length).toBe(8);
  expectCode(() => wide.readBytes(last, 9), "INVALID_GUEST_ADDRESS", { address: last, length: 9 });
  expect(asked).toEqual([last]);
  memory.dispose();
});

test("a range with more than 16 MiB in holes asks nobody", async () => {
  const { memory, calls } = await board();
  const [start, most] = [0x10_0000, 1 << 24];
  memory.map({ kind: "mmio", start: start + most, size: 8, device: { peek: () => undefined } });
  const range = { address: start, length: most + 16 };
  expectCode(() => memory.fill(start, 0, range.length), "INVALID_GUEST_ADDRESS", range);
  for (const length of [2 ** 40, 2 ** 52]) {
    const far = { address: start, length };
    expectCode(() => memory.fill(start, 0, length), "INVALID_GUEST_ADDRESS", far);
    expectCode(() => memory.readBytes(start, length), "INVALID_GUEST_ADDRESS", far);
    expectCode(() => memory.copyWithin(0, start, length), "INVALID_GUEST_ADDRESS", far);
    expectCode(() => memory.dma(start, length, "write"), "INVALID_GUEST_ADDRESS", far);
  }
  expect(calls).toEqual([]);
  memory.onUnmapped = { write: () => void calls.push([]) };
  memory.fill(start, 0, most);
  expect(calls.length).toBe(most / 8);
  memory.dispose();
});

test("a handler that maps the page is retried: the range sees the memory, and asks no more for it", async () => {
  for (const kind of ["ram", "external"] as const) {
    const { memory, calls } = await board();
    const demand = (address: number) => {
      calls.push([address]);
      const page = { start: 0x2000, size: 0x1000 };
      const bytes = new Uint8Array(0x1000).fill(0x66);
      memory.map(kind === "ram" ? { kind, ...page, contents: bytes } : { kind, ...page, source: bytes.buffer });
    };
    const bus = { read: (address: number) => (address < 0x2000 ? 0n : demand(address)), write: demand } as OnUnmapped;
    const fresh = () => {
      for (const region of memory.mapped) if (region.start === 0x2000) memory.unmap(region);
      memory.onUnmapped = bus;
    };
    fresh();
    expect([...memory.readBytes(0x1ff8, 0x10)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, ...new Array(8).fill(0x66)]);
    fresh();
    memory.writeSlice(0x2004, counting(16));
    expect([...memory.readBytes(0x2003, 18)]).toEqual([0x66, ...counting(16), 0x66]);
    fresh();
    memory.fill(0x2ff0, 7, 0x10);
    expect([...memory.readBytes(0x2fef, 17)]).toEqual([0x66, ...new Array(16).fill(7)]);
    fresh();
    memory.copyWithin(0x100, 0x2001, 4);
    expect(memory.readUint32(0x100)).toBe(0x6666_6666);
    fresh();
    memory.dma(0x2000, 8, "write").writeUint32(4, 9);
    expect(memory.dma(0x2000, 8, "read").readBigUint64(0)).toBe(0x9_6666_6666n);
    expect(calls).toEqual([[0x2000], [0x2004], [0x2ff0], [0x2001], [0x2004]]);
    memory.dispose();
  }
});

test("a handler that maps ROM for a write is refused as ROM", async () => {
  const { memory } = await board();
  memory.onUnmapped = { write: () => void memory.map({ kind: "rom", start: 0x2000, size: 0x1000 }) };
  const error = thrownBy(() => memory.fill(0x2000, 1, 16));
  expect(error).toBeInstanceOf(GuestMemoryError);
  expect(error).toMatchObject({ code: "READ_ONLY", address: 0x2000, length: 16, completed: undefined });
});

test("a handler that maps the bytes of a scalar is retried, once: the access is made on what it has mapped", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const calls: unknown[] = [];
  const contents = new Uint8Array(0x1000).fill(0x66);
  const demand = (address: number) => {
    calls.push(address);
    memory.map({ kind: "ram", name: "page", start: (address + 2) & ~0xfff, size: 0x1000, contents });
  };
  memory.onUnmapped = { read: demand as () => undefined, write: demand };
  const accesses: [(at: number) => unknown, unknown][] = [
    [(at) => memory.readUint8(at), 0x66],
    [(at) => memory.readInt16BE(at), 0x6666],
    [(at) => memory.readBigUint64(at), 0x6666_6666_6666_6666n],
    [(at) => memory.readFloat32(at), new DataView(contents.buffer).getFloat32(0)],
    [(at) => memory.fetchUint32(at), 0x6666_6666],
    [(at) => memory.readUint32(BigInt(at)), 0x6666_6666],
    [(at) => memory.writeUint8(at, 1), 0x6666_6601],
    [(at) => memory.writeUint32(at, 0x0403_0201), 0x0403_0201],
    [(at) => memory.writeBigUint64(at, 5n), 5],
    [(at) => memory.writeUint16BE(at, 5), 0x6666_0500],
  ];
  const seen: unknown[] = [];
  for (const watched of [false, true]) {
    if (watched) {
      memory.watch(0x2008, 8, { read: true, write: true, execute: true }, ({ value, oldValue }) => {
        seen.push([value, oldValue]);
      });
    }
    for (const [act, expected] of accesses) {
      const result = act(0x2008);
      expect(result ?? memory.readUint32(0x2008)).toBe(expected);
      expect(calls.splice(0)).toEqual([0x2008]);
      memory.unmap(memory.region("page") as MappedRegion);
    }
  }
  expect(seen.slice(0, 2)).toEqual([
    [0x66, undefined],
    [0x6666, undefined],
  ]);
  // The rest of an access that begins in memory.
  expect(memory.readUint32(0xffe)).toBe(0x6666_0000);
  memory.unmap(memory.region("page") as MappedRegion);
  memory.writeUint32(0xffe, 0x0403_0201);
  expect([memory.readUint16(0xffe), memory.readUint16(0x1000)]).toEqual([0x0201, 0x0403]);
  // A device that it maps.
  memory.onUnmapped = {
    read: () => void memory.map({ kind: "mmio", start: 0x9000, size: 16, device: { read: () => 7 } }),
  };
  expect(memory.readUint32(0x9000)).toBe(7);
});

test("a handler that maps other bytes, or forbidden ones, is not retried", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  memory.onUnmapped = { read: (address) => void memory.map({ kind: "ram", start: address + 0x1000, size: 16 }) };
  expectCode(() => memory.readUint8(0x2000), "INVALID_GUEST_ADDRESS", { address: 0x2000, length: 1 });
  memory.onUnmapped = {
    write: (address) => {
      memory.map({ kind: "rom", start: address, size: 16 });
    },
  };
  memory.writeUint8(0x6000, 1); // the handler took it
  expect(memory.readUint8(0x6000)).toBe(0);
  memory.protect(0, 0x1000, "r--");
  memory.onDenied = { write: () => memory.protect(0, 0x1000, "rw-") };
  memory.writeUint8(0, 1);
  expect(memory.readUint8(0)).toBe(0);
});

test("a read that the handler has answered is not made again, whatever it has mapped", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const calls: number[] = [];
  const device = {
    read: (offset: number, size: number) => (size === 8 ? BigInt(calls.push(offset)) : calls.push(offset)),
  };
  memory.onUnmapped = {
    read: (address) => {
      memory.map({ kind: "mmio", start: address, size: 16, device });
      return 77n;
    },
  };
  expect([
    memory.readUint32(0x2000),
    memory.readBytes(0x3000, 4)[0],
    memory.dma(0x4000, 8, "read").readUint8(0),
  ]).toEqual([77, 77, 77]);
  expect(calls).toEqual([]);
});
