// Restoring: the map and the bytes come back, those who watch are told of what differs, and all of it or nothing happens.
import { expect, test } from "vitest";
import { GuestMemory, init, type MappedRegion } from "../../../ts/index.ts";
import { counting, expectCode, stateOf } from "../support.ts";

await init();
const PAGE = 4096;
const device = { read8: () => 1, write8: () => {} };

function machine(): GuestMemory {
  return GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0, size: 16 * PAGE },
    { kind: "rom", name: "ROM", start: 0x2_0000, size: PAGE, contents: counting(4) },
    { kind: "ram", name: "hidden", start: 0, size: PAGE, priority: -1 },
    { kind: "mmio", name: "UART", start: 0x3_0000, size: 16, device },
    { kind: "alias", name: "window", start: 0x4_0000, of: "RAM", size: PAGE },
    { kind: "alias", name: "inner", start: 0x5_0000, of: "window", size: 0x100, offset: 0x10 },
  ]);
}

const region = (memory: GuestMemory, name: string) => memory.region(name) as MappedRegion;

test("the map comes back: places, what is shown, protection, and those that listen hear of it once", () => {
  using memory = machine();
  memory.protect(0x2000, PAGE, "r--");
  const saved = memory.snapshot();
  const map = JSON.stringify(memory);
  memory.transaction(() => {
    region(memory, "ROM").move(0x2_8000);
    region(memory, "UART").disable();
    region(memory, "window").show("ROM");
    memory.protect(0x2000, 2 * PAGE, "rwx");
    memory.protect(0x4000, PAGE, "--x");
  });
  let events = 0;
  memory.events.addEventListener("mapchanged", () => {
    events++;
    expect(memory.readUint8(0x1000)).toBe(0); // the bytes are back, too
  });
  memory.writeUint8(0x1000, 5);
  memory.restore(saved);
  expect(JSON.stringify(memory)).toBe(map);
  expect(events).toBe(1);
  memory.restore(saved);
  expect(events).toBe(1);
});

test("protection comes back where nothing is mapped any more", () => {
  using memory = machine();
  memory.map({ kind: "ram", name: "bar", start: 0x8_0000, size: PAGE });
  memory.protect(0x8_0000, PAGE, "r--");
  region(memory, "bar").move(0x9_0000);
  const saved = memory.snapshot();
  region(memory, "bar").move(0x8_0000);
  memory.protect(0x8_0000, PAGE, "rwx");
  memory.restore(saved);
  region(memory, "bar").move(0x8_0000);
  expectCode(() => memory.writeUint8(0x8_0000, 1), "PERMISSION_DENIED", { address: 0x8_0000, length: 1 });
});

test("only pages that differ spring traps, are told, and are dirty", () => {
  using memory = machine();
  using sibling = memory.space([{ kind: "alias", start: 0x100_0000, of: region(memory, "RAM") }]);
  const saved = memory.snapshot();
  memory.writeUint8(0x1000, 5);
  memory.writeUint8(0x3000, 0); // as it was
  region(memory, "hidden").write(0, Uint8Array.of(1));
  const sprung: string[] = [];
  memory.trapWrites(0x1000, 4, (address) => sprung.push(`own ${address}`));
  sibling.trapWrites(0x100_1800, 4, (address) => sprung.push(`sibling ${address}`));
  memory.trapWrites(0x3000, 4, () => sprung.push("wrong"));
  const told: string[] = [];
  memory.onHostWrite = (address, length) => told.push(`${address} ${length}`);
  sibling.onHostWrite = (address, length) => told.push(`sibling ${address} ${length}`);
  const client = memory.dirty.client("display");
  memory.restore(saved);
  expect(sprung).toEqual([`own ${0x1000}`, `sibling ${0x100_1000}`]);
  expect(told).toEqual([`${0x1000} ${PAGE}`, `sibling ${0x100_1000} ${PAGE}`]);
  expect(client.collect()).toEqual([[0x1000, PAGE]]);
  expect(client.collect(region(memory, "hidden"))).toEqual([[0, PAGE]]);
});

test("a trap that throws stops the restoration before a byte changes", () => {
  using memory = machine();
  const saved = memory.snapshot();
  memory.fill(0, 7, 4 * PAGE);
  region(memory, "ROM").move(0x2_8000);
  memory.trapWrites(0x2000, 1, () => {
    throw new Error("a block runs");
  });
  const before = stateOf(memory);
  expect(() => memory.restore(saved)).toThrow("a block runs");
  expect(stateOf(memory)).toEqual(before);
});

test("a trap's callback that writes meanwhile is undone by the restoration", () => {
  using memory = machine();
  const saved = memory.snapshot();
  memory.writeUint8(0x1000, 7);
  memory.trapWrites(0x1000, 1, () => memory.writeUint8(0x5000, 9));
  memory.restore(saved);
  expect([memory.readUint8(0x1000), memory.readUint8(0x5000)]).toEqual([0, 0]);
  memory.writeUint8(0x1000, 7);
  memory.trapWrites(0x1000, 1, () => memory.unmap("UART"));
  expectCode(() => memory.restore(saved), "SNAPSHOT_MISMATCH");
  expect(memory.readUint8(0x1000)).toBe(7);
  memory.map({ kind: "mmio", name: "UART", start: 0x3_0000, size: 16, device });
  memory.trapWrites(0x1000, 1, () => memory.dispose());
  expectCode(() => memory.restore(saved), "DISPOSED");
});

test("a listener that throws comes after the restoration", () => {
  using memory = machine();
  const saved = memory.snapshot();
  memory.writeUint8(0x1000, 7);
  memory.writeUint8(0x5000, 7);
  memory.onHostWrite = () => {
    throw new Error("a listener");
  };
  expect(() => memory.restore(saved)).toThrow("a listener");
  expect([memory.readUint8(0x1000), memory.readUint8(0x5000)]).toEqual([0, 0]);
});

test("discarded pages get their bytes back, and stay discarded where they were zero", () => {
  using memory = machine();
  memory.fill(0x1000, 1, PAGE);
  const saved = memory.snapshot();
  memory.discard(0, 16 * PAGE);
  memory.restore(saved);
  expect([memory.readUint8(0xfff), memory.readUint8(0x1000), memory.readUint8(0x2000)]).toEqual([0, 1, 0]);
  const without = memory.snapshot();
  memory.discard(0, 16 * PAGE);
  const delta = memory.snapshot({ since: without });
  memory.fill(0, 9, 16 * PAGE);
  memory.restore(delta);
  expect(memory.readBytes(0, 16 * PAGE)).toEqual(new Uint8Array(16 * PAGE));
});

test("external memory is compared, and written in its own buffer", () => {
  const buffer = new SharedArrayBuffer(3 * PAGE);
  const bytes = new Uint8Array(buffer);
  using memory = GuestMemory.createSync([
    { kind: "external", name: "VRAM", start: 0, source: buffer, offset: 3, size: 2 * PAGE },
  ]);
  bytes[PAGE] = 5;
  const saved = memory.snapshot();
  bytes.fill(7);
  const later = memory.snapshot({ since: saved });
  memory.restore(saved);
  expect([bytes[2], bytes[3], bytes[PAGE], bytes[2 * PAGE + 3]]).toEqual([7, 0, 5, 7]);
  memory.restore(later);
  expect(bytes).toEqual(new Uint8Array(3 * PAGE).fill(7));
});

test("a view's store counts if it was marked, and in any case by bytes", () => {
  using memory = machine();
  const view = memory.view(0, 1);
  const saved = memory.snapshot();
  view[0] = 1;
  memory.restore(saved);
  expect(memory.readUint8(0)).toBe(1);
  memory.restore(saved, { by: "bytes" });
  expect(memory.readUint8(0)).toBe(0);
  view[0] = 2;
  memory.markDirty(0, 1);
  memory.restore(saved);
  expect(memory.readUint8(0)).toBe(0);
});

test("a snapshot of another layout changes nothing", () => {
  using memory = machine();
  const saved = memory.snapshot();
  const layouts: [string, (other: GuestMemory) => void][] = [
    ['region "ROM" of kind rom with 4096 bytes, and the memory has none', (other) => other.unmap("ROM")],
    ['no region "more"', (other) => void other.map({ kind: "ram", name: "more", start: 0x20_0000, size: PAGE })],
    [
      "is in the snapshot's map",
      (other) => {
        const inner = region(other, "RAM");
        other.unmap(inner);
      },
    ],
  ];
  for (const [text, change] of layouts) {
    using other = machine();
    change(other);
    other.fill(0x4_0000, 1, 16);
    const before = stateOf(other);
    expect(expectCode(() => other.restore(saved), "SNAPSHOT_MISMATCH").message).toContain(text);
    expect(stateOf(other)).toEqual(before);
  }
});

test("bigint addresses, and places beyond 2^53", () => {
  const make = () =>
    GuestMemory.createSync([{ kind: "ram", name: "high", start: 1n << 60n, size: PAGE }], { addresses: "bigint" });
  using memory = make();
  memory.writeUint8(1n << 60n, 7);
  const saved = memory.snapshot();
  memory.region("high")?.move((1n << 61n) + 5n);
  memory.writeUint8((1n << 61n) + 5n, 8);
  memory.restore(saved);
  expect(memory.readUint8(1n << 60n)).toBe(7);
  using child = GuestMemory.fromSnapshotSync(saved, { addresses: "bigint" });
  expect([child.lastAddress, child.readUint8(1n << 60n)]).toEqual([(1n << 60n) + 4095n, 7]);
});

test("a fork has the devices that it is given, and its own bytes", async () => {
  using memory = machine();
  memory.writeUint8(0x10, 7);
  const saved = memory.snapshot({ sections: { cpu: counting(3) } });
  expectCode(() => GuestMemory.fromSnapshotSync(saved), "INVALID_HANDLER");
  const holes: number[] = [];
  using child = await GuestMemory.fromSnapshot(saved, {
    devices: { UART: { read8: () => 9 } },
    onUnmapped: { read: (address) => holes.push(address) },
    name: "fork",
  });
  expect(child.tree().replace("fork", "memory").replaceAll("fork", "memory")).toBe(memory.tree());
  expect([child.readUint8(0x3_0000), child.readUint8(0x5_0000), child.readUint8(0x2_0000)]).toEqual([9, 7, 1]);
  child.writeUint8(0x10, 8);
  expect([memory.readUint8(0x10), child.readUint8(0x99_0000), holes]).toEqual([7, 1, [0x99_0000]]);
});

test("a region that only an alias shows is in a snapshot, and in a fork", () => {
  using memory = machine();
  const ram = region(memory, "RAM");
  memory.unmap(ram);
  memory.writeUint8(0x4_0010, 7);
  const saved = memory.snapshot();
  memory.writeUint8(0x4_0010, 8);
  memory.restore(saved);
  expect(memory.readUint8(0x5_0000)).toBe(7);
  using child = GuestMemory.fromSnapshotSync(saved, { devices: { UART: device } });
  expect([child.readUint8(0x5_0000), child.region("RAM")]).toEqual([7, undefined]);
  expect(child.tree()).toBe(memory.tree());
});
