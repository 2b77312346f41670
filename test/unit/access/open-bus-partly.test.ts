// Handlers of holes that map less than the access needs: a part of its bytes, or bytes that forbid it. The access is not
// made on what they have mapped.
import { expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, init } from "../../../ts/index.ts";
import { thrownBy } from "../support.ts";

await init();

const HOLE = 0x4000;
const STORES: [number, (memory: GuestMemory, address: number | bigint) => void][] = [
  [1, (memory, address) => memory.writeInt8(address, -1)],
  [2, (memory, address) => memory.writeUint16(address, 0xffff)],
  [2, (memory, address) => memory.writeUint16BE(address, 0xffff)],
  [4, (memory, address) => memory.writeUint32(address, 0xffff_ffff)],
  [8, (memory, address) => memory.writeBigUint64(address, -1n)],
  [16, (memory, address) => memory.writeBigUint128(address, -1n)],
];
const LOADS: [number, (memory: GuestMemory, address: number | bigint) => unknown][] = [
  [1, (memory, address) => memory.readInt8(address)],
  [2, (memory, address) => memory.readUint16(address)],
  [2, (memory, address) => memory.readUint16BE(address)],
  [4, (memory, address) => memory.readUint32(address)],
  [8, (memory, address) => memory.readBigUint64(address)],
  [16, (memory, address) => memory.readBigUint128(address)],
];

type Maps = (memory: GuestMemory, start: number, size: number) => void;
const ram: Maps = (memory, start, size) => void memory.map({ kind: "ram", start, size });

/** What a handler maps. A part of an access is something only if there are two bytes. */
const SHORT: [string, Maps][] = [
  ["its first byte", (memory, start, size) => size > 1 && ram(memory, start, 1)],
  ["all but its last byte", (memory, start, size) => size > 1 && ram(memory, start, size - 1)],
  ["its last byte", (memory, start, size) => size > 1 && ram(memory, start + size - 1, 1)],
];
const FORBIDS_STORES: [string, Maps][] = [
  ["ROM", (memory, start, size) => void memory.map({ kind: "rom", start, size })],
  [
    "RAM that only code may use",
    (memory) => {
      ram(memory, HOLE, 0x2000);
      memory.protect(HOLE, 0x2000, "--x");
    },
  ],
];
const FORBIDS_LOADS: [string, Maps][] = [
  [
    "RAM that may only be written",
    (memory) => {
      ram(memory, HOLE, 0x2000);
      memory.protect(HOLE, 0x2000, "-w-");
    },
  ],
];

/** Runs each access in a fresh hole: inside a page and over its end, with a number and a bigint, watched and not. */
function inEachHole(size: number, check: (memory: GuestMemory, address: number | bigint, start: number) => void): void {
  for (const start of [HOLE + 0x20, HOLE + 0x1000 - (size >> 1)]) {
    for (const address of [start, BigInt(start)]) {
      for (const watched of [false, true]) {
        using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x1000 }]);
        const watch = { read: true, write: true };
        if (watched) memory.watch(HOLE, 0x2000, watch, () => {});
        check(memory, address, start);
      }
    }
  }
}

test.each([...SHORT, ...FORBIDS_STORES])("a store stays the handler's if it maps %s", (_name, maps) => {
  for (const [size, store] of STORES) {
    inEachHole(size, (memory, address, start) => {
      const calls: unknown[] = [];
      memory.onUnmapped = {
        write(...args) {
          calls.push(args);
          maps(memory, start, size);
        },
      };
      store(memory, address);
      const ones = (1n << BigInt(8 * size)) - 1n;
      expect(calls).toEqual([[start, size, size > 4 ? ones : Number(ones)]]);
      expect(memory.peek(start, size).bytes).toEqual(new Uint8Array(size));
    });
  }
});

test.each([...SHORT, ...FORBIDS_LOADS])("a load without an answer fails if the handler maps %s", (_name, maps) => {
  for (const [size, load] of LOADS) {
    inEachHole(size, (memory, address, start) => {
      let calls = 0;
      memory.onUnmapped = {
        read() {
          calls++;
          maps(memory, start, size);
          return undefined;
        },
      };
      expect(thrownBy(() => load(memory, address))).toBeInstanceOf(GuestMemoryError);
      expect(calls).toBe(1);
    });
  }
});
