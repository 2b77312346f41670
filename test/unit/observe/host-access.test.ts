// The kinds of access, never confused: the CPU's, the loader's (poke), the debugger's (peek), a device's (DMA).
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryError, init } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";

await init();

/** RAM, ROM, a device that answers a debugger, one that does not, flash; each read of a device changes it. */
function machine() {
  const asked: string[] = [];
  const register = (name: string, peek: boolean) => {
    let count = 0;
    return {
      read8: (offset: number, who: string) => {
        asked.push(`${name} r${offset} ${who}`);
        return ++count & 0xff;
      },
      write8: (offset: number, value: number, who: string) => void asked.push(`${name} w${offset}=${value} ${who}`),
      ...(peek ? { peek: (offset: number) => (offset < 4 ? 0x140 + count : undefined) } : {}),
    };
  };
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0x0000, size: 0x1000, contents: counting(0x1000) },
    { kind: "rom", name: "ROM", start: 0x1000, size: 0x1000, contents: counting(0x1000, 9) },
    { kind: "mmio", name: "open", start: 0x2000, size: 0x10, device: register("open", true) },
    { kind: "mmio", name: "closed", start: 0x2010, size: 0x10, device: register("closed", false) },
    {
      kind: "romDevice",
      name: "flash",
      start: 0x3000,
      size: 0x1000,
      contents: counting(16),
      device: register("flash", true),
    },
    { kind: "reserved", name: "hole", start: 0x4000, size: 0x1000 },
  ]);
  return { memory, asked };
}

test("poke reaches RAM, ROM and flash, whatever is protected or watched; no device; the whole range or nothing", () => {
  const { memory, asked } = machine();
  const host: unknown[] = [];
  memory.onHostWrite = (address, length) => void host.push([address, length]);
  memory.protect(0, 0x2000, "---");
  memory.watch(0, 0x5000, { read: true, write: true }, () => expect.unreachable());
  const client = memory.dirty.client("display");
  memory.poke(0xffe, Uint8Array.of(1, 2, 3, 4));
  memory.poke(0x3000, Uint8Array.of(7));
  expect([...memory.peek(0xffe, 4).bytes, ...memory.peek(0x3000, 1).bytes]).toEqual([1, 2, 3, 4, 7]);
  expect(host.splice(0)).toEqual([
    [0xffe, 4],
    [0x3000, 1],
  ]);
  expect(client.collect()).toEqual([
    [0, 0x2000],
    [0x3000, 0x1000],
  ]);
  const before = memory.peek(0, 0x5000);
  expectCode(() => memory.poke(0x1ffe, counting(4)), "NOT_MEMORY", { address: 0x1ffe, length: 4 });
  expectCode(() => memory.poke(0x2000, counting(1)), "NOT_MEMORY", { address: 0x2000, length: 1 });
  expectCode(() => memory.poke(0x3fff, counting(2)), "PARTIAL_BUFFER", { address: 0x3fff, length: 2 });
  expectCode(() => memory.poke(0x4000, counting(1)), "INVALID_GUEST_ADDRESS", { address: 0x4000, length: 1 });
  expect(thrownBy(() => memory.poke(0, [1] as never))).toBeInstanceOf(TypeError);
  memory.poke(0x9999, new Uint8Array(0)); // no bytes are anywhere
  expect([memory.peek(0, 0x5000), asked, host, client.collect()]).toEqual([before, [], [], []]);
});

test("poke and views of the memory itself", () => {
  const { memory } = machine();
  memory.poke(0x10, memory.view(0x0c, 8)); // it overlaps
  expect([...memory.readBytes(0x0c, 12)]).toEqual([13, 14, 15, 16, 13, 14, 15, 16, 17, 18, 19, 20]);
});

test("peek fires nothing and changes nothing; what nobody knows is said to be unknown", () => {
  const { memory, asked } = machine();
  memory.onHostWrite = () => expect.unreachable();
  memory.onUnmapped = { read: () => expect.unreachable() };
  memory.onDenied = { read: () => expect.unreachable() };
  memory.watch(0, 0x5000, { read: true }, () => expect.unreachable());
  memory.protect(0, 0x1000, "---");
  const client = memory.dirty.client("display");
  const generation = memory.mapGeneration;
  const { bytes, known } = memory.peek(0x0ffe, 0x3010);
  expect([...bytes.subarray(0, 4)]).toEqual([0xff, 0x00, 9, 10]);
  expect([...bytes.subarray(0x1002, 0x1008)]).toEqual([0x40, 0x40, 0x40, 0x40, 0, 0]); // modulo 256
  expect([...known.subarray(0x1000, 0x1008)]).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  expect(known.subarray(0x1012, 0x2002).indexOf(1)).toBe(-1);
  expect([...bytes.subarray(0x2002, 0x2004), known[0x2002]]).toEqual([1, 2, 1]);
  expect([asked, client.collect(), memory.mapGeneration]).toEqual([[], [], generation]);
  expect([...memory.peek(0x3fff, 2).known]).toEqual([1, 0]);
  expect([memory.peek(0x4000, 3).known.join(), memory.peek(2 ** 53 - 1, 9).known.join("")]).toEqual([
    "0,0,0",
    "000000000",
  ]);
  expect(memory.peek(2n ** 64n - 1n, 4n).known.join()).toBe("0,0,0,0");
  expect(memory.peek(0x9999, 0)).toEqual({ bytes: new Uint8Array(0), known: new Uint8Array(0) });
  for (const [address, length] of [
    [-1, 1],
    [0, -1],
    [0, 1.5],
    [2 ** 53, 1],
  ] as const) {
    expect(thrownBy(() => memory.peek(address, length))).toBeInstanceOf(RangeError);
  }
});

test("peeking the whole map again and again leaves every state as it was", () => {
  const { memory, asked } = machine();
  const run = (peeking: boolean) => {
    const hash = createHash("sha256");
    for (let step = 0; step < 200; step++) {
      memory.writeUint32((step * 12) % 0xff0, step);
      memory.readUint8(0x2000 + (step % 32)); // `asked` has it
      hash.update(String(memory.readUint16(0xffe)));
      if (peeking) memory.peek(0, 0x5000);
    }
    return hash.update(memory.readBytes(0, 0x1000)).update(asked.splice(0).join()).digest("hex");
  };
  expect(run(true)).toBe(run(false));
});

test("a device's DMA: a checked range, nothing outside it, and as the device it is", () => {
  const { memory, asked } = machine();
  const host: unknown[] = [];
  memory.onHostWrite = (address, length) => void host.push([address, length]);
  const read = memory.dma(0x1ffe, 6, "read");
  const into = new Uint8Array(6);
  read.read(0, into);
  expect([...into, ...asked.splice(0)]).toEqual([7, 8, 1, 2, 3, 4, ...[0, 1, 2, 3].map((at) => `open r${at} dma`)]);
  const write = memory.dma(0xff0, 16, "write");
  write.write(12, counting(4));
  expect([memory.readUint32(0xffc), host.splice(0)]).toEqual([0x0403_0201, [[0xffc, 4]]]);
  memory.dma(0x2012, 1n, "write").write(0n, Uint8Array.of(9));
  expect([asked.splice(0), host.splice(0)]).toEqual([["closed w2=9 dma"], [[0x2012, 1]]]);
  // It obeys ROM and protection, unlike a loader.
  expectCode(() => memory.dma(0xfff, 2, "write"), "READ_ONLY", { address: 0xfff, length: 2 });
  expectCode(() => memory.dma(0x3fff, 2, "read"), "PARTIAL_BUFFER", { address: 0x3fff, length: 2 });
  expect(thrownBy(() => memory.dma(0, 1, "rw" as "read"))).toBeInstanceOf(TypeError);
  const place = { address: 0x1ffe, length: 6 };
  expectCode(() => read.read(3, new Uint8Array(4)), "PARTIAL_BUFFER", place);
  expectCode(() => read.read(2 ** 53 - 1, new Uint8Array(1)), "PARTIAL_BUFFER", place);
  expectCode(() => read.write(0, new Uint8Array(1)), "PERMISSION_DENIED", place);
  expectCode(() => write.read(0, new Uint8Array(1)), "PERMISSION_DENIED", { address: 0xff0, length: 16 });
  expect(thrownBy(() => read.read(-1, new Uint8Array(1)))).toBeInstanceOf(RangeError);
  write.write(16, new Uint8Array(0));
  // Each access asks again: the map may have changed.
  memory.protect(0, 0x1000, "r--");
  expectCode(() => write.write(0, new Uint8Array(1)), "PERMISSION_DENIED", { address: 0xff0, length: 1 });
  memory.region("RAM")?.disable();
  expectCode(() => write.write(0, new Uint8Array(1)), "INVALID_GUEST_ADDRESS", { address: 0xff0, length: 1 });
  expect([asked, host]).toEqual([[], []]);
  memory.dispose();
  expect((thrownBy(() => read.read(0, into)) as GuestMemoryError).code).toBe("DISPOSED");
});

test("a device's scalars: one access of that width, one event, inside its range", () => {
  const calls: unknown[] = [];
  let given: number | bigint = -1;
  const device = {
    unaligned: "whole" as const,
    read: (...args: unknown[]) => {
      calls.push(["read", ...args]);
      return given;
    },
    write: (...args: unknown[]) => void calls.push(["write", ...args]),
  };
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0x0, size: 0x1000, contents: counting(0x1000) },
    { kind: "mmio", start: 0x1000, size: 0x20, device },
    { kind: "rom", start: 0x2000, size: 0x1000, contents: counting(16) },
  ]);
  const host: unknown[] = [];
  memory.onHostWrite = (address, length) => void host.push([address, length]);
  const events: unknown[] = [];
  memory.watch(0x0, 0x3000, { read: true, write: true }, ({ kind, address, size, value, oldValue, who }) => {
    events.push([kind, address, size, value, oldValue, who]);
  });
  // Memory: little-endian, at any offset; of ROM too.
  const ring = memory.dma(0x100, 16, "read");
  expect([ring.readUint8(1), ring.readUint16(1), ring.readUint32(3), ring.readBigUint64(8)]).toEqual([
    0x02,
    0x0302,
    0x0706_0504,
    0x100f_0e0d_0c0b_0a09n,
  ]);
  expect(memory.dma(0x2000, 16, "read").readUint16(14n)).toBe(0x100f);
  expect(events.splice(0)).toEqual([
    ["read", 0x101, 1, 0x02, undefined, "dma"],
    ["read", 0x101, 2, 0x0302, undefined, "dma"],
    ["read", 0x103, 4, 0x0706_0504, undefined, "dma"],
    ["read", 0x108, 8, 0x100f_0e0d_0c0b_0a09n, undefined, "dma"],
    ["read", 0x200e, 2, 0x100f, undefined, "dma"],
  ]);
  const used = memory.dma(0x200, 16, "write");
  used.writeUint8(0, 0x1ff);
  used.writeUint16(1, -2);
  used.writeUint32(3, 0x8000_0001);
  used.writeBigUint64(8, -1n);
  expect([...memory.peek(0x200, 16).bytes]).toEqual([
    0xff, 0xfe, 0xff, 0x01, 0x00, 0x00, 0x80, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  ]);
  expect(events.splice(0)).toEqual([
    ["write", 0x200, 1, 0xff, 0x01, "dma"],
    ["write", 0x201, 2, 0xfffe, 0x0302, "dma"],
    ["write", 0x203, 4, 0x8000_0001, 0x0706_0504, "dma"],
    ["write", 0x208, 8, 2n ** 64n - 1n, 0x100f_0e0d_0c0b_0a09n, "dma"],
  ]);
  expect(host.splice(0)).toEqual([
    [0x200, 1],
    [0x201, 2],
    [0x203, 4],
    [0x208, 8],
  ]);
  // A device: called once, with the width; what it gives passes unmodified.
  const [registers, commands] = [memory.dma(0x1000, 0x20, "read"), memory.dma(0x1000, 0x20, "write")];
  expect([registers.readUint8(1), registers.readUint16(2), registers.readUint32(5)]).toEqual([-1, -1, -1]);
  given = -1n;
  expect(registers.readBigUint64(0x18)).toBe(-1n);
  commands.writeUint16(2, 0x1_2345);
  commands.writeBigUint64(8, 5n);
  expect(calls.splice(0)).toEqual([
    ["read", 1, 1, "dma"],
    ["read", 2, 2, "dma"],
    ["read", 5, 4, "dma"],
    ["read", 0x18, 8, "dma"],
    ["write", 2, 2, 0x2345, "dma"],
    ["write", 8, 8, 5n, "dma"],
  ]);
  expect(events.splice(0).at(-1)).toEqual(["write", 0x1008, 8, 5n, undefined, "dma"]);
  host.length = 0;
  // What is refused does nothing.
  const place = { address: 0x1000, length: 0x20 };
  expectCode(() => registers.readUint32(0x1d), "PARTIAL_BUFFER", place);
  expectCode(() => commands.writeUint8(0x20, 1), "PARTIAL_BUFFER", place);
  expectCode(() => commands.readUint8(0), "PERMISSION_DENIED", place);
  expectCode(() => registers.writeBigUint64(0, 1n), "PERMISSION_DENIED", place);
  expect(thrownBy(() => registers.readUint8(-1))).toBeInstanceOf(RangeError);
  expect(thrownBy(() => commands.writeUint8(0, 1n as unknown as number))).toBeInstanceOf(TypeError);
  expect(thrownBy(() => commands.writeBigUint64(0, 1 as unknown as bigint))).toBeInstanceOf(TypeError);
  memory.protect(0, 0x1000, "r--");
  expectCode(() => used.writeUint16(0, 1), "PERMISSION_DENIED", { address: 0x200, length: 2 });
  expect([calls, events, host]).toEqual([[], [], []]);
  // A callback that changes the map: the write goes to what is there then.
  memory.watch(0x1000, 1, { write: true }, () => {
    memory.map({ kind: "ram", name: "above", start: 0x1000, size: 0x1000, priority: 1 });
  });
  commands.writeUint8(0, 7);
  expect([memory.peek(0x1000, 1).bytes[0], calls]).toEqual([7, []]);
  memory.dispose();
  expectCode(() => ring.readUint8(0), "DISPOSED");
  expectCode(() => used.writeUint8(0, 1), "DISPOSED");
});

test("the CPU's accesses say so, and tell no onHostWrite; markDirty does", () => {
  const { memory, asked } = machine();
  const host: unknown[] = [];
  memory.onHostWrite = (address, length) => void host.push([address, length]);
  memory.writeUint8(0x2000, 1);
  memory.readUint8(0x2000);
  memory.fill(0x2000, 5, 1);
  memory.copyWithin(0x2001, 0x2000, 1);
  memory.writeSlice(0x10, counting(4));
  memory.add32(0x10, 1);
  expect(new Set(asked.map((call) => call.split(" ").at(-1)))).toEqual(new Set(["cpu"]));
  expect(host).toEqual([]);
  memory.markDirty(0x10, 4);
  memory.markDirty(0x10, 0);
  expect(host).toEqual([[0x10, 4]]);
  expect(thrownBy(() => Object.assign(memory, { onHostWrite: "no" }))).toBeInstanceOf(TypeError);
  memory.onHostWrite = undefined;
  memory.poke(0x10, counting(1));
  expect(host.length).toBe(1);
});

test("a device's access of no bytes is none, at the very end of the address space too", () => {
  const high = GuestMemory.createSync([{ kind: "ram", start: 2n ** 64n - 8n, size: 8 }], { addresses: "bigint" });
  for (const access of ["read", "write"] as const) {
    const range = high.dma(2n ** 64n - 8n, 8, access);
    range[access](8, new Uint8Array(0));
    expectCode(() => range[access](8, new Uint8Array(1)), "PARTIAL_BUFFER", { address: 2n ** 64n - 8n, length: 8 });
  }
});
