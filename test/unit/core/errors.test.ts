// Errors: each code with a call that causes it and its message; and the table from the core's numbers to the names.
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { STATUS_CODES } from "../../../ts/core/abi.ts";
import { GuestMemory, GuestMemoryError, type GuestMemoryErrorCode, init } from "../../../ts/index.ts";
import { Rewind } from "../../../ts/rewind.ts";
import { thrownBy } from "../support.ts";

interface Row {
  readonly act: (memory: GuestMemory) => unknown;
  readonly address?: number | bigint;
  readonly length?: number | bigint;
  readonly region?: { start: number; size: number };
  /** What the message must say besides address and length. */
  readonly says: RegExp;
}

/** Three regions: 0x1000 to 0x1fff, 0x2000 to 0x27ff, and one that ends inside an aligned word. */
const layout = () =>
  GuestMemory.fromRanges([
    [0x1000, 0x1000],
    [0x2000, 0x802],
    [0x2802, 0x100],
  ]);

const ROWS: Partial<Record<GuestMemoryErrorCode, Row>> = {
  INVALID_GUEST_ADDRESS: {
    act: (memory) => memory.readUint32(0xabc),
    address: 0xabc,
    length: 4,
    says: /no memory at guest address 0xabc/,
  },
  PARTIAL_BUFFER: {
    act: (memory) => memory.fill(0x1ff0, 0, 0x1000),
    address: 0x1ff0,
    length: 0x1000,
    says: /no memory at guest address 0x2902, 2322 bytes/,
  },
  GUEST_ADDRESS_OVERFLOW: {
    act: () => {
      const high = GuestMemory.fromRangesSync([[2n ** 64n - 8n, 8]], { addresses: "bigint" });
      high.readBytes(2n ** 64n - 2n, 5);
    },
    address: 2n ** 64n - 2n,
    length: 5,
    says: /2\^64/,
  },
  CROSSES_REGIONS: {
    act: (memory) => memory.view(0x1ffe, 8),
    address: 0x1ffe,
    length: 8,
    says: /another region.*0x2000/,
  },
  MEMORY_REGION_OVERLAP: {
    act: (memory) => memory.insertRegion(0x1f00, 0x200),
    address: 0x1f00,
    length: 0x200,
    region: { start: 0x1f00, size: 0x200 },
    says: /overlap/,
  },
  UNSORTED_MEMORY_REGIONS: {
    act: () =>
      GuestMemory.fromRangesSync([
        [0x2000, 0x1000],
        [0x1000, 0x1000],
      ]),
    address: 0x2000,
    length: 0x2000,
    says: /the region at 0x1000 comes after/,
  },
  NO_MEMORY_REGION: {
    act: (memory) => memory.removeRegion(0x1000, 0xfff),
    address: 0x1000,
    length: 0xfff,
    region: { start: 0x1000, size: 0xfff },
    says: /no region of RAM has exactly/,
  },
  MISALIGNED: {
    act: (memory) => memory.add32(0x1002, 1),
    address: 0x1002,
    length: 4,
    says: /multiple of 4/,
  },
  OUT_OF_MEMORY: {
    act: (memory) => memory.insertRegion(0x8000_0000, 2 ** 33),
    address: 0x8000_0000,
    length: 2 ** 33,
    region: { start: 0x8000_0000, size: 2 ** 33 },
    says: /cannot hold 8589934592 bytes/,
  },
  DUPLICATE_NAME: {
    act: (memory) => {
      for (const start of [0x1_0000, 0x2_0000]) memory.map({ kind: "ram", name: "bank", start, size: 0x1000 });
      memory.snapshot();
    },
    says: /"bank"/,
  },
  SNAPSHOT_MISMATCH: {
    act: (memory) => {
      const saved = memory.snapshot();
      memory.insertRegion(0x1_0000, 0x1000);
      memory.restore(saved);
    },
    says: /the snapshot has no region "ram #4"/,
  },
  BUDGET_EXCEEDED: {
    act: (memory) => new Rewind(memory, { budget: 0 }),
    length: 4096,
    says: /the budget is 0/,
  },
  TOO_MANY_CLIENTS: {
    act: (memory) => {
      for (let count = 0; count < 8; count++) memory.dirty.client(`client ${count}`);
    },
    says: /seven dirty clients/,
  },
  EMPTY_REGION: {
    act: (memory) => memory.watch(0x1000, 0, { read: true }, () => {}),
    address: 0x1000,
    length: 0,
    says: /is empty/,
  },
  DETACHED_BUFFER: {
    act: (memory) => {
      const bytes = new Uint8Array(8);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      memory.write(0x1000, bytes);
    },
    length: 0,
    says: /detached/,
  },
  DISPOSED: {
    act: (memory) => {
      memory.dispose();
      memory.readUint8(0x1000);
    },
    says: /disposed/,
  },
  READ_ONLY: {
    act: (memory) => {
      memory.map({ kind: "rom", start: 0x8001, size: 0x1000 });
      memory.map({ kind: "ram", start: 0x8000, size: 1 });
      memory.writeUint32(0x8000, 1);
    },
    address: 0x8000,
    length: 4,
    says: /0x8001 is read-only/,
  },
  PERMISSION_DENIED: {
    act: (memory) => {
      memory.protect(0x1000, 0x1000, "rw-");
      memory.fetchUint16(0x1800);
    },
    address: 0x1800,
    length: 2,
    says: /not permitted at guest address 0x1800/,
  },
  INVALID_EXTERNAL: {
    act: (memory) => {
      const source = new ArrayBuffer(0x1000);
      memory.map({ kind: "external", name: "theirs", start: 0x8000, source });
      structuredClone(source, { transfer: [source] });
      memory.readUint32(0x8004);
    },
    address: 0x8004,
    length: 4,
    says: /"theirs".*: it was detached/,
  },
  NOT_MEMORY: {
    act: (memory) => {
      memory.map({ kind: "mmio", start: 0x2902, size: 8, device: { peek: () => undefined } });
      memory.poke(0x2900, new Uint8Array(4));
    },
    address: 0x2900,
    length: 4,
    says: /a device is at guest address 0x2902/,
  },
  INVALID_ALIAS: {
    act: (memory) => {
      memory.map({ kind: "ram", name: "target", start: 0x8000, size: 0x1000 });
      memory.map({ kind: "alias", start: 0x9000, of: "target", offset: 0xf00, size: 0x101 });
    },
    address: 0x9000,
    length: 0x101,
    says: /would show itself, or more than its target has from byte 0xf00 on/,
  },
  INVALID_HANDLER: {
    act: (memory) => {
      memory.map({ kind: "mmio", name: "timer", start: 0x8000, size: 8, device: { read16: () => "no" as never } });
      memory.readUint16(0x8000);
    },
    says: /device of "timer": a read of 2 bytes gives a number, not a string/,
  },
  HANDLER_FAILED: {
    act: (memory) => {
      const device = { read8: (offset: number) => (offset < 2 ? 7 : JSON.parse("{")) as number };
      memory.map({ kind: "mmio", name: "timer", start: 0x8000, size: 8, device });
      memory.readUint32(0x8000);
    },
    address: 0x8000,
    length: 4,
    says: /0x8000.*0x2|0x2.*2 bytes into/,
  },
};

for (const [code, { act, says, ...place }] of Object.entries(ROWS)) {
  test(`${code} says where`, async () => {
    const memory = await layout();
    const error = thrownBy(() => act(memory)) as GuestMemoryError;
    expect(error).toBeInstanceOf(GuestMemoryError);
    expect(error).toBeInstanceOf(Error);
    const { name, address, length, region } = error;
    expect({ name, code: error.code, address, length, region }).toEqual({
      name: "GuestMemoryError",
      code,
      address: place.address,
      length: place.length,
      region: place.region,
    });
    expect(error.message).toMatch(says);
    if (place.address !== undefined) expect(error.message).toContain(`0x${place.address.toString(16)}`);
    if (place.length !== undefined && place.address !== undefined)
      expect(error.message).toContain(`${place.length} bytes`);
  });
}

test("NOT_INITIALIZED: what is synchronous says what to do before", async () => {
  vi.resetModules();
  const fresh = await import("../../../ts/index.ts");
  const error = thrownBy(() => fresh.GuestMemory.fromRangesSync([[0, 0x1000]]));
  expect(error).toMatchObject({ name: "GuestMemoryError", code: "NOT_INITIALIZED" });
  expect((error as Error).message).toMatch(/await init\(\)/);
  await fresh.init();
  expect(fresh.GuestMemory.fromRangesSync([[0, 0x1000]]).readUint8(0)).toBe(0);
});

test("ABI_MISMATCH: a module of another version, or of something else", async () => {
  for (const exports of [{ guest_memory_abi: () => 999 }, {}]) {
    const glue = { default: async () => exports };
    await expect(init({ glue })).rejects.toMatchObject({ name: "GuestMemoryError", code: "ABI_MISMATCH" });
  }
  // What was loaded before is still what new memories are made in.
  using memory = await layout();
  expect(memory.readUint8(0x1000)).toBe(0);
});

test("every code has a row here", () => {
  const union = readFileSync(new URL("../../../ts/core/errors.ts", import.meta.url), "utf8");
  const codes = [...union.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThanOrEqual(20);
  // Below, in init.test.ts, and in load-failures.test.ts.
  const loading = ["NOT_INITIALIZED", "LOAD_FAILED", "ABI_MISMATCH", "SOURCE_FAILED"];
  expect(codes.toSorted()).toEqual([...Object.keys(ROWS), ...loading].toSorted());
});

test("each of the core's faults has the number that bears its name", () => {
  const core = readFileSync(new URL("../../../crate/src/machine/fault.rs", import.meta.url), "utf8");
  const faults = [...core.matchAll(/Fault::(\w+)(?: \{ \.\. \})? => abi::(\w+),/g)];
  const codes = faults.map(([, name = "", number = ""]) => {
    const code = name.replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase();
    expect(number).toMatch(new RegExp(`^(RUST_)?STATUS_${code}$`));
    return code;
  });
  // The fault that only Rust code can cause, and what no fault of the core's is.
  expect(
    codes
      .filter((code) => code !== "ALREADY_MAPPED")
      .concat("DISPOSED")
      .toSorted(),
  ).toEqual(Object.values(STATUS_CODES).toSorted());
  expect(codes).toContain("ALREADY_MAPPED");
});

test("one order of errors: what is not mapped, then what is forbidden, then a wrong kind", async () => {
  using memory = await GuestMemory.create([
    { kind: "rom", start: 0x0ff0, size: 0x10 },
    { kind: "ram", start: 0x1000, size: 0x1000 },
    { kind: "mmio", start: 0x2000, size: 0x10, device: { read8: () => 0, write8: () => {} } },
  ]);
  const code = (act: () => unknown) => (thrownBy(act) as GuestMemoryError).code;
  const bytes = new Uint8Array(0x1020);
  // ROM, RAM, a device; then the same with a hole behind, then with RAM that is forbidden.
  expect(code(() => memory.writeSlice(0x0ff0, bytes))).toBe("READ_ONLY");
  expect(code(() => memory.poke(0x0ff0, bytes))).toBe("NOT_MEMORY");
  expect(code(() => memory.writeSlice(0x0ff0, new Uint8Array(0x1021)))).toBe("PARTIAL_BUFFER");
  memory.protect(0x1000, 0x1000, "r--");
  expect(code(() => memory.writeSlice(0x0ff0, bytes))).toBe("PERMISSION_DENIED");
  expect(code(() => memory.fill(0x0ff0, 0, 0x1020))).toBe("PERMISSION_DENIED");
  expect(code(() => memory.fill(0x0ff0, 0, 0x1021))).toBe("PARTIAL_BUFFER");
  expect(code(() => memory.writeBigUint64(0x0ffc, 1n))).toBe("PERMISSION_DENIED");
  expect(code(() => memory.store64(0x200c, 1n))).toBe("PARTIAL_BUFFER");
});
