// examples/trs80: the same programs leave the same state on guest memory as on trs80-emulator's own array, the map answers
// as that does, and a debugger disturbs nothing.
import { readFile } from "node:fs/promises";
import type { WatchEvent } from "guest-memory";
import { Keyboard, Phosphor, RamSize, Trs80 } from "trs80-emulator";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createAlone, Machine } from "../../examples/trs80/machine.ts";
import { ADDRESS_SPACE, RAM, ROM, SCREEN } from "../../examples/trs80/map.ts";
import { loadProgram, NAMES, type Name } from "../../examples/trs80/programs.ts";
import { load, run, START } from "../../examples/trs80/run.ts";
import { TextScreen } from "../../examples/trs80/screen.ts";
import { stateHash } from "../../examples/trs80/state.ts";
import { crc16 } from "../support/crc16.ts";

const PAGE_SIZE = 4096;
const KEYBOARD = 0x3800;
const program = (name: Name) => loadProgram(name, (url) => readFile(url));

/** A machine of one kind or the other, with what is around it. */
async function machineOf<T extends Trs80>(create: (screen: TextScreen, keyboard: Keyboard) => T | Promise<T>) {
  const [screen, keyboard] = [new TextScreen(), new Keyboard()];
  return { machine: await create(screen, keyboard), screen, keyboard };
}

/** One on guest memory and one alone, both with a program, and run so far. */
async function pair(name: Name, instructions: number) {
  const loaded = await program(name);
  const sides = [await machineOf(Machine.create), await machineOf(createAlone)] as const;
  for (const { machine, keyboard } of sides) {
    load(machine, keyboard, loaded, 2);
    run(machine, instructions);
  }
  return sides;
}

beforeAll(() => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {}); // trs80-emulator's, of stores to ROM
  return () => warn.mockRestore();
});

describe.each(NAMES)("%s", (name) => {
  test("shows what is expected", async () => {
    const { machine, screen, keyboard } = await machineOf(Machine.create);
    const loaded = await program(name);
    load(machine, keyboard, loaded, 1);
    expect(run(machine, loaded.limit)).toBeLessThan(loaded.limit);
    expect(screen.text).toBe(loaded.expected);
    expect(loaded.expected).toMatch(/\ndone\n$/);
  });

  test("leaves the state that it leaves in trs80-emulator alone: registers, memories, devices", async () => {
    // In steps, so that a difference is found near where it begins; two rounds, so that the count is taken over.
    const [{ machine, screen }, alone] = await pair(name, 50_000);
    const client = machine.guestMemory.dirty.client("test");
    const hashes = new Set<string>();
    for (let step = 0; step < 6; step++) {
      expect(run(machine, 1_000_000)).toBe(run(alone.machine, 1_000_000));
      expect({ ...machine.z80.regs }).toEqual({ ...alone.machine.z80.regs });
      expect(machine.tStateCount).toBe(alone.machine.tStateCount);
      expect(screen.text).toBe(alone.screen.text);
      const hash = stateHash(machine);
      expect(hash, `after step ${step}`).toBe(stateHash(alone.machine));
      hashes.add(hash);
    }
    expect(hashes.size).toBeGreaterThan(2);
    expect(client.collect().length).toBeGreaterThan(0);
  });

  test("dirties the pages that its stores are in, and no others", async () => {
    const { machine, keyboard } = await machineOf(Machine.create);
    load(machine, keyboard, await program(name), 1);
    const stored = new Set<number>();
    const { writeMemory } = machine;
    machine.writeMemory = (address, value) => {
      if (address >= SCREEN.start && address < ADDRESS_SPACE) stored.add(Math.floor(address / PAGE_SIZE));
      writeMemory.call(machine, address, value);
    };
    const client = machine.guestMemory.dirty.client("test");
    while (run(machine, 500_000) === 500_000) {
      const ranges = client.collect().map(([start, length]) => [start, start + length] as const);
      const pages = ranges.flatMap(([start, end]) => {
        const first = Math.floor(start / PAGE_SIZE);
        return Array.from({ length: Math.ceil(end / PAGE_SIZE) - first }, (_, index) => first + index);
      });
      expect(pages).toEqual([...stored].sort((a, b) => a - b));
      expect(pages.length).toBeGreaterThan(0);
      stored.clear();
    }
  });

  test("peeking the whole map, and all watches that do nothing, leave the state as it is", async () => {
    const [{ machine }, alone] = await pair(name, 200_000);
    const { guestMemory } = machine;
    const before = stateHash(machine);
    const { known } = guestMemory.peek(0, ADDRESS_SPACE);
    expect(known.indexOf(0)).toBe(KEYBOARD); // reading it would take a key from the queue
    expect(known.reduce((sum, one) => sum + one)).toBe(ADDRESS_SPACE - 1024);
    expect(stateHash(machine)).toBe(before);
    const events: WatchEvent[] = [];
    guestMemory.watch(0, ADDRESS_SPACE, { read: true, write: true }, (event) => void events.push(event));
    guestMemory.peek(0, ADDRESS_SPACE);
    expect(events).toEqual([]);
    run(machine, 10_000);
    run(alone.machine, 10_000);
    expect(events.length).toBeGreaterThan(10_000); // each instruction is read
    expect(stateHash(machine)).toBe(stateHash(alone.machine));
  });
});

test("the programs show known figures", async () => {
  const numbers: number[] = [];
  for (let value = 1; numbers.length < 8192; ) {
    value = (5 * value + 0x3619) & 0xffff;
    numbers.push(value);
  }
  numbers.sort((a, b) => a - b);
  const flags = new Uint8Array(0x8000).fill(1, 2);
  for (let at = 2; at * at < flags.length; at++) {
    for (let multiple = at * at; flags[at] && multiple < flags.length; multiple += at) flags[multiple] = 0;
  }
  const hexadecimal = (value: number) => value.toString(16).padStart(4, "0");
  const sorted = crc16(new Uint8Array(Uint16Array.from(numbers).buffer));
  expect((await program("sort")).expected).toBe(
    `8192 numbers from ${hexadecimal(numbers[0])} to ${hexadecimal(numbers[8191])}, their CRC is ${hexadecimal(sorted)}\ndone\n`,
  );
  expect((await program("sieve")).expected).toBe(
    `3512 primes below 32768, the last is 32749,\nthe CRC of the flags is ${hexadecimal(crc16(flags))}\ndone\n`,
  );
  const { machine } = await machineOf(createAlone);
  const rom = Uint8Array.from({ length: ROM.size }, (_, address) => machine.readMemory(address));
  expect((await program("tour")).expected).toContain(`ROM ${hexadecimal(crc16(rom))}\n`);
});

describe("the map", () => {
  test("has all that trs80-emulator answers to, each by its name", async () => {
    const { machine } = await machineOf(Machine.create);
    const flat = machine.guestMemory.toJSON().flat.map(({ start, size, region, kind }) => [start, size, region, kind]);
    expect(flat).toEqual([
      [ROM.start, 0x3800, "ROM", "rom"],
      [KEYBOARD, 0x400, "keyboard", "mmio"],
      [SCREEN.start, 0x400, "screen", "romDevice"],
      [RAM.start, 0xc000, "RAM", "ram"],
    ]);
  });

  test("answers each address as trs80-emulator alone does, and past the end", async () => {
    const [{ machine, keyboard }, alone] = await pair("tour", 300_000);
    for (const keys of [keyboard, alone.keyboard]) keys.simulateKeyboardText("GUEST");
    for (let address = 0; address <= ADDRESS_SPACE; address++) {
      const [before, expected] = [machine.readMemory(address), alone.machine.readMemory(address)];
      expect(before, `0x${address.toString(16)}`).toBe(expected);
      for (const one of [machine, alone.machine]) one.writeMemory(address, ~before & 0xff);
      expect(machine.readMemory(address), `0x${address.toString(16)}, after a store`).toBe(
        alone.machine.readMemory(address),
      );
    }
    expect(stateHash(machine)).toBe(stateHash(alone.machine));
  });

  test("reports a store to ROM as trs80-emulator does", async () => {
    const { machine } = await machineOf(Machine.create);
    const answer = vi.spyOn(Trs80.prototype, "writeMemory");
    machine.writeMemory(0x10, 1);
    expect(answer.mock.calls).toEqual([[0x10, 1]]);
    answer.mockRestore();
  });

  test("gives a screenshot, and the BASIC program that was typed in, as trs80-emulator alone does", async () => {
    const [{ machine }, alone] = await pair("sieve", 3_000_000);
    expect(machine.getScreenshot()).toBe(alone.machine.getScreenshot());
    // Where BASIC has it: a line 10, `END`.
    const line = [0x0a, 0x90, 10, 0, 0x80, 0, 0, 0];
    for (const one of [machine, alone.machine]) {
      one.writeMemoryBlock(0x40a4, Uint8Array.of(0x00, 0x90));
      one.writeMemoryBlock(0x9000, Uint8Array.from([0x06, ...line.slice(1)]));
    }
    expect(machine.getBasicProgramFromMemory()).toEqual(alone.machine.getBasicProgramFromMemory());
    expect(machine.getBasicProgramFromMemory()).toBeTypeOf("object");
  });

  test("refuses another configuration, with a machine that goes on", async () => {
    const [{ machine }] = await pair("sort", 1000);
    const before = stateHash(machine);
    const smaller = machine.getConfig().withRamSize(RamSize.RAM_16_KB);
    expect(() => machine.setConfig(smaller)).toThrow("is a new one");
    expect(stateHash(machine)).toBe(before);
    machine.setConfig(machine.getConfig().withPhosphor(Phosphor.GREEN));
    expect(machine.getConfig().phosphor).toBe(Phosphor.GREEN);
    expect(run(machine, 1000)).toBe(1000);
  });

  test("lets a watch stop a store, and a host's poke change the program", async () => {
    const { machine, keyboard } = await machineOf(Machine.create);
    load(machine, keyboard, await program("sort"), 1);
    using watch = machine.guestMemory.watch(0x8000, 1, { write: true }, ({ value, who }) => {
      throw new Error(`${who} stores ${value}`);
    });
    expect(() => run(machine, 1_000_000)).toThrow("cpu stores 30"); // 5 * 1 + 0x3619, the low byte
    watch.dispose();
    const halt = 0x76;
    machine.guestMemory.poke(machine.z80.regs.pc, Uint8Array.of(halt));
    expect(run(machine, 1000)).toBe(1);
    expect(machine.guestMemory.peek(START, 1).bytes[0]).toBe(0xc3);
  });

  test.each(["readUint8", "writeUint8"] as const)("an error in GuestMemory's %s stops the program", async (method) => {
    const { machine, keyboard } = await machineOf(Machine.create);
    load(machine, keyboard, await program("sort"), 1);
    const error = new Error(`no more of ${method}`);
    Object.assign(machine.guestMemory, {
      [method]: () => {
        throw error;
      },
    });
    expect(() => run(machine, 1000)).toThrow(error);
  });
});
