// docs/mmio.md, "Initiator, order, width": each row by its name.
import { expect, test, vi } from "vitest";
import { LinearMemory } from "../../../ts/core/linear-memory.ts";
import { GuestMemory } from "../../../ts/index.ts";
import { counting, expectCode, thrownBy } from "../support.ts";
import { AT, around, recorder, registers, SIZE } from "./support.ts";

test("who accesses", () => {
  const { device, calls, who } = recorder([1, 2, 4], { peek: (offset) => offset });
  using memory = around(device);
  memory.readUint32(AT);
  memory.writeUint8(AT, 1);
  memory.fetchUint16(AT);
  memory.readBytes(AT, 2);
  memory.write(AT, counting(2));
  memory.fill(AT, 0, 4);
  memory.copyWithin(AT, AT + 4, 4);
  expect(who.splice(0)).toEqual(Array(8).fill("cpu"));
  memory.dma(AT, 4, "read").read(0, new Uint8Array(4));
  memory.dma(AT, 4, "write").write(0, counting(4));
  expect(who).toEqual(["dma", "dma"]);
  calls.length = 0;
  const { bytes, known } = memory.peek(AT - 1, 3);
  expect([bytes.join(), known.join()]).toEqual(["0,0,1", "1,1,1"]);
  expectCode(() => memory.poke(AT, counting(4)), "NOT_MEMORY", { address: AT, length: 4 });
  expect(calls).toEqual([]);
});

test("bulk: order and width", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = around(device);
  const into = new Uint8Array(11);
  memory.readSlice(AT + 1, into);
  expect([...into]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(calls.splice(0)).toEqual(["r1@1", "r2@2", "r4@4", "r4@8"]);
  memory.writeSlice(AT + 4, counting(7));
  memory.fill(AT + 2, 0xee, 3);
  expect(calls.splice(0)).toEqual(["w4@4=4030201", "w2@8=605", "w1@10=7", "w2@2=eeee", "w1@4=ee"]);
  memory.dma(AT + 2, 6, "read").read(0, new Uint8Array(6));
  expect(calls).toEqual(["r2@2", "r4@4"]);
  const widest = recorder([16]);
  using wide = around(widest.device);
  expect([...wide.readBytes(AT + 16, 32)]).toEqual([...counting(32, 16)]);
  expect(widest.calls).toEqual(["r16@16", "r16@32"]);
  const any = recorder(["any"]);
  using all = around(any.device);
  all.readBytes(AT + 6, 0x1a);
  expect(any.calls).toEqual(["r2@6", "r8@8", "r8@16", "r8@24"]);
});

test("bulk: order and width, with memory on both sides", () => {
  const { device, calls } = recorder([4], { narrower: "read-modify-write" });
  using memory = around(device);
  const bytes = counting(SIZE + 2, 0x55);
  using dirty = memory.dirty.client("test");
  memory.writeSlice(AT - 1, bytes);
  expect(dirty.collect()).toEqual([
    [0, AT],
    [AT + SIZE, 0x1000 - SIZE],
  ]);
  expect(calls.splice(0)).toHaveLength(SIZE / 4);
  expect([memory.readUint8(AT - 1), memory.readUint8(AT + SIZE)]).toEqual([bytes[0], bytes.at(-1)]);
  expect(memory.read(AT - 1, bytes)).toBe(bytes.length);
  expect([...bytes]).toEqual([0x55, ...counting(SIZE, 0), (0x55 + SIZE + 1) & 0xff]);
});

test("bulk: copyWithin", () => {
  const { device, calls } = recorder([4]);
  using memory = around(device);
  memory.copyWithin(AT + 4, AT, 8);
  expect(calls.splice(0)).toEqual(["r4@0", "r4@4", "w4@4=3020100", "w4@8=7060504"]);
  memory.copyWithin(AT, AT + 4, 8);
  expect(calls.splice(0)).toEqual(["r4@4", "r4@8", "w4@0=7060504", "w4@4=b0a0908"]);
  memory.copyWithin(0x10, AT + 8, 4);
  expect([memory.readUint32(0x10), calls.join()]).toEqual([registers(8, 4), "r4@8"]);
});

test("fetch", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = around(device);
  expect([memory.fetchUint8(AT + 1), memory.fetchUint16(AT + 2)]).toEqual([1, registers(2, 2)]);
  expect(memory.fetchUint32(AT + 6)).toBe(registers(6, 4));
  expect(calls).toEqual(["r1@1", "r2@2", "r2@6", "r2@8"]);
});

test("ROM device", () => {
  const { device, calls } = recorder([1, 2]);
  using memory = GuestMemory.createSync([
    { kind: "romDevice", start: AT, size: 0x1000, contents: counting(8), device },
    { kind: "ram", start: AT + 0x1000, size: 0x1000 },
  ]);
  memory.writeUint32(AT, 0x4433_2211);
  memory.writeSlice(AT + 0xfff, counting(2));
  expect(calls.splice(0)).toEqual(["w2@0=2211", "w2@2=4433", "w1@4095=1"]);
  expect([memory.readUint32(AT), memory.readUint8(AT + 0x1000)]).toEqual([0x0403_0201, 2]);
  expect([...memory.readBytes(AT + 6, 3)]).toEqual([7, 8, 0]);
  expect(calls).toEqual([]);
});

test("only memory", () => {
  const { device, calls } = recorder([1, 2, 4, 8, "any"]);
  using memory = around(device);
  const needsMemory = {
    "an atomic load": () => memory.load32(AT),
    "an atomic store": () => memory.store8(AT, 1),
    view: () => memory.view(AT, 4),
    views: () => memory.views(AT - 4, 8),
    compare: () => memory.compare(0, AT, 4),
    indexOf: () => memory.indexOf(counting(2), AT - 2, 8),
    poke: () => memory.poke(AT + SIZE - 1, counting(2)),
  };
  for (const act of Object.values(needsMemory)) {
    expect(act).toThrow(expect.objectContaining({ name: "GuestMemoryError", code: "NOT_MEMORY" }));
  }
  expect(calls).toEqual([]);
  expect(memory.readUint8(AT + SIZE)).toBe(0);
});

test("not mapped", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = GuestMemory.createSync([{ kind: "mmio", start: AT, size: 6, device }]);
  expectCode(() => memory.readUint32(AT + 4), "PARTIAL_BUFFER", { address: AT + 4, length: 4 });
  expectCode(() => memory.writeUint32(AT - 2, 1), "INVALID_GUEST_ADDRESS", { address: AT - 2, length: 4 });
  const seen: unknown[] = [];
  memory.onUnmapped = { read: () => 0xffff_ffff, write: (...all) => void seen.push(...all) };
  expect(memory.readUint32(AT + 4)).toBe(0xffff_ffff);
  memory.writeUint32(AT - 2, 0x1234);
  expect([seen, calls]).toEqual([[AT - 2, 4, 0x1234], []]);
});

test("an access that passes the end of a device's region at 2^53 is not the device's", async () => {
  const asked: number[] = [];
  const end = 2 ** 53;
  const memory = await GuestMemory.create([
    {
      kind: "mmio",
      start: end - 0x1000,
      size: 0x1000,
      device: { read8: () => 0, write8: (at) => void asked.push(at) },
    },
  ]);
  memory.writeUint8(end - 0x1000, 1); // from now on it is remembered where the device is
  for (const address of [end - 3, end - 2, end - 1]) {
    expectCode(() => memory.writeUint32(address, 1), "PARTIAL_BUFFER", { address, length: 4 });
  }
  expect(asked).toEqual([0]);
  memory.dispose();
});

test("a handler for what nobody mapped costs no error: none is made", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x1000 }]);
  const made = vi.spyOn(LinearMemory.prototype, "failure");
  memory.onUnmapped = { read: () => 0xff, write: () => {} };
  expect([memory.readUint8(0x8000), memory.readUint32(0xffe), memory.fetchUint16(0x8000)]).toEqual([0xff, 0xff, 0xff]);
  memory.writeUint32(0x8000, 1);
  expect(made).not.toHaveBeenCalled();
  memory.onUnmapped = undefined;
  expectCode(() => memory.readUint8(0x8000), "INVALID_GUEST_ADDRESS", { address: 0x8000, length: 1 });
  expect(made).toHaveBeenCalledOnce(); // it would have seen one
  made.mockRestore();
});

test("attributes", async () => {
  const calls: string[] = [];
  const device = {
    read32: (offset: number) => calls.push(`read32 ${offset}`),
    write32: (offset: number, value: number) => void calls.push(`write32 ${offset} ${value}`),
  };
  const attributes: ((memory: GuestMemory) => void)[] = [
    () => {},
    (memory) => void memory.watch(0x1000, 1, { read: true, write: true }, () => {}),
    (memory) => void memory.watch(0x1800, 1, { write: true }, () => {}),
    (memory) => memory.protect(0x1000, 0x1000, "rw-"),
  ];
  for (const attribute of attributes) {
    using memory = await GuestMemory.create([{ kind: "mmio", start: 0xffe, size: 0x2002, device }]);
    attribute(memory);
    for (let times = 0; times < 2; times++) {
      calls.length = 0;
      memory.readUint32(0xffe); // at offset 0, over the edge of two pages
      memory.writeUint32(0xffe, 9);
      memory.readBytes(0xffe, 4);
      memory.dma(0xffe, 4, "read").readUint32(0);
      expect(calls).toEqual(["read32 0", "write32 0 9", "read32 0", "read32 0"]);
    }
  }
  using memory = await GuestMemory.create([{ kind: "mmio", start: 0xffe, size: 0x2002, device }]);
  memory.protect(0x1000, 0x1000, "-w-");
  expect(thrownBy(() => memory.readUint32(0xffe))).toMatchObject({ code: "PERMISSION_DENIED" });
});
