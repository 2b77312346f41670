// docs/mmio.md, "Which handler, which size": each row by its name.
import { expect, test } from "vitest";
import { GuestMemory, type NarrowAccessRule } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";
import { AT, around, READS, recorder, registers, SIZE, SIZES, WRITES } from "./support.ts";

/** A value whose bytes are all different. */
const PATTERN = 0xf0e1_d2c3_b4a5_9687_7869_5a4b_3c2d_1e0fn;
const low = (size: number) => BigInt.asUintN(size * 8, PATTERN);

test("every size", () => {
  const { device, calls } = recorder(["any"]);
  using memory = around(device);
  for (const size of SIZES) {
    expect(READS[size](memory, AT + 0x20)).toBe(registers(0x20, size));
    WRITES[size](memory, AT + 0x40, low(size));
  }
  expect(calls).toEqual(SIZES.flatMap((size) => [`r${size}@32`, `w${size}@64=${low(size).toString(16)}`]));
});

test("handlers by size", () => {
  const { device, calls } = recorder(SIZES);
  using memory = around(device);
  for (const size of SIZES) {
    expect(READS[size](memory, AT + 0x10)).toBe(registers(0x10, size));
    WRITES[size](memory, AT + 0x30, low(size));
  }
  expect(calls).toEqual(SIZES.flatMap((size) => [`r${size}@16`, `w${size}@48=${low(size).toString(16)}`]));
});

test("one handler for all", () => {
  const sizes: unknown[] = [];
  const device = {
    read: (_offset: number, size: number) => (size > 4 ? BigInt(size) : size),
    write: (_offset: number, size: number) => void sizes.push(size),
    read16: () => 0x1616,
    write16: () => void sizes.push("write16"),
  };
  using memory = around(device);
  expect(SIZES.map((size) => READS[size](memory, AT))).toEqual([1, 0x1616, 4, 8n, 16n]);
  for (const size of SIZES) WRITES[size](memory, AT, 1n);
  expect(sizes).toEqual([1, "write16", 4, 8, 16]);
});

test("wider", () => {
  const { device, calls } = recorder([1, 2]);
  using memory = around(device);
  expect(memory.readBigUint64(AT + 8)).toBe(registers(8, 8));
  expect(calls.splice(0)).toEqual(["r2@8", "r2@10", "r2@12", "r2@14"]);
  memory.writeBigUint128(AT, PATTERN);
  expect(calls.slice(0, 2).concat(calls.slice(-1))).toEqual(["w2@0=1e0f", "w2@2=3c2d", "w2@14=f0e1"]);
});

test("between", () => {
  const { device, calls } = recorder([1, 2, 8]);
  using memory = around(device);
  expect(memory.readUint32(AT + 4)).toBe(registers(4, 4));
  memory.writeUint32(AT + 4, 0x4433_2211);
  expect(calls).toEqual(["r2@4", "r2@6", "w2@4=2211", "w2@6=4433"]);
});

test("narrower: a read", () => {
  for (const narrower of ["split", "replicate", "read-modify-write"] as const) {
    const { device, calls } = recorder([4, 8], { narrower });
    using memory = around(device);
    expect([memory.readUint8(AT + 7), memory.readUint16(AT + 6)]).toEqual([7, registers(6, 2)]);
    expect(calls).toEqual(["r4@4", "r4@4"]);
  }
});

/** The calls that a byte at 5 and two at 6 become, on a device that takes four. */
function narrowWrites(narrower: NarrowAccessRule): string[] {
  const { device, calls } = recorder([4], { narrower });
  using memory = around(device);
  memory.writeUint8(AT + 5, 0xab);
  memory.writeUint16(AT + 6, 0x1234);
  return calls;
}

test("narrower: split", () => {
  expect(narrowWrites("split")).toEqual(["w4@4=ab00", "w4@4=12340000"]);
});

test("narrower: replicate", () => {
  expect(narrowWrites("replicate")).toEqual(["w4@4=abababab", "w4@4=12341234"]);
});

test("narrower: read-modify-write", () => {
  expect(narrowWrites("read-modify-write")).toEqual(["r4@4", "w4@4=706ab04", "r4@4", "w4@4=12340504"]);
  const failing = recorder([4], { narrower: "read-modify-write" });
  const broken = new Error("no register there");
  failing.device.read32 = () => {
    throw broken;
  };
  using memory = around(failing.device);
  expect(() => memory.writeUint8(AT, 1)).toThrow(broken);
  expect(failing.calls).toEqual([]);
});

test("a device of two bytes: narrower by each rule, with values out of range", () => {
  for (const [narrower, first, second] of [
    ["split", 0xab, 0xcd00],
    ["replicate", 0xabab, 0xcdcd],
    ["read-modify-write", 0xffab, 0xcdff],
  ] as const) {
    const written: number[] = [];
    const device = { read16: () => -1, write16: (_at: number, value: number) => void written.push(value), narrower };
    using memory = around(device);
    memory.writeUint8(AT, 0x1ab);
    memory.writeUint8(AT + 1, 0xcd);
    expect(written).toEqual([first, second]);
    expect([memory.readUint8(AT + 1), memory.readUint16(AT), memory.fetchUint16(AT)]).toEqual([0xff, -1, -1]);
    const signed: number[] = [];
    memory.watch(AT, 2, { read: true }, ({ value }) => void signed.push(value as number));
    expect([memory.readUint16(AT), ...signed]).toEqual([-1, -1]);
  }
});

test("narrower: no rule", () => {
  const { device, calls } = recorder([4, 8]);
  using memory = around(device);
  expectCode(() => memory.readUint8(AT), "INVALID_HANDLER");
  expectCode(() => memory.writeUint16(AT, 1), "INVALID_HANDLER");
  expect(calls).toEqual([]);
});

test("unaligned: split", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = around(device);
  expect(memory.readUint32(AT + 3)).toBe(registers(3, 4));
  expect(calls.splice(0)).toEqual(["r1@3", "r2@4", "r1@6"]);
  memory.writeBigUint64(AT + 2, low(8));
  expect(calls).toEqual(["w2@2=1e0f", "w4@4=5a4b3c2d", "w2@8=7869"]);
});

test("unaligned: split, counted in offsets and not in addresses", () => {
  const { device, calls } = recorder([1, 2, 4]);
  using memory = GuestMemory.createSync([{ kind: "mmio", start: 0x1002, size: 8, device }]);
  memory.readUint32(0x1002);
  memory.readUint32(0x1004);
  expect(calls).toEqual(["r4@0", "r2@2", "r2@4"]);
});

test("unaligned: whole", () => {
  const { device, calls } = recorder([4], { unaligned: "whole", narrower: "split" });
  using memory = around(device);
  expect(memory.readUint32(AT + 3)).toBe(registers(3, 4));
  memory.writeBigUint64(AT + 1, low(8));
  expect(memory.readUint16(AT + 3)).toBe(registers(3, 2)); // no handler of its size: over two registers
  expect(calls).toEqual(["r4@3", "w4@1=3c2d1e0f", "w4@5=78695a4b", "r4@0", "r4@4"]);
  const any = recorder(["any"], { unaligned: "whole" });
  using other = around(any.device);
  expect(other.readBigUint64(AT + 5)).toBe(registers(5, 8));
  expect(any.calls).toEqual(["r8@5"]);
});

test("cross-boundary", () => {
  const { device, calls } = recorder([1, 2]);
  using memory = around(device);
  memory.writeUint8(AT - 1, 0xaa);
  memory.writeUint8(AT + SIZE, 0xbb);
  expect([memory.readUint8(AT), memory.readUint8(AT + SIZE - 1)]).toEqual([0, 0xff]); // it is known where the device is
  calls.length = 0;
  expect(memory.readUint32(AT - 1)).toBe(0x0201_00aa);
  expect(memory.readUint32(AT + SIZE - 3)).toBe(0xbbff_fefd);
  expect(calls.splice(0)).toEqual(["r2@0", "r1@2", "r1@253", "r2@254"]);
  memory.writeUint32(AT - 2, 0x4433_2211);
  memory.writeBigUint64(AT + SIZE - 4, low(8));
  expect(calls).toEqual(["w2@0=4433", "w2@252=1e0f", "w2@254=3c2d"]);
  expect([...memory.readBytes(AT - 2, 2)]).toEqual([0x11, 0x22]);
  expect([...memory.readBytes(AT + SIZE, 5)]).toEqual([0x4b, 0x5a, 0x69, 0x78, 0]);
});

test("cross-boundary: two devices, each by its own rules", () => {
  const [left, right] = [recorder([1]), recorder([4], { narrower: "replicate" })];
  using memory = GuestMemory.createSync([
    { kind: "mmio", start: 0, size: 0x10, device: left.device },
    { kind: "mmio", start: 0x10, size: 0x10, device: right.device },
  ]);
  memory.writeUint32(0xe, 0x4433_2211);
  memory.writeSlice(0xf, counting(6));
  expect(left.calls).toEqual(["w1@14=11", "w1@15=22", "w1@15=1"]);
  expect(right.calls).toEqual(["w4@0=44334433", "w4@0=5040302", "w4@4=6060606"]);
});

test("values unmodified", () => {
  const device = { read8: () => -1, read16: () => 0x1_2345, read32: () => -2, read64: () => -3n, read128: () => -4n };
  using memory = around(device);
  expect(SIZES.map((size) => READS[size](memory, AT))).toEqual([-1, 0x1_2345, -2, -3n, -4n]);
  using watch = memory.watch(AT, 16, { read: true }, ({ value }) => expect(value).toBe(-2));
  expect([memory.readUint32(AT), memory.fetchUint32(AT + 16)]).toEqual([-2, -2]);
  watch.dispose();
  expect([memory.readInt8(AT), memory.readInt16(AT), memory.readInt32(AT)]).toEqual([-1, 0x2345, -2]);
  expect([memory.readUint32BE(AT), memory.readBigInt64(AT)]).toEqual([0xfeff_ffff, -3n]);
  expect(memory.readUint32(AT + 2)).toBe(0x2345_2345); // in parts: bytes
});
