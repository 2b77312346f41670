// Byte order: a device that says `endian: "big"`, by every access, against bytes in the order of addresses.
import { expect, test } from "vitest";
import { type Device, GuestMemory, type GuestMemoryErrorCode } from "../../../ts/index.ts";
import { expectCode } from "../support.ts";

/** Registers of `width` bytes, big-endian, over bytes; only with handlers of that size. */
function registers(width: 1 | 2 | 4 | 8 | 16, bytes: Uint8Array, more: Device = {}): Device {
  const number = (value: bigint) => (width <= 4 ? Number(value) : value);
  const read = (offset: number) => {
    const value = bytes.subarray(offset, offset + width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return number(value) as never;
  };
  const write = (offset: number, value: number | bigint) => {
    for (let at = 0; at < width; at++)
      bytes[offset + width - 1 - at] = Number((BigInt(value) >> BigInt(8 * at)) & 255n);
  };
  return {
    [`read${8 * width}`]: read,
    [`write${8 * width}`]: write,
    endian: "big",
    narrower: "read-modify-write",
    ...more,
  };
}

test("byte order", async () => {
  await GuestMemory.fromRanges([[0, 16]]);
  for (const width of [1, 2, 4, 8, 16] as const) {
    for (const unaligned of ["split", "whole"] as const) {
      const bytes = Uint8Array.from({ length: 64 }, (_, index) => 0x80 + index);
      const plain = bytes.slice();
      using memory = GuestMemory.createSync([
        { kind: "mmio", start: 0x1000, size: 64, device: registers(width, bytes, { unaligned }) },
        { kind: "ram", start: 0x2000, size: 64, contents: plain },
      ]);
      for (const at of [0, 1, 2, 3, 4, 6, 8, 13, 16]) {
        if (unaligned === "whole" && at % width !== 0) continue; // these registers are aligned
        const [device, ram] = [0x1000 + at, 0x2000 + at];
        const names = ["Uint8", "Int8", "Uint16", "Int16BE", "Uint32", "Uint32BE", "Float32", "Float64BE"] as const;
        for (const name of names) expect(memory[`read${name}`](device), name).toBe(memory[`read${name}`](ram));
        for (const name of ["BigUint64", "BigInt64BE", "BigUint128"] as const) {
          expect(memory[`read${name}`](device), name).toBe(memory[`read${name}`](ram));
        }
        expect(memory.readBytes(device, 21)).toEqual(memory.readBytes(ram, 21));
        expect(memory.dma(device, 8, "read").readUint32(0)).toBe(memory.readUint32(ram));
        for (const start of [device, ram]) {
          memory.writeUint16(start, 0x0102);
          memory.writeUint32BE(start + 8, 0x0304_0506);
          memory.writeBigUint64(start + 16, 0x0708_090a_0b0c_0d0en);
          memory.writeBigUint128(start + 24, 0x11_2233_4455_6677_8899_aabb_ccdd_eeffn);
          memory.writeSlice(start + 3, Uint8Array.of(1, 2, 3));
          memory.dma(start, 8, "write").writeUint8(7, 9);
        }
        expect(bytes, `${width} at ${at}, ${unaligned}`).toEqual(memory.readBytes(0x2000, 64));
      }
    }
  }
});

test("a big-endian guest sees a big-endian register's value as it is", async () => {
  const got: unknown[] = [];
  const device: Device = {
    endian: "big",
    read: (_offset, size) =>
      size === 8 ? 0x1122_3344_5566_7788n : size === 4 ? 0x1122_3344 : size === 2 ? 0x1122 : 0x11,
    write: (_offset, size, value) => void got.push(size, value),
  };
  using memory = await GuestMemory.create([{ kind: "mmio", start: 0x1000, size: 16, device }]);
  expect([memory.readUint8(0x1000), memory.readUint16BE(0x1000), memory.readUint32BE(0x1000)]).toEqual([
    0x11, 0x1122, 0x1122_3344,
  ]);
  expect(memory.readBigUint64BE(0x1000)).toBe(0x1122_3344_5566_7788n);
  expect([memory.readUint16(0x1000), memory.readUint32(0x1000)]).toEqual([0x2211, 0x4433_2211]);
  memory.writeUint32BE(0x1000, 0x1122_3344);
  memory.writeUint16(0x1000, 0x1122);
  memory.writeBigUint64BE(0x1000, 5n);
  memory.writeUint8(0x1000, 6);
  expect(got).toEqual([4, 0x1122_3344, 2, 0x2211, 8, 5n, 1, 6]);
  for (const value of ["1", undefined, 5n, null, Number.NaN]) {
    using bad = await GuestMemory.create([
      { kind: "mmio", start: 0, size: 16, device: { endian: "big", read: () => value as number } },
    ]);
    const code: GuestMemoryErrorCode = "INVALID_HANDLER";
    if (typeof value === "number") expect(bad.readUint32(0)).toBe(0);
    else expectCode(() => bad.readUint32(0), code);
    if (typeof value !== "bigint") expectCode(() => bad.readBigUint64(0), code);
  }
  for (const endian of ["BIG", "", null, true] as unknown as "big"[]) {
    const map = () => memory.map({ kind: "mmio", start: 0x8000, size: 16, device: { endian } });
    expectCode(map, "INVALID_HANDLER");
  }
});
