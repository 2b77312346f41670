// What a dirty client has taken comes back, unless it was committed: pages of regions, for this client alone.
import { expect, test } from "vitest";
import { GuestMemory, type MappedRegion } from "../../../ts/index.ts";
import { expectCode, thrownBy } from "../support.ts";

async function machine() {
  const memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 0x8000 },
    { kind: "ram", name: "bank", start: 0x2_0800, size: 0x2000 },
    { kind: "alias", name: "mirror", start: 0x4_0000, of: "RAM", offset: 0x1000, size: 0x1000 },
  ]);
  return { memory, bank: memory.region("bank") as MappedRegion };
}

test("an epoch that is disposed gives its pages back, one that is committed does not", async () => {
  const { memory } = await machine();
  const client = memory.dirty.client("migration");
  memory.fill(0xfff, 1, 2);
  const epoch = client.take();
  expect(epoch.ranges).toEqual([[0, 0x2000]]);
  expect(client.collect()).toEqual([]);
  memory.writeUint8(0x5000, 1);
  epoch.dispose();
  epoch.dispose();
  epoch.commit();
  expect(client.take().ranges).toEqual([
    [0, 0x2000],
    [0x5000, 0x1000],
  ]);
  const again = client.take(); // an epoch that is still open keeps its pages
  expect(again.ranges).toEqual([]);
  memory.writeUint8(0x5000, 1);
  const last = client.take(0x5000, 1);
  last.commit();
  last.dispose();
  expect([last.ranges, client.collect()]).toEqual([[[0x5000, 0x1000]], []]);
  memory.dispose();
});

test("the pages are a region's: they come back where it is now, hidden or not, for this client alone", async () => {
  const { memory, bank } = await machine();
  const client = memory.dirty.client("one");
  using other = memory.dirty.client("other");
  let told = 0;
  memory.writeUint8(0x2_1000, 1);
  other.collect();
  memory.trapWrites(0x2_1000, 1, () => told++);
  memory.onHostWrite = () => told++;
  const epoch = client.take();
  bank.move(0x6_0800);
  epoch.dispose();
  expect([client.collect(), other.collect(), told]).toEqual([[[0x6_1000, 0x1000]], [], 0]);
  memory.writeUint8(0x6_2800 - 1, 1);
  expect(told).toBe(0);
  const region = client.take(bank, 0x1000, 0x1000);
  expect(region.ranges).toEqual([[0x1800, 0x800]]);
  bank.disable();
  region.dispose();
  expect([client.collect(), client.collect(bank)]).toEqual([[], [[0x1800, 0x800]]]);
  // Discarded pages keep their marks too.
  memory.fill(0, 1, 0x8000);
  const whole = client.take();
  memory.discard(0, 0x8000);
  client.collect();
  whole.dispose();
  expect(client.collect()).toEqual([[0, 0x8000]]);
  memory.dispose();
});

test("an epoch outlives its client, its region and its memory without effect", async () => {
  const { memory, bank } = await machine();
  const client = memory.dirty.client("one");
  memory.writeUint8(0x2_1000, 1);
  const [first, second, third] = [client.take(bank), client.take(), client.take()];
  memory.unmap(bank);
  first.dispose();
  client.dispose();
  using next = memory.dirty.client("the same bit");
  second.dispose();
  expect(next.collect()).toEqual([]);
  expectCode(() => client.take(), "DISPOSED");
  memory.dispose();
  third.dispose();
});

test("what is refused takes nothing", async () => {
  const { memory, bank } = await machine();
  const client = memory.dirty.client("one");
  memory.writeUint8(0x2_1000, 1);
  expect(thrownBy(() => client.take(-1, 1))).toBeInstanceOf(RangeError);
  expect(thrownBy(() => client.take("bank" as unknown as number, 1))).toBeInstanceOf(TypeError);
  expect(thrownBy(() => client.take(bank, 0x2001))).toMatchObject({ code: "NOT_MEMORY" });
  expect(client.collect()).toEqual([[0x2_1000, 0x1000]]);
  memory.dispose();
});
