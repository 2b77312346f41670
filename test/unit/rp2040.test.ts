// examples/rp2040: the programs on a machine in guest memory print what they should, and leave what rp2040js alone leaves.
import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { GuestMemory } from "guest-memory";
import { RP2040 } from "rp2040js";
import { describe, expect, test } from "vitest";
import { type Firmware, loadFirmware, PROGRAMS, type Program } from "../../examples/rp2040/firmware.ts";
import { BOOT_ROM, FLASH, Machine, RANGES, SRAM } from "../../examples/rp2040/machine.ts";
import { load, run } from "../../examples/rp2040/run.ts";

const PAGE_SIZE = 4096;
const firmware = (program: Program) => loadFirmware(program, (url) => readFile(url));
const newMachine = async () => new Machine(await GuestMemory.fromRanges(RANGES));

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
    expect(runProgram(await newMachine(), loaded)).toBe(loaded.expected);
    expect(loaded.expected).toMatch(/\ndone [0-9a-f]{8}\n$/);
  });

  test("leaves the registers and the memory that it leaves in rp2040js's own arrays", async () => {
    const loaded = await firmware(program);
    const machine = await newMachine();
    const alone = new RP2040();
    // In steps, so that a difference is found near where it begins; two rounds, so that the count is taken over.
    const texts = [machine, alone].map((rp2040) => runProgram(rp2040, loaded, { rounds: 2, instructions: 100_000 }));
    expect(texts[0]).toBe(texts[1]);
    for (let step = 0; step < 8; step++) {
      expect(run(machine, 1_000_000)).toBe(run(alone, 1_000_000));
      expect(stateOf(machine)).toEqual(stateOf(alone));
      const bytes = machine.memory.readBytes(SRAM.start, SRAM.size);
      expect(Buffer.compare(bytes, alone.sram), `SRAM after step ${step}`).toBe(0);
    }
    expect(Buffer.compare(machine.memory.readBytes(FLASH.start, FLASH.size), alone.flash)).toBe(0);
    const bootRom = new Uint8Array(alone.bootrom.buffer);
    expect(Buffer.compare(machine.memory.readBytes(BOOT_ROM.start, BOOT_ROM.size), bootRom)).toBe(0);
  });

  test("dirties the pages that its stores are in, and no others", async () => {
    const machine = await newMachine();
    load(machine, await firmware(program), 1, () => {});
    const stored = new Set<number>();
    const { writeUint8, writeUint16, writeUint32 } = machine;
    const log = (address: number, size: number) => {
      if (machine.memory.checkRange(address, size)) {
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
    const machine = await newMachine();
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

describe("what is not memory, or not all", () => {
  const addresses = [
    0x0000_0000, 0x0000_0034, 0x0000_3ffc, 0x0000_4000, 0x0fff_fffc, 0x1000_00c0, 0x1100_0004, 0x1200_00c0, 0x13ff_fffc,
    0x1400_0000, 0x1800_0000, 0x1800_0060, 0x2000_0000, 0x2004_1ffc, 0x2004_2000, 0x3fff_fffc, 0x4003_4018, 0x5010_0000,
    0xd000_0000, 0xe000_ed00, 0xf000_0000,
  ];
  const pair = async () => {
    const machines = [await newMachine(), new RP2040()] as const;
    const loaded = await firmware("tour");
    for (const machine of machines) {
      load(machine, loaded, 1, () => {});
      run(machine, 200_000);
      machine.logger = { debug() {}, info() {}, warn() {}, error() {} };
    }
    return machines;
  };

  test("reads as in rp2040js alone", async () => {
    const [machine, alone] = await pair();
    for (const address of addresses) {
      expect(machine.readUint32(address), `word at ${address.toString(16)}`).toBe(alone.readUint32(address));
      for (const at of [address, address + 2]) {
        expect(machine.readUint16(at), `halfword at ${at.toString(16)}`).toBe(alone.readUint16(at));
      }
      for (const at of [address, address + 1, address + 2, address + 3]) {
        expect(machine.readUint8(at), `byte at ${at.toString(16)}`).toBe(alone.readUint8(at));
      }
    }
  });

  test("is written as in rp2040js alone", async () => {
    const machines = await pair();
    for (const machine of machines) {
      for (const address of addresses.filter((address) => address < 0x4000_0000)) {
        machine.writeUint32(address, 0x8765_4321);
        machine.writeUint16(address + 2, 0xabcd);
        machine.writeUint8(address + 1, 0xef);
      }
    }
    const [machine, alone] = machines;
    const bytes = ({ start, size }: { start: number; size: number }) => machine.memory.readBytes(start, size);
    expect(Buffer.compare(bytes(BOOT_ROM), new Uint8Array(alone.bootrom.buffer))).toBe(0);
    expect(Buffer.compare(bytes(FLASH), alone.flash)).toBe(0);
    expect(Buffer.compare(bytes(SRAM), alone.sram)).toBe(0);
  });

  test("of the flash controller's registers each width of store arrives as in rp2040js alone", async () => {
    const [CONTROL_0, CONTROL_1, BAUD_RATE] = [0x1800_0000, 0x1800_0004, 0x1800_0014];
    const registers = (await pair()).map((machine) => {
      machine.writeUint32(CONTROL_0, 0x8765_4321);
      machine.writeUint16(CONTROL_1, 0xabcd);
      machine.writeUint8(BAUD_RATE, 0xef);
      // `>>> 0`, as the core's registers do: what rp2040js gives is signed where it has shifted bytes together.
      return [CONTROL_0, CONTROL_1, BAUD_RATE].map((register) => machine.readUint32(register) >>> 0);
    });
    expect(registers[0]).toEqual(registers[1]);
    expect(new Set(registers[0]).size).toBe(3);
  });

  test("flash's mirrors are read through guest memory, at the address that they mirror", async () => {
    const machine = await newMachine();
    const seen: string[] = [];
    const { readUint8, readUint16, readUint32 } = machine.memory;
    Object.assign(machine.memory, {
      readUint8: (address: number) => seen.push(`8 at ${address.toString(16)}`) && readUint8(address),
      readUint16: (address: number) => seen.push(`16 at ${address.toString(16)}`) && readUint16(address),
      readUint32: (address: number) => seen.push(`32 at ${address.toString(16)}`) && readUint32(address),
    });
    machine.readUint32(0x1100_0004);
    machine.readUint16(0x1200_0008);
    machine.readUint8(0x13ff_ffff);
    const [word, halfword, byte] = [
      "32 at 11000004,32 at 10000004",
      "16 at 12000008,16 at 10000008",
      "8 at 13ffffff,8 at 10ffffff",
    ];
    expect(seen.join()).toBe([word, halfword, byte].join());
  });

  test("at the end of SRAM a word that is half outside is not there, as in rp2040js alone", async () => {
    const machines = await pair();
    for (const machine of machines) {
      machine.writeUint32(0x2004_1ffe, 0x1111_1111);
      machine.writeUint16(0x2004_1fff, 0x2222);
    }
    const [words, halfwords] = [0x2004_1ffe, 0x2004_1fff].map((address, index) =>
      machines.map((machine) => (index === 0 ? machine.readUint32(address) : machine.readUint16(address))),
    );
    expect(words).toEqual([0xffff_ffff, 0xffff_ffff]);
    expect(halfwords[0]).toBe(halfwords[1]);
    expect(machines[0].readUint8(0x2004_1fff)).toBe(machines[1].readUint8(0x2004_1fff));
  });

  test("addresses past 2^32, as the core's sums of registers give, wrap", async () => {
    const machine = await newMachine();
    machine.writeUint32(2 ** 32 + SRAM.start, 0x0102_0304);
    expect(machine.readUint8(2 ** 32 + SRAM.start + 1)).toBe(3);
    expect(machine.readUint16(SRAM.start + 2 - 2 ** 32)).toBe(0x0102);
  });

  test("a word that is not aligned is reported, and then read", async () => {
    const machine = await newMachine();
    const errors: string[] = [];
    machine.logger = { debug() {}, info() {}, warn() {}, error: (_, message) => errors.push(message) };
    machine.writeUint32(SRAM.start, 0x0403_0201);
    machine.writeUint32(SRAM.start + 4, 0x0807_0605);
    expect(machine.readUint32(SRAM.start + 1)).toBe(0x0504_0302);
    expect(errors).toEqual(["a word is read from 0x20000001, which is not aligned"]);
  });
});

test("loading marks what the host writes: the boot ROM, and flash, all of which is erased", async () => {
  const machine = await newMachine();
  const client = machine.memory.dirty.client("test");
  load(machine, await firmware("tour"), 1, () => {});
  expect(client.collect()).toEqual([
    [BOOT_ROM.start, PAGE_SIZE],
    [FLASH.start, FLASH.size],
  ]);
  expect(machine.memory.readUint32(FLASH.start + FLASH.size - 4)).toBe(0xffff_ffff);
});

test("DMA goes through guest memory, and dirties what it writes", async () => {
  const machine = await newMachine();
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

test("the machine's arrays are views of guest memory, also after it has grown", async () => {
  const machine = await newMachine();
  const old = machine.sram;
  await GuestMemory.fromRanges([[0, 256 * 1024 * 1024]]);
  expect(old.length).toBe(0);
  machine.writeUint16(SRAM.start + 6, 0x1234);
  expect(machine.sram[6]).toBe(0x34);
  expect(machine.sramView.getUint16(6, true)).toBe(0x1234);
  machine.writeUint32(BOOT_ROM.start + 8, 7);
  expect(machine.bootrom[2]).toBe(7);
  machine.writeUint32(FLASH.start + 4, 0x5678);
  expect([machine.flash[4], machine.flash16[2], machine.flashView.getUint16(4, true)]).toEqual([0x78, 0x5678, 0x5678]);
});
