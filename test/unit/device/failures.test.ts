// docs/mmio.md, "When something fails": each row by its name, except "no byte outside" (canaries.test.ts).
import { expect, test } from "vitest";
import { type Device, GuestMemory, type GuestMemoryError, type RegionSpec } from "../../../ts/index.ts";
import { counting, expectCode, expectUntouched, thrownBy } from "../support.ts";
import { AT, around, recorder, SIZE } from "./support.ts";

/** A device of 4-byte registers, of which the one at `offset` is broken. */
function broken(offset: number) {
  const error = new Error("no register there");
  const { device, calls } = recorder([4]);
  const { read32, write32 } = device;
  device.read32 = (at, who) => {
    if (at === offset) throw error;
    return read32?.(at, who) ?? 0;
  };
  device.write32 = (at, value, who) => {
    if (at === offset) throw error;
    write32?.(at, value, who);
  };
  return { device, calls, error };
}

test("checked first", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = GuestMemory.createSync([
    { kind: "ram", start: 0, size: 0x1000 },
    { kind: "mmio", start: 0x1000, size: 0x1000, device },
    { kind: "rom", start: 0x2000, size: 0x1000 },
    { kind: "ram", start: 0x3000, size: 0x1000 },
  ]);
  memory.protect(0x3000, 0x1000, "r--");
  const write = (address: number, length: number) => () => memory.writeSlice(address, counting(length));
  expectUntouched(memory, () => {
    expectCode(write(0xff0, 0x1020), "READ_ONLY", { address: 0xff0, length: 0x1020 });
    expectCode(() => memory.fill(0x1ffc, 1, 8), "READ_ONLY", { address: 0x1ffc, length: 8 });
    expectCode(() => memory.writeUint32(0x1ffe, 1), "READ_ONLY", { address: 0x1ffe, length: 4 });
    expectCode(() => memory.dma(0x1ffc, 8, "write"), "READ_ONLY", { address: 0x1ffc, length: 8 });
    expectCode(() => memory.readSlice(0x1ff0, new Uint8Array(0x2011)), "PARTIAL_BUFFER", {
      address: 0x1ff0,
      length: 0x2011,
    });
  });
  memory.protect(0x1000, 0x1000, "---");
  expectCode(() => memory.readBytes(0xff0, 0x20), "PERMISSION_DENIED", { address: 0xff0, length: 0x20 });
  memory.protect(0x1000, 0x1000, "rwx");
  expect(calls).toEqual([]);
  expect(memory.write(0xffe, counting(0x1010))).toBe(0x1002); // up to the ROM
  expect([memory.readUint16(0xffe), calls.length]).toEqual([0x0201, 0x400]);
});

test("one call that throws", () => {
  const { device, error } = broken(0);
  using memory = around(device);
  const into = new Uint8Array(4).fill(7);
  expect(thrownBy(() => memory.readUint32(AT))).toBe(error);
  expect(thrownBy(() => memory.writeUint32(AT, 1))).toBe(error);
  expect(thrownBy(() => memory.readSlice(AT, into))).toBe(error);
  expect(thrownBy(() => memory.dma(AT, 4, "write").write(0, into))).toBe(error);
  expect([...into]).toEqual([7, 7, 7, 7]);
});

test("parts that throw", () => {
  const { device, calls, error } = broken(8);
  using memory = around(device);
  const failed = (completed: number, act: () => void): void => {
    const thrown = thrownBy(act);
    expect(thrown).toMatchObject({ code: "HANDLER_FAILED", completed, cause: error });
    const { address, length } = thrown as GuestMemoryError;
    expect([Number(address) + completed, Number(address) + Number(length) > AT + 8]).toEqual([AT + 8, true]);
  };
  failed(0, () => memory.readBigUint64(AT + 8));
  failed(4, () => memory.writeBigUint64(AT + 4, 1n));
  failed(10, () => memory.writeSlice(AT - 2, counting(16, 0x11)));
  expect(memory.readUint16(AT - 2)).toBe(0x1211);
  expect(calls.splice(0)).toEqual(["w4@4=1", "w4@0=16151413", "w4@4=1a191817"]);
  const into = new Uint8Array(16).fill(0xee);
  failed(10, () => memory.read(AT - 2, into));
  expect([...into]).toEqual([0x11, 0x12, 0, 1, 2, 3, 4, 5, 6, 7, ...Array(6).fill(0xee)]);
  into.fill(0xee);
  failed(8, () => memory.dma(AT, 16, "read").read(0, into));
  expect([...into]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, ...Array(8).fill(0xee)]);
  failed(8, () => memory.fill(AT, 0, 16));
  // One call for the piece is not one for the access.
  const first = broken(0);
  using edge = around(first.device);
  const { code, completed, cause } = thrownBy(() => edge.writeSlice(AT - 2, counting(6))) as GuestMemoryError;
  expect([code, completed, cause]).toEqual(["HANDLER_FAILED", 2, first.error]);
  // A JIT hears of what a device has written, and of no more.
  const heard: number[][] = [];
  memory.onHostWrite = (address, length) => void heard.push([address, length]);
  failed(10, () => memory.dma(AT - 2, 16, "write").write(0, into));
  expect(heard).toEqual([[AT - 2, 10]]);
});

test("the map changes", () => {
  /** What happens where the first call of the device's handler does this in the middle of an access. */
  const during = (change: (memory: GuestMemory) => void) => {
    let changed = false;
    const device: Device = {
      write32: () => {
        if (!changed) change(memory);
        changed = true;
      },
    };
    const memory = around(device);
    return memory;
  };
  const behind = AT + SIZE;
  const bytes = counting(8);
  using gone = during((memory) => memory.unmap(memory.region("behind") as never));
  expect(expectCode(() => gone.writeSlice(behind - 4, bytes), "PARTIAL_BUFFER", place(behind - 4)).completed).toBe(4);
  using partial = during((memory) => memory.region("behind")?.disable());
  expect(partial.write(behind - 4, bytes)).toBe(4);
  using moved = during((memory) => memory.region("behind")?.move(0x8000));
  expect(expectCode(() => moved.fill(behind - 4, 7, 8), "PARTIAL_BUFFER", place(behind - 4)).completed).toBe(4);
  expect(moved.readUint32(0x8000)).toBe(0);
  using closed = during((memory) => memory.protect(0x2000, 0x1000, "r--"));
  closed.map({ kind: "ram", start: 0x2000, size: 0x1000 });
  const rest = new Uint8Array(0x1000);
  expect(expectCode(() => closed.writeSlice(behind - 4, rest), "PERMISSION_DENIED", place(behind - 4, 0x1000))).toEqual(
    expect.objectContaining({ completed: 0x2000 - (behind - 4) }),
  );
  using covered = during((memory) => memory.map({ kind: "ram", name: "new", start: behind, size: 4, priority: 1 }));
  covered.writeSlice(behind - 4, bytes);
  covered.region("new")?.move(0x9000);
  expect([covered.readUint32(0x9000), covered.readUint32(behind)]).toEqual([0x0807_0605, 0]);
  using grown = during((memory) => memory.insertRegion(0x10_0000, memory.wasmMemory.buffer.byteLength));
  grown.writeSlice(behind - 4, bytes);
  expect(grown.readUint32(behind)).toBe(0x0807_0605);
  const disposed = during((memory) => memory.dispose());
  expectCode(() => disposed.writeSlice(behind - 4, bytes), "DISPOSED");
});

function place(address: number, length = 8) {
  return { address, length };
}

test("the map changes: a handler that disposes, with a watch on it, and an array that it takes away", () => {
  let act = () => {};
  const seen: unknown[] = [];
  const read64 = (): bigint => {
    act();
    return 5n;
  };
  const memory = around({ read64 });
  memory.watch(0, 0x2000, { read: true, write: true }, (event) => void seen.push(event.kind));
  const into = new Uint8Array(8);
  act = () => void structuredClone(into, { transfer: [into.buffer] });
  expectCode(() => memory.readSlice(AT, into), "DETACHED_BUFFER", { length: 0 });
  seen.length = 0;
  act = () => memory.dispose();
  expect(memory.readBigUint64(AT)).toBe(5n);
  expect(seen).toEqual([]);
  expectCode(() => memory.readUint32(AT), "DISPOSED");
});

test("a piece stays", () => {
  const { device, calls } = recorder([4]);
  const { write32 } = device;
  device.write32 = (offset, value, who) => {
    write32?.(offset, value, who);
    const region = memory.region("device");
    if (region) memory.unmap(region);
  };
  using memory = around(device);
  memory.writeBigUint64(AT, 0x1_0000_0002n);
  expect(calls).toEqual(["w4@0=2", "w4@4=1"]);
  expectCode(() => memory.writeUint32(AT, 1), "INVALID_GUEST_ADDRESS", { address: AT, length: 4 });
});

test("invalid handlers", () => {
  const read8 = () => 0;
  const all =
    "handlers are read, write, peek, read8, write8, read16, write16, read32, write32, read64, write64, read128, write128";
  class Registers {
    Read8() {}
  }
  const wrong: [message: string, device: unknown][] = [
    ["it must be an object, not undefined", undefined],
    ["it must be an object, not a function", () => 1],
    [`it has no handler: ${all}`, {}],
    [`it has no handler: ${all}`, { narrower: "split", reset() {} }],
    [`read24 is no handler: ${all}`, { read8, read24: () => 0 }],
    [`write_32 is no handler: ${all}`, { read8, write_32() {} }],
    [`Read8 is no handler: ${all}`, new (class extends Registers {})()],
    ["read8 must be a function, not a number", { read8: 5 }],
    ["write128 must be a function, not null", { write128: null }],
    ["read must be a function, not a string", { read: "r" }],
    ["peek must be a function, not an object", { peek: {} }],
    ['narrower must be "split", "replicate" or "read-modify-write", not "wrap"', { read8, narrower: "wrap" }],
    ['unaligned must be "split" or "whole", not true', { read8, unaligned: true }],
    ['endian must be "little" or "big", not "middle"', { read8, endian: "middle" }],
  ];
  using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x1000 }]);
  for (const [message, device] of wrong) {
    for (const kind of ["mmio", "romDevice"] as const) {
      const spec = { kind, start: 0x8000, size: 0x1000, device } as RegionSpec;
      expectUntouched(memory, () => {
        expect(expectCode(() => memory.map(spec), "INVALID_HANDLER").message).toBe(
          `the device of "${kind}": ${message}`,
        );
      });
    }
  }
  expect(memory.mapped).toHaveLength(1);
});

test("invalid values", () => {
  for (const value of ["5", undefined, null, Promise.resolve(1), {}, true, 1n]) {
    using memory = around({ read32: (() => value) as never, narrower: "split" });
    expectCode(() => memory.readUint32(AT), "INVALID_HANDLER");
    expectCode(() => memory.readUint8(AT), "INVALID_HANDLER");
  }
  for (const value of [1.5, Number.NaN, 2 ** 53, "1", undefined]) {
    using memory = around({ read64: (() => value) as never, read128: (() => value) as never });
    expectCode(() => memory.readBigUint64(AT), "INVALID_HANDLER");
    expectCode(() => memory.readBigUint128(AT), "INVALID_HANDLER");
  }
  for (const [value, bits] of [
    [7, 7n],
    [-2, -2n],
    [2 ** 53 - 1, 2n ** 53n - 1n],
  ] as const) {
    using memory = around({ read64: () => value, read128: () => value });
    expect(memory.readBigUint64(AT)).toBe(BigInt.asUintN(64, bits));
    expect(memory.readBigUint128(AT)).toBe(BigInt.asUintN(128, bits));
  }
  using memory = around({ read32: (offset) => (offset < 8 ? 1 : ("late" as never)) });
  const error = expectCode(() => memory.readBytes(AT, 16), "INVALID_HANDLER", place(AT, 16));
  expect(error.completed).toBe(8);
  expect((error.cause as GuestMemoryError).code).toBe("INVALID_HANDLER");
});

test("no handler", () => {
  using memory = around({ peek: () => 0, narrower: "read-modify-write" });
  for (const act of [
    () => memory.readUint8(AT),
    () => memory.writeUint32(AT, 1),
    () => memory.writeSlice(AT, counting(1)),
    () => memory.fill(AT, 1, 1),
  ]) {
    expect(thrownBy(act)).toMatchObject({ code: "INVALID_HANDLER" });
  }
  // A device may have other methods, and be any object.
  using other = around(Object.assign(Object.create(null), { read8: () => 3, readFifo: () => 4, reset() {} }));
  expect(other.readUint8(AT)).toBe(3);
  const device: Device = { write32: () => {}, narrower: "read-modify-write" };
  using blind = around(device);
  expectCode(() => blind.writeUint8(AT, 1), "INVALID_HANDLER");
  delete device.write32; // after it was mapped
  expectCode(() => blind.writeUint32(AT, 1), "INVALID_HANDLER");
});
