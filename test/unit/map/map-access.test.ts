// The memory map: regions of every kind, priorities, changes alone and in transactions, other address spaces, protection.
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryError, type MappedRegion } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";

type Region = MappedRegion<number>;

/** A device of registers that counts its calls. */
function registers(size: number) {
  const bytes = new Uint8Array(size);
  const calls: string[] = [];
  return {
    bytes,
    calls,
    device: {
      read8: (offset: number) => {
        calls.push(`r${offset}`);
        return bytes[offset] as number;
      },
      write8: (offset: number, value: number) => {
        calls.push(`w${offset}=${value}`);
        bytes[offset] = value;
      },
    },
  };
}

test("each kind of region: who can read it, write it, load it", async () => {
  const [timer, flash] = [registers(0x1000), registers(0x1000)];
  using memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0x0000, size: 0x1000, contents: counting(16) },
    { kind: "rom", name: "ROM", start: 0x1000, size: 0x1000, contents: counting(16) },
    { kind: "romDevice", name: "flash", start: 0x2000, size: 0x1000, contents: counting(16), device: flash.device },
    { kind: "mmio", name: "timer", start: 0x3000, size: 0x1000, device: timer.device },
    { kind: "alias", name: "mirror", start: 0x4000, of: "RAM" },
    { kind: "reserved", name: "hole", start: 0x5000, size: 0x1000 },
  ]);
  for (const start of [0x0000, 0x1000, 0x2000, 0x4000]) expect(memory.readUint32(start + 2)).toBe(0x0605_0403);
  memory.writeUint8(0x0002, 0xaa);
  expect(memory.readUint8(0x4002)).toBe(0xaa);
  expectCode(() => memory.writeUint8(0x1002, 0xaa), "READ_ONLY", { address: 0x1002, length: 1 });
  memory.writeUint8(0x2002, 0xaa); // to the device: what is read does not change by that
  expect([memory.readUint8(0x2002), flash.calls, flash.bytes[2]]).toEqual([3, ["w2=170"], 0xaa]);
  memory.writeUint16(0x3002, 0x0102);
  expect([memory.readUint16(0x3002), timer.calls]).toEqual([0x0102, ["w2=2", "w3=1", "r2", "r3"]]);
  expectCode(() => memory.readUint8(0x5000), "INVALID_GUEST_ADDRESS", { address: 0x5000, length: 1 });
  // A range across all of them, up to the hole.
  expect(memory.read(0x0ffe, new Uint8Array(0x5000))).toBe(0x4002);
  memory.poke(0x1ffe, counting(4, 1));
  expect([...memory.readBytes(0x1ffe, 4)]).toEqual([1, 2, 3, 4]);
  expectCode(() => memory.poke(0x2ffe, counting(4)), "NOT_MEMORY", { address: 0x2ffe, length: 4 });
});

test("contents that lie in guest memory itself survive the growth that the region needs; a device has none", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x1000, contents: counting(8) }]);
  const size = memory.wasmMemory.buffer.byteLength; // more than is free
  memory.map({ kind: "ram", start: 0x1000_0000, size, contents: memory.view(0, 8) });
  expect([...memory.readBytes(0x1000_0000, 8)]).toEqual([...counting(8)]);
  const spec = {
    kind: "mmio",
    start: 0x8000,
    size: 16,
    device: { peek: () => undefined },
    contents: new Uint8Array(0),
  };
  expect(
    thrownBy(() => memory.map(spec as unknown as { kind: "reserved"; start: number; size: number })),
  ).toBeInstanceOf(TypeError);
  expect(memory.mapped.length).toBe(2);
});

test("the highest priority is seen, byte by byte; what is reserved hides what lies below", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "low", start: 0, size: 0x3000, priority: -5, contents: new Uint8Array(0x3000).fill(1) },
    { kind: "ram", name: "high", start: 0xfff, size: 3, priority: 2 ** 31 - 1, contents: Uint8Array.of(2, 2, 2) },
    { kind: "reserved", name: "hole", start: 0x1100, size: 2, priority: 0 },
  ]);
  expect([...memory.readBytes(0xffe, 5)]).toEqual([1, 2, 2, 2, 1]);
  expect(memory.readUint32(0xffe)).toBe(0x0202_0201);
  expect(memory.read(0x10fe, new Uint8Array(8))).toBe(2);
  memory.region("hole")?.disable();
  expect(memory.readUint8(0x1100)).toBe(1);
  memory.region("high")?.disable();
  expect(memory.readUint32(0xffe)).toBe(0x0101_0101);
});

test("move, disable, enable, unmap: contents stay, aliases follow, an unmapped object can only be looked at", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "window", start: 0x1003, size: 0x1001 }]);
  const window = memory.region("window") as Region;
  const mirror = memory.map({ kind: "alias", name: "mirror", start: 0x9ffe, of: window, offset: 0x1000 });
  expect([mirror.size, mirror.target, mirror.kind]).toEqual([1, window, "alias"]);
  memory.writeUint32(0x1003, 0x0403_0201);
  for (const to of [0x8000, 0x7ffd, 2 ** 32 - 2, 2 ** 40, 0x1003]) {
    window.move(to);
    expect([window.start, memory.readUint32(to)]).toEqual([to, 0x0403_0201]);
  }
  window.disable();
  expect([window.enabled, window.isMapped, memory.addressInRange(0x1003)]).toEqual([false, true, false]);
  mirror.move(0x1003);
  memory.writeUint8(0x1003, 9);
  window.move(0x2000);
  window.enable();
  expect(memory.readUint8(0x3000)).toBe(9);
  memory.unmap(window);
  expect([window.isMapped, window.enabled, window.start, window.name]).toEqual([false, false, 0x2000, "window"]);
  expect(memory.readUint8(0x1003)).toBe(9); // the alias still shows it
  for (const act of [() => window.move(0), () => window.enable(), () => window.disable(), () => memory.unmap(window)]) {
    expect((thrownBy(act) as GuestMemoryError).code).toBe("NO_MEMORY_REGION");
  }
  expect(memory.mapped).toEqual([mirror]);
});

test("a transaction takes effect when it ends; one inside another with that", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "one", start: 0, size: 0x1000, contents: Uint8Array.of(1) },
    { kind: "ram", name: "two", start: 0x1000, size: 0x1000, contents: Uint8Array.of(2) },
  ]);
  const [one, two] = memory.mapped as [Region, Region];
  const generation = memory.mapGeneration;
  const result = memory.transaction(() => {
    one.move(0x1000); // they overlap meanwhile
    memory.transaction(() => two.move(0));
    expect([memory.readUint8(0), memory.readUint8(0x1000), memory.mapGeneration]).toEqual([1, 2, generation]);
    expect([one.start, two.start]).toEqual([0x1000, 0]); // what was asked for
    return "done";
  });
  expect(result).toBe("done");
  expect([memory.readUint8(0), memory.readUint8(0x1000), memory.mapGeneration]).toEqual([2, 1, generation + 1]);
});

test("a transaction that throws, waits, or ends in an overlap changes nothing", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", name: "one", start: 0, size: 0x1000 },
    { kind: "ram", name: "two", start: 0x1000, size: 0x1000 },
  ]);
  const [one, two] = memory.mapped as [Region, Region];
  const before = [memory.toJSON(), memory.tables.pageTable.slice(0, 16), memory.mapGeneration];
  const given = new Error("given up");
  const changes = () => {
    one.move(0x4000);
    two.disable();
    memory.map({ kind: "ram", name: "three", start: 0x8000, size: 0x1000 });
    memory.unmap(one);
  };
  const refused: [() => unknown, unknown][] = [
    [
      () => {
        changes();
        throw given;
      },
      given,
    ],
    [
      () => {
        changes();
        return Promise.resolve();
      },
      TypeError,
    ],
    [
      () => {
        changes();
        return new Proxy({}, { has: () => true, get: () => () => {} });
      },
      TypeError,
    ],
    [() => two.move(0x800), "MEMORY_REGION_OVERLAP"],
    [
      () =>
        memory.transaction(() => {
          changes();
          throw given;
        }),
      given,
    ],
  ];
  for (const [change, wanted] of refused) {
    const error = thrownBy(() => memory.transaction(change));
    if (typeof wanted === "string") expect(error).toMatchObject({ code: wanted });
    else if (typeof wanted === "function") expect(error).toBeInstanceOf(wanted);
    else expect(error).toBe(wanted);
    expect([memory.toJSON(), memory.tables.pageTable.slice(0, 16), memory.mapGeneration]).toEqual(before);
    expect([one.isMapped, one.start, two.enabled, memory.mapped.length]).toEqual([true, 0, true, 2]);
  }
  // One that is caught inside takes its own changes with it, and no others.
  memory.transaction(() => {
    two.move(0x2000);
    expect(() =>
      memory.transaction(() => {
        changes();
        throw given;
      }),
    ).toThrow(given);
  });
  expect([one.start, two.start, two.enabled, memory.mapped.length]).toEqual([0, 0x2000, true, 2]);
  expect(thrownBy(() => memory.transaction(undefined as unknown as () => void))).toBeInstanceOf(TypeError);
  expect(() => memory.transaction(() => memory.dispose())).toThrow("disposed");
});

test("another address space: a map of its own, the same bytes and devices, the same dirty clients", async () => {
  const port = registers(16);
  using memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0x10_0000, size: 0x2000 },
    { kind: "mmio", name: "port", start: 0x8000, size: 16, device: port.device },
  ]);
  const [ram, device] = memory.mapped as [Region, Region];
  using bus = memory.space(
    [
      { kind: "alias", name: "low", start: 0, of: ram },
      { kind: "alias", name: "ports", start: 0x1_0000, of: device },
    ],
    { name: "DMA" },
  );
  const [mine, theirs] = [memory.dirty.client("mine"), bus.dirty.client("theirs")];
  bus.writeUint8(0x1fff, 7);
  bus.writeUint8(0x1_0003, 5);
  expect([memory.readUint8(0x10_1fff), memory.readUint8(0x8003)]).toEqual([7, 5]);
  expect([mine.collect(), theirs.collect()]).toEqual([[[0x10_1000, 0x1000]], [[0x1000, 0x1000]]]);
  memory.writeUint8(0x10_0000, 1);
  expect([mine.collect(), theirs.collect()]).toEqual([[[0x10_0000, 0x1000]], [[0, 0x1000]]]);
  for (let count = 2; count < 7; count++) bus.dirty.client(`client ${count}`);
  expect((thrownBy(() => memory.dirty.client("eighth")) as GuestMemoryError).code).toBe("TOO_MANY_CLIENTS");
  // Each its own map: moves, protection, watches, handlers, events.
  ram.move(0x20_0000);
  memory.protect(0x20_0000, 0x1000, "---");
  memory.watch(0x20_0000, 1, { read: true }, () => expect.unreachable());
  expect(bus.readUint8(0)).toBe(1);
  expect([bus.tree().split("\n")[0], bus.toJSON().name]).toEqual(["address-space: DMA", "DMA"]);
  expect((thrownBy(() => bus.unmap(ram)) as GuestMemoryError).code).toBe("NO_MEMORY_REGION");
  memory.dispose();
  expect(bus.readUint8(0x1fff)).toBe(7);
  bus.writeUint8(0x1_0000, 3);
  expect(port.bytes[0]).toBe(3);
});

test("protect: each access by its own bit, by page; fetches need execute; onDenied takes them", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x3000, contents: counting(8) }]);
  memory.writeUint32(0x1000, 0x0403_0201);
  const read = () => memory.readUint8(0x1000);
  const write = () => memory.writeUint8(0x1000, 1);
  const fetches = [() => memory.fetchUint8(0x1000), () => memory.fetchUint16(0x1001), () => memory.fetchUint32(0x0ffd)];
  for (let bits = 0; bits < 8; bits++) {
    const letters = `${bits & 1 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 4 ? "x" : "-"}` as const;
    memory.protect(0x1000, 0x1000, letters);
    for (const [act, bit] of [[read, 1], [write, 2], ...fetches.map((fetch) => [fetch, 4] as const)] as const) {
      if (bits & bit) act();
      else expect((thrownBy(act) as GuestMemoryError).code).toBe("PERMISSION_DENIED");
    }
    // Both at once for what gives the old value; bulk up to the page.
    const add = () => memory.add32(0x1004, 0);
    if ((bits & 3) === 3) add();
    else expectCode(add, "PERMISSION_DENIED", { address: 0x1004, length: 4 });
    expect(memory.read(0xffe, new Uint8Array(4))).toBe(bits & 1 ? 4 : 2);
    expect((memory.tables.pageTable[1] as number) & 7).toBe(bits);
    expect((memory.tables.pageTable[0] as number) & (memory.tables.pageTable[2] as number) & 7).toBe(7);
  }
  memory.protect(0x1000, 0x1000, "---");
  expect(memory.peek(0x1000, 1).bytes[0]).toBe(1);
  const denied: unknown[][] = [];
  memory.onDenied = {
    read: (...args) => (denied.push(["read", ...args]) > 0 ? 0x1ff : undefined),
    write: (...args) => void denied.push(["write", ...args]),
    fetch: (_address, size) => (size === 4 ? 0xc3 : undefined),
  };
  memory.writeUint16(0xfff, 0x0201);
  expect([memory.readUint8(0x1000), memory.fetchUint32(0x1000)]).toEqual([0xff, 0xc3]);
  expect(denied).toEqual([
    ["write", 0xfff, 2, 0x0201],
    ["read", 0x1000, 1],
  ]);
  expectCode(() => memory.fetchUint8(0x1000), "PERMISSION_DENIED", { address: 0x1000, length: 1 });
  expectCode(() => memory.protect(0x1001, 0x1000, "rwx"), "MISALIGNED", { address: 0x1001, length: 0x1000 });
  expectCode(() => memory.protect(0x2000, 0x2000, "rwx"), "PARTIAL_BUFFER", { address: 0x2000, length: 0x2000 });
  for (const wrong of ["rw", "xwr", "rwxx", 7, undefined]) {
    expect(thrownBy(() => memory.protect(0, 0x1000, wrong as "rwx"))).toBeInstanceOf(TypeError);
  }
});

test("protect in a transaction: a step of it, for the map as it has become", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x2000 }]);
  const flags = (page: number) => (memory.tables.pageTable[page] as number) & 7;
  const { mapGeneration } = memory;
  memory.transaction(() => {
    memory.map({ kind: "ram", name: "new", start: 0x8000, size: 0x1000 });
    memory.protect(0x8000, 0x1000, "r-x");
    memory.protect(0x0, 0x1000, "---");
    memory.writeUint8(0x0, 1); // not yet
    memory.protect(0x0, 0x1000, "r--");
    expectCode(() => memory.protect(0x9000, 0x1000, "r--"), "INVALID_GUEST_ADDRESS", {
      address: 0x9000,
      length: 0x1000,
    });
  });
  expect([flags(0), flags(1), flags(8), memory.mapGeneration]).toEqual([1, 7, 5, mapGeneration + 1]);
  expectCode(() => memory.writeUint8(0x0, 2), "PERMISSION_DENIED", { address: 0x0, length: 1 });
  const late = () =>
    memory.transaction(() => {
      memory.protect(0x1000, 0x1000, "---");
      memory.unmap(memory.region("new") as MappedRegion);
      memory.protect(0x8000, 0x1000, "---"); // nothing is there any more
    });
  expectCode(late, "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 0x1000 });
  const clash = () =>
    memory.transaction(() => {
      memory.protect(0x0, 0x2000, "rwx");
      memory.region("new")?.move(0x1000);
    });
  expectCode(clash, "MEMORY_REGION_OVERLAP");
  memory.transaction(() => {
    memory.protect(0x1000, 0x1000, "-w-");
    expect(
      thrownBy(() =>
        memory.transaction(() => {
          memory.protect(0x1000, 0x1000, "---");
          throw new RangeError("given up");
        }),
      ),
    ).toBeInstanceOf(RangeError);
  });
  expect([flags(0), flags(1), flags(8), memory.mapGeneration]).toEqual([1, 2, 5, mapGeneration + 1]);
});

test("an atomic operation needs its bytes aligned in linear memory too", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  memory.region("RAM")?.move(0x8002);
  memory.writeUint32(0x8004, 0x0403_0201);
  expectCode(() => memory.load32(0x8004), "MISALIGNED", { address: 0x8004, length: 4 });
  expectCode(() => memory.store64(0x8008, 1n), "MISALIGNED", { address: 0x8008, length: 8 });
  expectCode(() => memory.load32(0x8006), "MISALIGNED", { address: 0x8006, length: 4 }); // its bytes are
  expect(memory.load16(0x8004)).toBe(0x0201);
});

test("bigint memories: regions up to 2^64, events and data past 2^53", async () => {
  using memory = await GuestMemory.create([], { addresses: "bigint" });
  const events: unknown[] = [];
  memory.events.addEventListener("regionadd", (event) => {
    const { start, size, offset } = event;
    events.push([start, size, offset]);
  });
  const top = memory.map({ kind: "ram", name: "top", start: 2n ** 64n - 0x1001n, size: 0x1001 });
  const all = memory.map({ kind: "reserved", name: "all", start: 0n, size: 2n ** 64n - 1n, priority: -1 });
  memory.writeBigUint64(2n ** 64n - 8n, 7n);
  expect([memory.readBigUint64(2n ** 64n - 8n), top.start, all.size]).toEqual([
    7n,
    2n ** 64n - 0x1001n,
    2n ** 64n - 1n,
  ]);
  expect(events).toEqual([
    [2n ** 64n - 0x1001n, 0x1001, 0],
    [0n, 2n ** 64n - 0x1001n, 0],
  ]);
  expect(memory.toJSON().flat.map(({ start, size }) => [start, size])).toEqual([
    [0, String(2n ** 64n - 0x1001n)],
    [String(2n ** 64n - 0x1001n), 0x1001],
  ]);
  top.move(2n ** 60n);
  expect([top.start, memory.readUint8(2n ** 60n + 0x1001n - 8n)]).toEqual([2n ** 60n, 7]);
  expectCode(() => top.move(2n ** 64n - 0x1000n), "GUEST_ADDRESS_OVERFLOW", {
    address: 2n ** 64n - 0x1000n,
    length: 0x1001,
  });
  memory.protect(2n ** 60n, 0x1000, "r--");
  expectCode(() => memory.writeUint8(2n ** 60n, 1), "PERMISSION_DENIED", { address: 2n ** 60n, length: 1 });
});
