// Snapshots: what they hold and how much room that takes, chains of them, merges, sections, differences.
import { expect, test } from "vitest";
import { type DirtyClient, diff, GuestMemory, init, Snapshot } from "../../../ts/index.ts";
import { Rewind } from "../../../ts/rewind.ts";
import { counting, expectCode } from "../support.ts";

await init();
const PAGE = 4096;
const PAGES = 64;
/** What a page takes beside its bytes: its number and its place. */
const ENTRY = 8;
const make = () => GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: PAGES * PAGE }]);

test("pages of zeros take no room, written ones once", () => {
  using memory = make();
  expect(memory.snapshot().byteLength).toBe(0);
  memory.writeUint8(3 * PAGE, 1);
  memory.writeUint8(5 * PAGE, 1);
  memory.writeUint8(5 * PAGE, 0); // written, and zero again
  expect(memory.snapshot().byteLength).toBe(PAGE + ENTRY);
});

test("the changes since a snapshot are the pages that differ", () => {
  using memory = make();
  memory.fill(0, 7, PAGES * PAGE);
  const full = memory.snapshot();
  expect(full.byteLength).toBe(PAGES * (PAGE + ENTRY));
  memory.writeUint8(2 * PAGE + 5, 8);
  memory.writeUint8(9 * PAGE, 7); // written with what it was
  memory.fill(11 * PAGE, 0, PAGE);
  const delta = memory.snapshot({ since: full });
  expect(delta.byteLength).toBe(PAGE + 2 * ENTRY); // one page of bytes, and one of zeros
  expect([delta.base, full.base]).toEqual([full, undefined]);
  expect(diff(full, delta)).toEqual([
    { region: "RAM", offset: 2 * PAGE + 5, length: 1 },
    { region: "RAM", offset: 11 * PAGE, length: PAGE },
  ]);
  expect(diff(delta, delta)).toEqual([]);
});

test("several chains do not disturb each other", () => {
  using memory = make();
  const one = memory.snapshot();
  memory.writeUint8(PAGE, 1);
  const other = memory.snapshot();
  memory.writeUint8(2 * PAGE, 2);
  const oneLater = memory.snapshot({ since: one });
  memory.writeUint8(3 * PAGE, 3);
  const otherLater = memory.snapshot({ since: other });
  expect([oneLater.byteLength, otherLater.byteLength]).toEqual([2 * (PAGE + ENTRY), 2 * (PAGE + ENTRY)]);
  memory.restore(oneLater);
  expect([1, 2, 3].map((page) => memory.readUint8(page * PAGE))).toEqual([1, 2, 0]);
  memory.restore(otherLater);
  expect([1, 2, 3].map((page) => memory.readUint8(page * PAGE))).toEqual([1, 2, 3]);
  memory.restore(one);
  expect([1, 2, 3].map((page) => memory.readUint8(page * PAGE))).toEqual([0, 0, 0]);
});

test("a merged chain has each page once, and goes on", () => {
  using memory = make();
  memory.fill(0, 1, 10 * PAGE);
  const chain = [memory.snapshot()];
  for (let round = 2; round < 8; round++) {
    memory.fill(round * PAGE, round, 3 * PAGE);
    chain.push(memory.snapshot({ since: chain.at(-1) as Snapshot }));
  }
  const bytes = memory.readBytes(0, PAGES * PAGE);
  const merged = chain.reduce((base, delta) => Snapshot.merge(base, delta));
  expect([merged.base, merged.byteLength]).toEqual([undefined, 10 * (PAGE + ENTRY)]);
  const partly = Snapshot.merge(chain[2] as Snapshot, chain[3] as Snapshot);
  expect(partly.base).toBe(chain[1]);
  memory.writeUint8(0, 99);
  const later = memory.snapshot({ since: merged });
  expect(later.byteLength).toBe(PAGE + ENTRY);
  memory.restore(merged);
  expect(memory.readBytes(0, PAGES * PAGE)).toEqual(bytes);
  memory.restore(partly);
  expect(memory.readUint8(5 * PAGE)).toBe(4);
  expectCode(() => Snapshot.merge(chain[0] as Snapshot, chain[2] as Snapshot), "SNAPSHOT_MISMATCH");
  expectCode(() => Snapshot.merge(chain[1] as Snapshot, chain[0] as Snapshot), "SNAPSHOT_MISMATCH");
});

test("sections are held by page, and may change their sizes", () => {
  using memory = make();
  const state = new Uint8Array(5 * PAGE + 100).fill(3);
  const first = memory.snapshot({ sections: { cpu: state, fpu: counting(10) } });
  state[4 * PAGE] = 4;
  const second = memory.snapshot({ since: first, sections: { cpu: state, fpu: counting(10) } });
  expect(second.byteLength).toBe(PAGE + ENTRY);
  const third = memory.snapshot({ since: second, sections: { cpu: state.subarray(0, PAGE + 7) } });
  const grown = new Uint8Array(3 * PAGE);
  grown[PAGE] = 3;
  const fourth = memory.snapshot({ since: third, sections: { cpu: grown } });
  state.fill(9);
  for (const merged of [fourth, Snapshot.merge(third, fourth), Snapshot.merge(second, Snapshot.merge(third, fourth))])
    expect(merged.section("cpu")).toEqual(grown);
  expect(third.section("cpu")).toEqual(new Uint8Array(PAGE + 7).fill(3));
  expect([second.section("cpu")?.[4 * PAGE], second.section("fpu")]).toEqual([4, counting(10)]);
  expect([first.sections, third.sections, third.section("fpu")]).toEqual([["cpu", "fpu"], ["cpu"], undefined]);
});

test("a snapshot needs no dirty client, and lets go of the one it takes", () => {
  using memory = make();
  const clients: DirtyClient[] = [];
  const saved = memory.snapshot();
  memory.writeUint8(0, 1);
  for (let index = 0; index < 7; index++) clients.push(memory.dirty.client("mine"));
  expectCode(() => memory.dirty.client("one more"), "TOO_MANY_CLIENTS");
  memory.writeUint8(PAGE, 2);
  expect(memory.snapshot({ since: saved }).byteLength).toBe(2 * (PAGE + ENTRY));
  memory.restore(saved);
  expect([memory.readUint8(0), memory.readUint8(PAGE)]).toEqual([0, 0]);
  expect(clients[0]?.collect()).toEqual([[0, 2 * PAGE]]);
  clients[0]?.dispose();
  memory.restore(saved); // takes a client again
  memory.writeUint8(2 * PAGE, 1);
  memory.restore(saved);
  expect(memory.readUint8(2 * PAGE)).toBe(0);
});

test("linear memory stays as it is", () => {
  using memory = make();
  memory.fill(0, 1, PAGES * PAGE);
  const view = memory.view(0, 16);
  const { viewGeneration, mapGeneration, permissionGeneration } = memory;
  const saved = memory.snapshot();
  memory.fill(0, 2, PAGES * PAGE);
  memory.snapshot({ since: saved });
  memory.restore(saved);
  expect([memory.viewGeneration, memory.mapGeneration, memory.permissionGeneration]).toEqual([
    viewGeneration,
    mapGeneration,
    permissionGeneration,
  ]);
  expect(view[0]).toBe(1);
});

test("regions are known by their names, and those without one by their kind and order", () => {
  using unnamed = GuestMemory.fromRangesSync([
    [0, PAGE],
    [0x1_0000, PAGE],
  ]);
  const saved = unnamed.snapshot();
  unnamed.writeUint8(0, 1);
  unnamed.writeUint8(0x1_0000, 2);
  unnamed.restore(saved);
  expect([unnamed.readUint8(0), unnamed.readUint8(0x1_0000)]).toEqual([0, 0]);
  using twice = GuestMemory.createSync([
    { kind: "ram", name: "bank", start: 0, size: PAGE },
    { kind: "ram", name: "bank", start: 0x1_0000, size: PAGE },
  ]);
  expectCode(() => twice.snapshot(), "DUPLICATE_NAME");
});

test("a region that came after the base is held as a whole", () => {
  using memory = make();
  const before = memory.snapshot();
  memory.map({ kind: "ram", name: "more", start: 0x10_0000, size: 2 * PAGE, contents: Uint8Array.of(1) });
  const after = memory.snapshot({ since: before });
  expect(after.byteLength).toBe(PAGE + ENTRY);
  memory.writeUint8(0x10_0000, 2);
  memory.restore(after);
  expect(memory.readUint8(0x10_0000)).toBe(1);
  expectCode(() => memory.restore(before), "SNAPSHOT_MISMATCH");
});

test("wrong options are TypeErrors, and what is no snapshot is none", () => {
  using memory = make();
  const wrong = (value: unknown) => value as never;
  expect(() => memory.snapshot(wrong(1))).toThrow("options must be an object, not a number");
  expect(() => memory.snapshot({ since: wrong({}) })).toThrow(
    "must be a Snapshot, as memory.snapshot() makes it, not an object",
  );
  expect(() => memory.snapshot({ by: wrong("hash") })).toThrow('by must be "marks" or "bytes", not "hash"');
  expect(() => memory.snapshot({ sections: wrong(null) })).toThrow("sections must be an object");
  expect(() => memory.snapshot({ sections: { cpu: wrong([1]) } })).toThrow('section "cpu" must be a Uint8Array');
  expect(() => memory.restore(wrong(undefined))).toThrow("must be a Snapshot");
  expect(() => new Snapshot(wrong({}))).toThrow("Snapshot has no public constructor");
  expect(() => new Snapshot(wrong(1))).toThrow("Snapshot has no public constructor");
});

test("a region without a name is another one when one before it has gone", () => {
  using memory = GuestMemory.fromRangesSync([
    [0, PAGE],
    [0x1_0000, PAGE],
    [0x2_0000, PAGE],
  ]);
  [1, 2, 3].forEach((value, index) => void memory.writeUint8(index * 0x1_0000, value));
  const three = memory.snapshot();
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  memory.removeRegion(0, PAGE);
  const two = memory.snapshot({ since: three });
  memory.insertRegion(0, PAGE); // the third in the order of mapping
  memory.writeUint8(0, 9);
  memory.restore(three); // by that order, places too
  expect([0, 1, 2].map((index) => memory.readUint8(index * 0x1_0000))).toEqual([1, 2, 3]);
  rewind.mark();
  rewind.back(0);
  expect([0, 1, 2].map((index) => memory.readUint8(index * 0x1_0000))).toEqual([1, 2, 3]);
  memory.removeRegion(0, PAGE);
  memory.restore(two);
  expect([1, 2].map((index) => memory.readUint8(index * 0x1_0000))).toEqual([2, 3]);
});
