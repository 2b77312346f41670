// examples/rp2040: the programs on a machine in guest memory print what they should, and leave what rp2040js alone leaves.
import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { RP2040 } from "rp2040js";
import { describe, expect, test } from "vitest";
import { type Firmware, loadFirmware, PROGRAMS, type Program } from "../../examples/rp2040/firmware.ts";
import { Machine } from "../../examples/rp2040/machine.ts";
import { BOOT_ROM, FLASH, SRAM } from "../../examples/rp2040/map.ts";
import { load, run } from "../../examples/rp2040/run.ts";
import { stateHash } from "../../examples/rp2040/state.ts";

const PAGE_SIZE = 4096;
const firmware = (program: Program) => loadFirmware(program, (url) => readFile(url));

/** Loads a program and runs it to its end, or so far. @returns what it printed */
function runProgram(machine: RP2040, program: Firmware, { rounds = 1, instructions = program.limit } = {}) {
  let text = "";
  load(machine, program, rounds, (character) => {
    text += character;
  });
  run(machine, instructions);
  return text;
}

describe.each(PROGRAMS)("%s", (program) => {
  test("prints what is expected", async () => {
    const loaded = await firmware(program);
    expect(runProgram(await Machine.create(), loaded)).toBe(loaded.expected);
    expect(loaded.expected).toMatch(/\ndone [0-9a-f]{8}\n$/);
  });

  test("leaves the state that it leaves in rp2040js alone: registers, memories, peripherals", async () => {
    const loaded = await firmware(program);
    const machine = await Machine.create();
    const client = machine.memory.dirty.client("test");
    const alone = new RP2040();
    // In steps, so that a difference is found near where it begins; two rounds, so that the count is taken over.
    const texts = [machine, alone].map((rp2040) => runProgram(rp2040, loaded, { rounds: 2, instructions: 100_000 }));
    expect(texts[0]).toBe(texts[1]);
    const hashes = new Set<string>();
    for (let step = 0; step < 6; step++) {
      expect(run(machine, 1_000_000)).toBe(run(alone, 1_000_000));
      expect(stateOf(machine)).toEqual(stateOf(alone));
      const hash = stateHash(machine);
      expect(hash, `after step ${step}`).toBe(stateHash(alone));
      hashes.add(hash);
    }
    expect(hashes.size).toBeGreaterThan(2); // the tour ends in the third
    expect(client.collect().length).toBeGreaterThan(0);
  });

  test("dirties the pages that its stores are in, and no others", async () => {
    const machine = await Machine.create();
    load(machine, await firmware(program), 1, () => {});
    const stored = new Set<number>();
    const { writeUint8, writeUint16, writeUint32 } = machine;
    const log = (address: number, size: number) => {
      if (address >= SRAM.start && address + size <= SRAM.start + SRAM.size) {
        for (let at = address; at < address + size; at++) stored.add(Math.floor(at / PAGE_SIZE));
      }
    };
    machine.writeUint8 = (address, value) => {
      log(address >>> 0, 1);
      writeUint8.call(machine, address, value);
    };
    machine.writeUint16 = (address, value) => {
      log(address >>> 0, 2);
      writeUint16.call(machine, address, value);
    };
    machine.writeUint32 = (address, value) => {
      log(address >>> 0, 4);
      writeUint32.call(machine, address, value);
    };
    const client = machine.memory.dirty.client("test");
    for (let step = 0; step < 8 && !machine.core.waiting; step++) {
      run(machine, 1_000_000);
      const expected = [...stored].sort((a, b) => a - b);
      expect(expected.length).toBeGreaterThan(0);
      expect(pagesOf(client.collect())).toEqual(expected);
      stored.clear();
    }
  });
});

/** The core's registers, flags and count of cycles. */
function stateOf({ core }: RP2040) {
  const { registers, APSR, cycles, waiting, PM, bankedSP } = core;
  return { registers: [...registers], APSR, cycles, waiting, PM, bankedSP };
}

const pagesOf = (ranges: readonly (readonly [number, number])[]) =>
  ranges.flatMap(([start, length]) =>
    Array.from({ length: length / PAGE_SIZE }, (_, index) => start / PAGE_SIZE + index),
  );

test("sort has sorted the numbers, by a count of ours", async () => {
  let state = 1;
  const numbers = Uint32Array.from({ length: 8192 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  }).sort();
  const hexadecimal = (value: number) => value.toString(16).padStart(8, "0");
  const { expected } = await firmware("sort");
  expect(expected).toContain(`from ${hexadecimal(numbers[0])} to ${hexadecimal(numbers[8191])}\n`);
  expect(expected).toContain(`is ${hexadecimal(crc32(new Uint8Array(numbers.buffer)))}\n`);
  expect(expected).toContain("6542 primes below 65536\n");
});

test("tour and interpreter print known figures", async () => {
  expect((await firmware("tour")).expected).toMatch(/CRC-32 of "123456789" by its table +cbf43926\n/);
  expect((await firmware("interpreter")).expected).toContain("finds 168 primes below 1000 \n");
});

test.each(["readUint8", "readUint16", "readUint32", "writeUint8", "writeUint16", "writeUint32"] as const)(
  "an error in GuestMemory's %s stops the program",
  async (method) => {
    const loaded = await firmware("tour");
    const machine = await Machine.create();
    load(machine, loaded, 1, () => {});
    run(machine, 1000);
    const error = new Error(`no more of ${method}`);
    Object.assign(machine.memory, {
      [method]: () => {
        throw error;
      },
    });
    expect(() => run(machine, loaded.limit)).toThrow(error);
    expect(machine.core.waiting).toBe(false);
  },
);

test("loading marks what the host writes: the boot ROM, and flash, all of which is erased", async () => {
  const machine = await Machine.create();
  const client = machine.memory.dirty.client("test");
  load(machine, await firmware("tour"), 1, () => {});
  expect(client.collect()).toEqual([
    [BOOT_ROM.start, PAGE_SIZE],
    [FLASH.start, FLASH.size],
  ]);
  expect(machine.memory.readUint32(FLASH.start + FLASH.size - 4)).toBe(0xffff_ffff);
});

test("DMA goes through guest memory, and dirties what it writes", async () => {
  const machine = await Machine.create();
  const client = machine.memory.dirty.client("test");
  machine.memory.writeSlice(SRAM.start, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  client.collect();
  const [DMA, TARGET] = [0x5000_0000, SRAM.start + 0x8000];
  const everyRequest = 0x3f << 15;
  const [words, incrementBoth, enable] = [2 << 2, 3 << 4, 1];
  machine.writeUint32(DMA, SRAM.start);
  machine.writeUint32(DMA + 4, TARGET);
  machine.writeUint32(DMA + 8, 2);
  machine.writeUint32(DMA + 12, everyRequest | words | incrementBoth | enable);
  (machine.clock as unknown as { tick(nanos: number): void }).tick(1000);
  expect([...machine.memory.readBytes(TARGET, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(client.collect()).toEqual([[TARGET, PAGE_SIZE]]);
});
