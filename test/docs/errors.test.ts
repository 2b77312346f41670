// docs/errors.md: its table has the order of errors in which every access fails, whichever byte the faults are at.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { GuestMemory, GuestMemoryError, init } from "../../ts/index.ts";

const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const order = [...page.matchAll(/^\| ([a-z][a-z -]*?) +\| (`?[A-Z].*?) +\|/gm)].map(([, name = "", errors = ""]) => ({
  name,
  codes: [...errors.matchAll(/`([A-Z_]+)`/g)].map(([, code = ""]) => code),
}));

/** The address in the middle of every range: one kind of page ends here, and another begins. */
const MIDDLE = 0x1_0000;
const START = MIDDLE - 4;
const bytes = () => new Uint8Array(8);

type Memory = GuestMemory;
/** Every access to 8 bytes from `START` on, and the faults that concern it. */
const ACCESSES: Record<string, readonly [faults: string, act: (memory: Memory) => unknown]> = {
  readBigUint64: ["forbidden, external", (memory) => memory.readBigUint64(START)],
  readFloat64BE: ["forbidden, external", (memory) => memory.readFloat64BE(START)],
  readBigUint128: ["forbidden, external", (memory) => memory.readBigUint128(START)],
  fetchUint32: ["forbidden, external", (memory) => memory.fetchUint32(MIDDLE - 2)],
  writeUint32: ["forbidden, read-only, external", (memory) => memory.writeUint32(MIDDLE - 2, 1)],
  writeBigUint64: ["forbidden, read-only, external", (memory) => memory.writeBigUint64(START, 1n)],
  "writeBigUint64 of a bigint": [
    "forbidden, read-only, external",
    (memory) => memory.writeBigUint64(BigInt(START), 1n),
  ],
  readSlice: ["forbidden, external", (memory) => memory.readSlice(START, bytes())],
  readBytes: ["forbidden, external", (memory) => memory.readBytes(START, 8)],
  writeSlice: ["forbidden, read-only, external", (memory) => memory.writeSlice(START, bytes())],
  fill: ["forbidden, read-only, external", (memory) => memory.fill(START, 1, 8)],
  "copyWithin to": ["forbidden, read-only, external", (memory) => memory.copyWithin(START, 0, 8)],
  "copyWithin from": ["forbidden, external", (memory) => memory.copyWithin(0, START, 8)],
  "copyFrom to": ["forbidden, read-only, external", (memory) => memory.copyFrom(START, memory, 0, 8)],
  "copyFrom from": ["forbidden, external", (memory) => memory.copyFrom(0, memory, START, 8)],
  "compare a": ["forbidden, not memory, external", (memory) => memory.compare(START, 0, 8)],
  "compare b": ["forbidden, not memory, external", (memory) => memory.compare(0, START, 8)],
  indexOf: ["forbidden, not memory, external", (memory) => memory.indexOf(Uint8Array.of(9), START, 8)],
  view: ["not memory, crossing, external", (memory) => memory.view(START, 8)],
  views: ["not memory, external", (memory) => memory.views(START, 8)],
  poke: ["not memory, external", (memory) => memory.poke(START, bytes())],
  markDirty: ["not memory", (memory) => memory.markDirty(START, 8)],
  discard: ["read-only, not memory or external", (memory) => memory.discard(START, 8)],
  "dma to read": ["forbidden", (memory) => memory.dma(START, 8, "read")],
  "dma to write": ["forbidden, read-only", (memory) => memory.dma(START, 8, "write")],
  "DmaRange.read": ["forbidden, external", (memory) => memory.dma(START, 8, "read").read(0, bytes())],
  "DmaRange.write": ["forbidden, read-only, external", (memory) => memory.dma(START, 8, "write").write(0, bytes())],
  "DmaRange.readBigUint64": ["forbidden, external", (memory) => memory.dma(START, 8, "read").readBigUint64(0)],
  "DmaRange.writeUint32": [
    "forbidden, read-only, external",
    (memory) => memory.dma(MIDDLE - 2, 4, "write").writeUint32(0, 1),
  ],
  load64: ["forbidden, not memory, misaligned", (memory) => memory.load64(START)],
  store64: ["forbidden, read-only, not memory, misaligned", (memory) => memory.store64(START, 1n)],
  add64: ["forbidden, read-only, not memory, misaligned", (memory) => memory.add64(START, 1n)],
  compareExchange32: [
    "forbidden, read-only, not memory, misaligned",
    (memory) => memory.compareExchange32(MIDDLE - 2, 1, 2),
  ],
};

const PAGES = ["none", "not mapped", "forbidden", "read-only", "not memory", "external"] as const;
type Page = (typeof PAGES)[number];

/** A memory with a page of each fault on both sides of `MIDDLE`. */
function memoryOf(before: Page, after: Page): Memory {
  const memory = GuestMemory.createSync([{ kind: "ram", name: "spare", start: 0, size: 0x1000 }]);
  for (const [fault, start] of [[before, MIDDLE - 0x1000] as const, [after, MIDDLE] as const]) {
    const placed = { start, size: 0x1000 };
    if (fault === "none" || fault === "forbidden") memory.map({ kind: "ram", ...placed });
    if (fault === "forbidden") memory.protect(start, 0x1000, "---");
    if (fault === "read-only") memory.map({ kind: "rom", ...placed });
    if (fault === "not memory") {
      const device = { read: (_: number, size: number) => (size > 4 ? 0n : 0), write: () => {} };
      memory.map({ kind: "mmio", ...placed, device });
    }
    if (fault === "external") {
      const source = new ArrayBuffer(0x1000);
      memory.map({ kind: "external", ...placed, source });
      structuredClone(source, { transfer: [source] });
    }
  }
  return memory;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof GuestMemoryError ? error.code : String(error);
  }
  return "none";
}

/** The code that the table demands for an access with these faults. */
function expected(faults: readonly string[], first: Page): string {
  const name = order.find(({ name }) => faults.includes(name))?.name;
  if (name === undefined) return "none";
  const codes = order.find((row) => row.name === name)?.codes as string[];
  return name === "not mapped" && first !== "not mapped" ? "PARTIAL_BUFFER" : (codes[0] as string);
}

test("the table has every fault once", () => {
  const names = order.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  expect(names).toEqual(expect.arrayContaining(PAGES.filter((fault) => fault !== "none")));
  expect(names.length).toBeGreaterThan(10);
});

test.each(Object.entries(ACCESSES))("%s", async (name, [concerns, act]) => {
  await init();
  for (const before of PAGES) {
    for (const after of PAGES) {
      for (const watched of [false, true]) {
        using memory = memoryOf(before, after);
        let seen = 0;
        if (watched) memory.watch(START, 8, { read: true, write: true, execute: true }, () => seen++);
        // External memory is no memory for `discard`.
        const there = [before, after].map((fault) =>
          fault === "external" && concerns.includes("or external") ? "not memory" : fault,
        );
        const faults = there.filter((fault) => fault === "not mapped" || concerns.includes(fault));
        for (const always of ["misaligned", "crossing"]) if (concerns.includes(always)) faults.push(always as Page);
        const code = expected(faults, before);
        expect(
          codeOf(() => act(memory)),
          `${before}, ${after}, watched: ${watched}`,
        ).toBe(code);
        if (code !== "none") expect(seen, `${name} is told to a watch, and fails`).toBe(0);
      }
    }
  }
});

test("an argument comes before an array without bytes, that before disposal, and that before the map", async () => {
  const memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const detached = bytes();
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const calls = [
    (address: number, array: Uint8Array) => memory.readSlice(address, array),
    (address: number, array: Uint8Array) => memory.write(address, array),
    (address: number, array: Uint8Array) => memory.poke(address, array),
    (address: number, array: Uint8Array) => memory.indexOf(array, address, 8),
  ];
  for (const call of calls) expect(codeOf(() => call(0x9000, detached))).toBe("DETACHED_BUFFER");
  memory.dispose();
  for (const call of calls) {
    expect(codeOf(() => call(0x9000, detached))).toBe("DETACHED_BUFFER");
    expect(codeOf(() => call(0x9000, bytes()))).toBe("DISPOSED");
    expect(codeOf(() => call(-1, bytes()))).toMatch(/^RangeError/);
    expect(codeOf(() => call(0, [] as unknown as Uint8Array))).toMatch(/^TypeError/);
  }
  for (const call of [
    () => memory.protect("0" as unknown as number, 0x1000, "rwx"),
    () => memory.discard("0" as unknown as number, 0x1000),
    () => memory.space(5 as unknown as []),
    () => memory.map(null as never),
  ]) {
    expect(codeOf(call)).toMatch(/^TypeError/);
  }
});
