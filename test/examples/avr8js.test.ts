// examples/avr8js: the same programs leave the same state on guest memory as on avr8js' own arrays, loads and stores of
// SRAM go through guest memory, and a debugger disturbs nothing.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { CPU } from "avr8js";
import { GuestMemory, type WatchEvent } from "guest-memory";
import { beforeAll, describe, expect, test } from "vitest";
import { Board } from "../../examples/avr8js/board.ts";
import { createAlone, GuestCpu } from "../../examples/avr8js/cpu.ts";
import { DATA, FLASH, SRAM } from "../../examples/avr8js/map.ts";
import { build } from "../../examples/avr8js/programs/build.mjs";
import { LIMIT, loadProgram, NAMES, type Name } from "../../examples/avr8js/programs.ts";
import { stateHash } from "../../examples/avr8js/state.ts";
import { crc16 } from "../support/crc16.ts";

const RAMEND = DATA.size - 1;
const program = (name: Name) => loadProgram(name, (url) => readFile(url));

/** One board on guest memory and one alone, both with a program for two rounds, and run so far. */
async function pair(name: Name, instructions: number) {
  const { image } = await program(name);
  const boards = [new Board(await GuestCpu.create()), new Board(createAlone())] as const;
  for (const board of boards) {
    board.load(image, 2);
    board.run(instructions);
  }
  return boards;
}

/** Not disposed of, so that each needs growth. */
const large: GuestMemory[] = [];

describe.each(NAMES)("%s", (name) => {
  test("sends what is expected", async () => {
    const board = new Board(await GuestCpu.create());
    const { image, expected } = await program(name);
    board.load(image, 1);
    expect(board.run(LIMIT)).toBeLessThan(LIMIT);
    expect(board.output).toBe(expected);
    expect(expected).toMatch(/^[^\n]+\ndone\n$/);
  });

  test("leaves the state that it leaves in avr8js alone: registers, memories, peripherals", async () => {
    // In steps, so that a difference is found near where it begins; two rounds, so that the count is taken over.
    const [board, alone] = await pair(name, 10_000);
    const hashes = new Set<string>();
    for (let step = 0; step < 8; step++) {
      expect(board.run(500_000)).toBe(alone.run(500_000));
      expect([board.cpu.pc, board.cpu.cycles, board.cpu.SP]).toEqual([alone.cpu.pc, alone.cpu.cycles, alone.cpu.SP]);
      expect(board.output).toBe(alone.output);
      const hash = stateHash(board);
      expect(hash, `after step ${step}`).toBe(stateHash(alone));
      hashes.add(hash);
    }
    expect(hashes.size).toBeGreaterThan(1);
    expect(board.output).toMatch(/done\n$/);
  });

  test("the state has every byte of both memories, and every register", async () => {
    const [board] = await pair(name, 10_000);
    const states = [stateHash(board)];
    const { cpu } = board;
    for (const address of [0, SRAM - 1, SRAM, RAMEND]) {
      cpu.data[address] ^= 1;
      states.push(stateHash(board));
    }
    cpu.progMem[FLASH.size / 2 - 1] ^= 1;
    states.push(stateHash(board));
    cpu.pc += 1;
    states.push(stateHash(board));
    cpu.cycles += 1;
    states.push(stateHash(board));
    expect(new Set(states).size).toBe(8);
  });

  test("loads and stores of SRAM are accesses of guest memory, one each, with its value", async () => {
    const [board, alone] = await pair(name, 0);
    const seen: string[] = [];
    board.cpu.guestMemory.watch(DATA.start, DATA.size, { read: true, write: true }, (event) => {
      const { kind, address, size, value, who } = event;
      seen.push(`${who} ${kind} ${Number(address) - DATA.start} ${size} ${value}`);
    });
    const expected: string[] = [];
    const isSram = (address: number) => address >= SRAM && address <= RAMEND;
    Object.assign(alone.cpu, {
      readData(address: number) {
        const value = CPU.prototype.readData.call(this, address);
        if (isSram(address)) expected.push(`cpu read ${address} 1 ${value}`);
        return value;
      },
      writeData(address: number, value: number, mask?: number) {
        if (isSram(address)) expected.push(`cpu write ${address} 1 ${value}`);
        CPU.prototype.writeData.call(this, address, value, mask);
      },
    });
    for (const one of [board, alone]) one.run(20_000);
    expect(seen.length).toBeGreaterThan(1000);
    expect(seen).toEqual(expected);
  });

  test("peeking the whole map, and watches that do nothing, leave the state as it is", async () => {
    const [board, alone] = await pair(name, 15_000);
    const { guestMemory } = board.cpu;
    const before = stateHash(board);
    const events: WatchEvent[] = [];
    for (const { start, size } of [FLASH, DATA]) {
      guestMemory.watch(start, size, { read: true, write: true }, (event) => void events.push(event));
      expect(guestMemory.peek(start, size).known).not.toContain(0);
    }
    expect(stateHash(board)).toBe(before);
    expect(events).toEqual([]);
    expect(board.run(10_000)).toBe(alone.run(10_000));
    expect(events.length).toBeGreaterThan(0);
    expect(stateHash(board)).toBe(stateHash(alone));
  });

  test("goes on where the growth of linear memory ended its views", async () => {
    const [board, alone] = await pair(name, 15_000);
    const before = board.cpu.data;
    large.push(await GuestMemory.create([{ kind: "ram", start: 0, size: 64 * 2 ** 20 }]));
    expect(before.length).toBe(0);
    expect(board.cpu.data.length).toBe(DATA.size);
    for (const one of [board, alone]) one.run(100_000);
    expect(stateHash(board)).toBe(stateHash(alone));
  });
});

describe("the programs", () => {
  test("are what the sources here give", () => {
    const images = build();
    expect([...images.keys()]).toEqual(NAMES.map((name) => `${name}.bin`));
    for (const [name, image] of images) {
      const stale = `${name} is stale: run \`node examples/avr8js/programs/build.mjs\` and commit what it writes`;
      const committed = readFileSync(new URL(`../../examples/avr8js/programs/${name}`, import.meta.url));
      expect(image.equals(committed), stale).toBe(true);
    }
  });

  test("send known figures", async () => {
    const hexadecimal = (...values: number[]) => values.map((value) => value.toString(16).padStart(4, "0")).join(" ");
    const numbers: number[] = [];
    for (let value = 1; numbers.length < 4096; numbers.push(value)) value = (5 * value + 0x3619) & 0xffff;
    numbers.sort((a, b) => a - b);
    const sorted = crc16(new Uint8Array(Uint16Array.from(numbers).buffer));
    expect((await program("sort")).expected).toBe(`${hexadecimal(numbers[0], numbers[4095], sorted)}\ndone\n`);

    const flags = new Uint8Array(12_288).fill(1, 2);
    for (let at = 2; at * at < flags.length; at++) {
      for (let multiple = at * at; flags[at] && multiple < flags.length; multiple += at) flags[multiple] = 0;
    }
    const count = flags.reduce((sum, flag) => sum + flag);
    expect((await program("sieve")).expected).toBe(`${hexadecimal(count, flags.lastIndexOf(1), crc16(flags))}\ndone\n`);
    // By the tour: r25 and r16 through their addresses, what was pushed, nothing past the end, the first of the program.
    const [, registers, io, pushed, beyond, first] = (await program("tour")).expected.split(" ");
    expect([registers, io, pushed, beyond]).toEqual(["a55a", "3333", "1122*", "0000"]);
    const { image } = await program("tour");
    expect(first).toBe(hexadecimal(image[0] | (image[1] << 8)));
  });
});

describe("a host", () => {
  let board: Board<GuestCpu>;
  let memory: GuestMemory;
  beforeAll(async () => {
    [board] = await pair("sort", 30_000);
    memory = board.cpu.guestMemory;
  });

  test("sees both memories at the addresses of the GNU tools", () => {
    const flat = memory.toJSON().flat.map(({ start, size, region, kind }) => [start, size, region, kind]);
    expect(flat).toEqual([
      [0, 0x2_0000, "flash", "rom"],
      [0x80_0000, 0x4100, "data", "ram"],
    ]);
    expect(memory.peek(DATA.start, DATA.size).bytes).toEqual(Uint8Array.from(board.cpu.data));
    expect(memory.readUint16(0)).toBe(board.cpu.progMem[0]);
  });

  test("finds all of data memory dirty once the program ran, and nothing else", () => {
    const client = memory.dirty.client("test");
    board.run(1);
    expect(client.collect()).toEqual([[DATA.start, DATA.size]]);
    expect(client.collect()).toEqual([]);
    client.dispose();
  });

  test("stops the program by a watch that throws, with what was pushed before marked", () => {
    const client = memory.dirty.client("test");
    const watch = memory.watch(DATA.start + 0x100, 1, { write: true }, ({ value }) => {
      throw new Error(`tick ${value}`);
    });
    expect(() => board.run(10_000)).toThrow(/^tick \d+$/);
    expect(client.collect()).toEqual([[DATA.start, DATA.size]]);
    client.dispose();
    watch.dispose();
    expect(board.run(1000)).toBe(1000);
  });

  test("changes the program by a poke", () => {
    const endless = Uint8Array.of(0xff, 0xcf); // rjmp to itself
    memory.poke(2 * board.cpu.pc, endless);
    expect(board.run(1000)).toBeLessThan(100); // at most an interrupt before it
  });
});
