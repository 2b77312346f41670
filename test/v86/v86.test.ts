// examples/v86: Linux in npm's v86, the data between it and the host, and the growth of v86's memory meanwhile.
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import type { GuestMemory } from "guest-memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../examples/v86/build.mjs";
import { Panic, plain, Silence } from "../../examples/v86/console.ts";
import { readFiles } from "../../examples/v86/files.ts";
import { folder } from "../../examples/v86/guest/packages.mjs";
import { LETTER, MARKER } from "../../examples/v86/guest/pulse.mjs";
import { BLOCK_SIZE, Machine } from "../../examples/v86/machine.ts";
import { COUNT, createMemory, find as findIn, RANDOM, SCREEN, WINDOW } from "../../examples/v86/memory.ts";
import { expectCode } from "../unit/support.ts";

/** Where v86 puts the BIOS. */
const BIOS = 0xf_fff0;
let machine: Machine;
let memory: GuestMemory;
let first: Uint8Array;
/** What of RAM was seen before the guest ran. */
let before: { bytes: Uint8Array; view: Uint8Array };

beforeAll(async () => {
  build();
  machine = await Machine.create(await readFiles());
  memory = await createMemory(machine);
  first = machine.ram;
  before = { bytes: memory.readBytes(BIOS, 16), view: memory.view(BIOS, 16) };
  await machine.start();
  await machine.console.ready();
});

afterAll(async () => {
  await machine?.stop();
  memory?.dispose();
});

const bytes = (text: string) => new TextEncoder().encode(text);

/** Every place of a text in memory. */
function find(text: string): number[] {
  const places: number[] = [];
  for (let at = findIn(memory, bytes(text)); at >= 0; at = findIn(memory, bytes(text), at + 1)) places.push(at);
  return places;
}

/** The value that the guest reads. */
const devmem = async (address: number) => Number((await machine.console.run(`devmem ${address} 32`)).output);

test("Debian's kernel boots to our shell", async () => {
  expect(plain(machine.console.text)).toMatch(/\nLinux \S+-686 is up after \d+\.\d+ s\.\n/);
  expect(await machine.console.run("echo one; echo two >&2; false")).toEqual({ output: "one\ntwo\n", status: 1 });
});

test("v86's memory grows while Linux boots, which ends every view", () => {
  expect(machine.growths).toBeGreaterThan(0);
  expect(first.length).toBe(0);
  expect(machine.ram.length).toBe(machine.ramSize);
});

test("the memory stands over RAM from before the boot on, through that growth", () => {
  expect(before.bytes).not.toEqual(new Uint8Array(16)); // the BIOS
  expect(before.bytes).toEqual(first.length === 0 ? machine.ram.slice(BIOS, BIOS + 16) : undefined);
  expect(before.view.length).toBe(0); // a view ends with the buffer that it is of; the memory does not
  for (const at of [0x400, 0x10_0000, 0x123_4567, machine.ramSize - 16]) {
    expect(memory.readBytes(at, 16)).toEqual(machine.ram.slice(at, at + 16));
    expect(memory.readUint32(at)).toBe(new DataView(machine.ram.buffer, machine.ramOffset).getUint32(at, true));
  }
});

test("what v86 leaves unchecked is an error", () => {
  const { emulator, ramSize } = machine;
  expect(emulator.read_memory(ramSize - 4, 8).length).toBe(4);
  expectCode(() => memory.readBytes(ramSize - 4, 8), "PARTIAL_BUFFER", { address: ramSize - 4, length: 8 });
  // RAM behind the screen, which the guest never sees.
  emulator.write_memory(Uint8Array.of(7), SCREEN.start);
  expect(machine.ram[SCREEN.start]).toBe(7);
  expectCode(() => memory.poke(SCREEN.start - 1, Uint8Array.of(8, 8)), "PARTIAL_BUFFER", {
    address: SCREEN.start - 1,
    length: 2,
  });
  expect([...machine.ram.slice(SCREEN.start - 1, SCREEN.start + 1)]).not.toContain(8);
  expectCode(() => memory.poke(SCREEN.start, Uint8Array.of(8)), "INVALID_GUEST_ADDRESS", {
    address: SCREEN.start,
    length: 1,
  });
  // A balloon's request for addresses past the end.
  expectCode(() => memory.fill(ramSize - 4096, 0, 8192), "PARTIAL_BUFFER", { address: ramSize - 4096, length: 8192 });
});

test("the guest writes words and bytes to the window, and the host reads them", async () => {
  await machine.console.run(`devmem ${WINDOW.start} 32 0x12345678`);
  await machine.console.run(`devmem ${WINDOW.start + 6} 16 0xabcd`);
  await machine.console.run(`devmem ${WINDOW.start + WINDOW.size - 1} 8 0x99`);
  expect([...memory.readBytes(WINDOW.start, 8)]).toEqual([0x78, 0x56, 0x34, 0x12, 0, 0, 0xcd, 0xab]);
  expect([...memory.readBytes(WINDOW.start + WINDOW.size - 1, 1)]).toEqual([0x99]);
});

test("the host writes to the window, and the guest reads it", async () => {
  memory.writeUint32(WINDOW.start + 16, 0xdead_beef);
  expect(await devmem(WINDOW.start + 16)).toBe(0xdeadbeef);
});

test("the device answers the guest", async () => {
  const before = await devmem(COUNT);
  expect(await devmem(RANDOM)).not.toBe(await devmem(RANDOM));
  expect(await devmem(COUNT)).toBe(before + 2);
});

test("a byte of the device's, and a store to it, are no errors for the guest", async () => {
  const before = await devmem(COUNT);
  expect(
    (await machine.console.run(`devmem ${COUNT} 8; devmem ${COUNT + 1} 16 7; devmem ${COUNT + 3} 8 7`)).output,
  ).toBe(`0x${before.toString(16).padStart(2, "0")}\n`);
  expect(await devmem(COUNT)).toBe(before);
});

test("the map is text", () => {
  expect(memory.tree()).toBe(`address-space: PC
  0000000000000000-ffffffffffffffff (prio 0, i/o): PC
    0000000000000000-0000000007ffffff (prio 0, ram): RAM
    00000000000a0000-00000000000bffff (prio 1, reserved): screen
    00000000d0000000-00000000d001ffff (prio 0, ram): window
    00000000d0020000-00000000d003ffff (prio 0, i/o): random numbers`);
});

test("what is attached is whole blocks", () => {
  for (const [start, size] of [
    [0xd010_0000, BLOCK_SIZE - 1],
    [0xd010_1000, BLOCK_SIZE],
  ]) {
    expect(() => machine.attach(start, size, {} as never)).toThrow(RangeError);
  }
});

test("a text that the guest has in RAM is found there, and the guest sees what the host makes of it", async () => {
  await machine.console.run('echo "The answer is $((6 * 7))." > note');
  const places = find("The answer is 42.");
  expect(places.length).toBeGreaterThan(0);
  for (const at of places) memory.poke(at, bytes("The answer is 52."));
  expect((await machine.console.run("cat note")).output).toBe("The answer is 52.\n");
});

describe("code that v86 has compiled", () => {
  /** The next letters but one, which may have been called for before. */
  const letters = async () => {
    const size = "$(wc -c < letters)";
    const wait = `end=$((${size} + 4)); until [ ${size} -ge $end ]; do usleep 50000; done`;
    return (await machine.console.run(`${wait}; tail -c 3 letters`)).output;
  };

  beforeAll(() => machine.console.run("pulse > letters & true"));
  afterAll(() => machine.console.run("kill %1; rm letters"));

  /** Where the letter is that the program gives. */
  function letter(): number {
    const places = find(MARKER);
    expect(places.length).toBe(1); // the file itself has another marker
    return places[0] + LETTER;
  }

  test("goes on as it was where the host writes behind v86's back", async () => {
    expect(await letters()).toBe("AAA");
    machine.ram.set(bytes("B"), letter());
    expect(await letters()).toBe("AAA");
  });

  test("is compiled again where the host's write is told to v86", async () => {
    memory.poke(letter(), bytes("C"));
    expect(await letters()).toBe("CCC");
  });
});

test("a command that takes too long is given up, with the guest's last words", async () => {
  await expect(machine.console.run("echo slow; read line", 1)).rejects.toThrow(Silence);
  machine.console.type("that is what it waited for");
  expect((await machine.console.run("echo quick")).output).toBe("quick\n");
});

test("peeking all of the map leaves v86 as it is: RAM, registers, all that its memory has", async () => {
  const { emulator } = machine;
  await emulator.stop();
  const hash = () => createHash("sha256").update(new Uint8Array(machine.memory.buffer)).digest("hex");
  const [state, reads] = [hash(), memory.readUint32(COUNT)];
  const { bytes, known } = memory.peek(0, machine.ramSize + 16);
  expect([known.indexOf(0), known.lastIndexOf(1)]).toEqual([SCREEN.start, machine.ramSize - 1]);
  expect(bytes.subarray(0, SCREEN.start)).toEqual(machine.ram.slice(0, SCREEN.start));
  memory.peek(WINDOW.start, 2 * BLOCK_SIZE);
  expect([hash(), memory.readUint32(COUNT)]).toEqual([state, reads]);
  memory.poke(0x1_0000, Uint8Array.of(memory.readUint8(0x1_0000) ^ 1));
  expect(hash()).not.toBe(state); // it would have seen a change
});

test("a kernel without its RAM disk panics, and that ends the wait for its shell", async () => {
  const broken = await Machine.create({ ...(await readFiles()), "initrd.cpio": new Uint8Array(512) });
  await broken.start();
  await expect(broken.console.ready()).rejects.toThrow(Panic);
  await broken.stop();
});

test("building again leaves the RAM disk whole that another process has open", () => {
  const path = join(folder, "initrd.cpio");
  const opened = openSync(path, "r");
  build();
  expect(statSync(path).ino).not.toBe(fstatSync(opened).ino);
  closeSync(opened);
});
