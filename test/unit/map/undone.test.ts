// Undone: transactions that throw, and calls that fail. docs/errors.md says what is not taken back.
import { expect, test } from "vitest";
import { type DirtyClient, GuestMemory, type MappedRegion, type RegionSpec, type Watch } from "../../../ts/index.ts";
import { collectUntil, expectCode, thrownBy } from "../support.ts";

test("an undone transaction takes back the map, and nothing else", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", name: "RAM", start: 0, size: 0x4000 }]);
  const ram = memory.region("RAM") as MappedRegion;
  using bus = memory.space([{ kind: "alias", start: 0, of: ram }]);
  const seen: string[] = [];
  const ended = memory.watch(0x3000, 4, { write: true }, () => seen.push("ended"));
  memory.trapWrites(0x2000, 1, () => seen.push("sprung"));
  const outer = memory.dirty.client("outer");
  const writes: number[] = [];
  const generation = memory.permissionGeneration;
  let made: MappedRegion | undefined;
  let watch: Watch | undefined;
  let client: DirtyClient | undefined;
  const undo = () =>
    memory.transaction(() => {
      made = memory.map({ kind: "ram", start: 0x1_0000, size: 0x1000 });
      memory.insertRegion(0x2_0000, 0x1000);
      memory.removeRegion(0x2_0000, 0x1000);
      memory.protect(0x1000, 0x1000, "---");
      ram.move(0x10_0000);
      ram.disable();
      memory.writeUint8(0x10, 9);
      memory.writeUint8(0x2000, 1);
      memory.onHostWrite = (address) => void writes.push(address);
      memory.poke(0x20, Uint8Array.of(7));
      watch = memory.watch(0x1000, 4, { write: true }, () => seen.push("set"));
      ended.dispose();
      client = memory.dirty.client("inner");
      memory.onUnmapped = { read: () => 5 };
      bus.map({ kind: "reserved", start: 0x8000, size: 16 });
      bus.protect(0, 0x1000, "r--");
      throw new Error("undone");
    });
  expect(thrownBy(undo)).toEqual(new Error("undone"));

  expect(memory.mapped).toEqual([ram]);
  expect([ram.start, ram.enabled]).toEqual([0, true]);
  expect(memory.permissionGeneration).not.toBe(generation); // watches and traps count
  expect(made?.isMapped).toBe(false);
  expectCode(() => memory.map({ kind: "alias", start: 0x5_0000, of: made as MappedRegion }), "NO_MEMORY_REGION");
  memory.writeUint32(0x1000, 1); // the protection is gone, and the watch stays
  memory.writeUint32(0x3000, 1);
  memory.writeUint32(0x2000, 1);
  expect(seen).toEqual(["sprung", "set"]);
  expect([memory.readUint8(0x10), memory.readUint8(0x20), memory.readUint8(0x9999)]).toEqual([9, 7, 5]);
  expect(writes).toEqual([0x20]);
  expect(outer.collect()).toEqual([[0, 0x4000]]);
  expect(client?.collect()).toEqual([[0x1000, 0x3000]]);
  expect(bus.mapped.length).toBe(2);
  expectCode(() => bus.writeUint8(0, 1), "PERMISSION_DENIED", { address: 0, length: 1 });
  watch?.dispose();
});

/** Lists of regions of which the last cannot be made; `source` is external memory in them. */
function failing(source: ArrayBuffer): Record<string, RegionSpec[]> {
  const external = { kind: "external", name: "external", start: 0x10_0000, source } as const;
  const ram = { kind: "ram", start: 0x20_0000, size: 0x4_0000 } as const;
  const first: RegionSpec[] = [external, ram, { kind: "rom", start: 0, size: 0x1_0000, contents: new Uint8Array(16) }];
  const last: Record<string, RegionSpec> = {
    "contents that are too long": { ...ram, start: 0x80_0000, contents: new Uint8Array(0x4_0001) },
    "contents without bytes": { ...ram, start: 0x80_0000, contents: new Uint8Array(new ArrayBuffer(0)) },
    "no target": { kind: "alias", start: 0, of: "nothing" },
    "a long alias": { kind: "alias", start: 0x80_0000, of: "external", size: 0x10_0000 },
    "no handler": { kind: "mmio", start: 0x80_0000, size: 16, device: { read8: 5 as never } },
    "no buffer": { ...external, start: 0x80_0000, source: 5 as never },
    "too large": { ...ram, start: 0x100_0000, size: 2 ** 32 },
    "past 2^64": { ...ram, start: 2n ** 64n - 0x1000n },
    // The last two: they fail when the transaction ends, and no later failure may hide what they keep.
    "an overlap": { ...ram, kind: "rom" },
    "an overlap of external memory": { ...external, start: 0x20_0000 },
  };
  return Object.fromEntries(Object.entries(last).map(([name, spec]) => [name, [...first, spec]]));
}

test("failed creations keep no host page, no table and no object of the caller", async () => {
  using memory = await GuestMemory.create([{ kind: "external", start: 0, source: new ArrayBuffer(16) }]);
  let collected = 0;
  const buffers = new FinalizationRegistry<undefined>(() => collected++);
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const failures: string[] = []; // `expect` would keep the calls, and so the buffer
  const attempt = () => {
    const source = new ArrayBuffer(0x1000);
    buffers.register(source, undefined);
    for (const [name, specs] of Object.entries(failing(source))) {
      for (const spec of specs) if ("contents" in spec && spec.contents?.length === 0) spec.contents = detached;
      const bigint = { addresses: "bigint" } as const;
      const calls = [
        () => GuestMemory.createSync(specs, bigint),
        () => memory.space(specs),
        () => memory.transaction(() => specs.map((spec) => memory.map(spec))),
      ];
      for (const call of calls) failures.push(`${name}: ${(thrownBy(call) as Error).name}`);
    }
  };
  attempt();
  const bytes = memory.wasmMemory.buffer.byteLength;
  const before = memory.toJSON();
  for (let round = 0; round < 12; round++) attempt();
  expect(memory.wasmMemory.buffer.byteLength).toBe(bytes);
  expect(failures.length).toBe(13 * 10 * 3);
  expect(memory.toJSON()).toEqual(before);
  await collectUntil(() => collected === 13);
  expect(collected).toBe(13);
});
