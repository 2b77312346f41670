// Rewind: marks, the way back, the budget, and what others hear of it.
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryError, init, type MappedRegion } from "../../../ts/index.ts";
import { Rewind } from "../../../ts/rewind.ts";
import { counting, expectCode, thrownBy } from "../support.ts";

await init();
const PAGE = 4096;
const make = (pages = 64) => GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: pages * PAGE }]);

test("each frame comes back, and a new row goes on from it", () => {
  using memory = make();
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  for (let frame = 1; frame <= 10; frame++) {
    memory.writeUint8((frame % 3) * PAGE, frame);
    rewind.mark({ cpu: counting(frame) });
  }
  expect(rewind.length).toBe(11);
  memory.writeUint8(0x5000, 77);
  expect(rewind.back(0).cpu).toEqual(counting(10));
  expect([memory.readUint8(0x5000), memory.readUint8(PAGE)]).toEqual([0, 10]);
  expect(rewind.back().cpu).toEqual(counting(9));
  expect([0, 1, 2].map((page) => memory.readUint8(page * PAGE))).toEqual([9, 7, 8]);
  expect(rewind.back(7).cpu).toEqual(counting(2));
  expect([rewind.length, memory.readUint8(0), memory.readUint8(2 * PAGE)]).toEqual([3, 0, 2]);
  memory.writeUint8(0, 55);
  rewind.mark();
  rewind.back();
  expect([memory.readUint8(0), rewind.back(2), memory.readUint8(PAGE), rewind.length]).toEqual([0, {}, 0, 1]);
});

test("the oldest marks fall off where the budget ends", () => {
  using memory = make();
  memory.fill(0, 1, 8 * PAGE);
  const budget = 40 * PAGE;
  const rewind = new Rewind(memory, { budget });
  const states: Uint8Array[] = [];
  for (let frame = 0; frame < 50; frame++) {
    memory.fill((frame % 6) * PAGE, frame + 2, 2 * PAGE);
    rewind.mark();
    states.push(memory.readBytes(0, 8 * PAGE));
    expect(rewind.byteLength).toBeLessThanOrEqual(budget);
  }
  expect(rewind.length).toBeGreaterThan(10);
  expect(rewind.length).toBeLessThan(20);
  const oldest = rewind.length - 1;
  rewind.back(oldest);
  expect(memory.readBytes(0, 8 * PAGE)).toEqual(states[49 - oldest]);
  expect(() => rewind.back(1)).toThrow(RangeError);
});

test("a budget for one copy alone holds one mark; one that is too small is refused, and changes nothing", () => {
  using memory = make();
  memory.fill(0, 1, 8 * PAGE);
  const rewind = new Rewind(memory, { budget: 10 * PAGE });
  memory.fill(0, 2, 8 * PAGE);
  rewind.mark();
  expect(rewind.length).toBe(1);
  memory.fill(0, 3, 12 * PAGE);
  const error = expectCode(() => rewind.mark(), "BUDGET_EXCEEDED", { length: 56_686 });
  expect(error.message).toContain("the budget is 40960");
  rewind.back(0);
  expect([memory.readUint8(0), memory.readUint8(11 * PAGE)]).toEqual([2, 0]);
  const { length: needed } = thrownBy(() => new Rewind(memory, { budget: 1 })) as GuestMemoryError;
  expect(new Rewind(memory, { budget: Number(needed) }).length).toBe(1);
});

test("another map comes back, and other regions begin a new row", () => {
  using memory = make();
  const region = () => memory.region("bank") as MappedRegion;
  memory.map({ kind: "ram", name: "bank", start: 0x10_0000, size: PAGE });
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  region().move(0x20_0000);
  rewind.mark();
  region().disable();
  rewind.mark();
  rewind.back();
  expect([region().enabled, region().start]).toEqual([true, 0x20_0000]);
  rewind.back();
  expect(region().start).toBe(0x10_0000);
  memory.unmap("bank");
  expectCode(() => rewind.back(0), "SNAPSHOT_MISMATCH");
  rewind.mark();
  expect(rewind.length).toBe(1);
  memory.writeUint8(0, 1);
  rewind.back(0);
  expect(memory.readUint8(0)).toBe(0);
});

test("snapshots and dirty clients beside it are not disturbed, and traps spring", () => {
  using memory = make();
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  const saved = memory.snapshot();
  const client = memory.dirty.client("display");
  memory.writeUint8(PAGE, 1);
  rewind.mark();
  memory.writeUint8(2 * PAGE, 2);
  const sprung: number[] = [];
  memory.trapWrites(2 * PAGE, 1, (address) => void sprung.push(address));
  rewind.back(0);
  expect(sprung).toEqual([2 * PAGE]);
  expect(client.collect()).toEqual([[PAGE, 2 * PAGE]]);
  memory.restore(saved);
  rewind.back(0);
  expect([memory.readUint8(PAGE), memory.readUint8(2 * PAGE)]).toEqual([1, 0]);
});

test("regions without names that have changed places are looked at anew", () => {
  using memory = GuestMemory.fromRangesSync([
    [0, PAGE],
    [0x1_0000, PAGE],
  ]);
  memory.writeUint8(0, 1);
  memory.writeUint8(0x1_0000, 2);
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  memory.removeRegion(0, PAGE);
  memory.insertRegion(0, PAGE); // the second in the order of mapping, and so by name
  rewind.mark();
  memory.writeUint8(0x1_0000, 77);
  rewind.back(0);
  expect([memory.readUint8(0), memory.readUint8(0x1_0000)]).toEqual([0, 2]);
});
