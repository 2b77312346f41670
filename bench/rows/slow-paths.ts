// Accesses that the page table does not answer, against a dispatcher written by hand: an array of handlers by page, as
// emulators have, and a second one inside a page.

import { type Device, GuestMemory, type RegionSpec } from "guest-memory";
import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

const ACCESSES = 1 << 10;
/** A bound that is not met is kept all the same if the difference is no more than this, in nanoseconds. */
const ALLOWED = 8;
/** JavaScriptCore's bounds are this many times as high. */
const FACTOR = "bun" in process.versions ? 1.5 : 1;

const PAGES = 0x4000_0000; // sixteen devices on pages of their own
const PARTS = 0x5000_0000; // sixteen in one page
const WORDS = 0x6000_0000;
const FLASH = 0x7000_0000;
const MIRRORS = 0x8000_0000;
const HOLE = 0x9000_0000;
const ROM = 0x20_0000;
const FAR = 0x1_0000_0000;
const WATCHED = 0x8000;

/** The four accesses of the dispatcher by hand. */
interface Bus {
  read8(address: number): number;
  read32(address: number): number;
  write32(address: number, value: number): void;
}

let sink = 0;
const makers: ((name: number) => Bus)[] = [
  (name) => ({
    read8: (at) => (at + name) & 255,
    read32: (at) => at + name,
    write32: (_at, value) => {
      sink = value;
    },
  }),
  (name) => ({
    read8: (at) => at & name,
    read32: (at) => at ^ name,
    write32: (_at, value) => {
      sink += value;
    },
  }),
  (name) => ({
    read8: () => name,
    read32: (at) => (at & 4 ? name : sink),
    write32: (at, value) => {
      sink = at & 4 ? value : sink;
    },
  }),
  (name) => ({
    read8: (at) => at,
    read32: () => name,
    write32: (_at, value) => {
      sink ^= value;
    },
  }),
];
const device = (index: number): Bus => (makers[index & 3] as (name: number) => Bus)(index);

/** A loop over addresses. Each is compiled from a text of its own, so that no loop has what another has met. */
type Loop = (bus: object, addresses: ArrayLike<number | bigint>) => () => number;

let loops = 0;
function loop(body: string): Loop {
  const text = `return () => { /* ${loops++} */ let x = 0; for (let i = 0; i < a.length; i++) { const p = a[i]; ${body} } return x }`;
  return new Function("m", "a", text) as Loop;
}

const addresses = (address: (index: number) => number) =>
  Float64Array.from({ length: ACCESSES }, (_, index) => address(index));
const few = (start: number, step: number) => addresses((index) => start + (index & 63) * step);

export async function slowPaths(effort: Effort): Promise<Row[]> {
  const bus = byHand();
  const memory = await machine();
  const low = addresses((index) => (index * 4) & 0xffc);
  const pages = addresses((index) => PAGES + ((index & 15) << 12) + (index & 12));
  const parts = addresses((index) => PARTS + ((index & 15) << 8) + (index & 12));
  const crossing = addresses((index) => ((index & 127) << 12) + 4094);
  const mirrors = addresses((index) => MIRRORS + ((index * 7) & 0x1fff));
  const far = addresses((index) => FAR + index * 4);
  const bigints = Array.from({ length: ACCESSES }, (_, index) => BigInt(index * 4));
  for (const met of [low, pages, parts]) {
    loop("x += m.read32(p); x += m.read8(p); m.write32(p, i)")(bus, met)(); // every handler
  }
  const [load, store, load8] = ["x += m.read32(p)", "m.write32(p, i)", "x += m.read8(p)"];
  const rows: Row[] = [];
  const row = (
    name: string,
    most: number,
    ours: string,
    at: ArrayLike<number | bigint>,
    hand: string,
    handAt: Float64Array,
  ) => rows.push(compared(effort, name, most, loop(ours)(memory, at), loop(hand)(bus, handAt)));
  row("sixteen devices on pages of their own, load", 3, "x += m.readUint32(p)", pages, load, pages);
  row("sixteen devices on pages of their own, store", 3, "m.writeUint32(p, i)", pages, store, pages);
  row("sixteen devices in one page, load", 2, "x += m.readUint32(p)", parts, load, parts);
  row("sixteen devices in one page, store", 2, "m.writeUint32(p, i)", parts, store, parts);
  row("a byte of a 32-bit device", 3, "x += m.readUint8(p)", few(WORDS, 1), "x += (m.read32(p) >>> 8) & 255", pages);
  row("a store to flash", 3, "m.writeUint16(p, i)", few(FLASH, 2), store, pages);
  row("a store to ROM, to a handler", 3, "m.writeUint32(p, i)", few(ROM, 4), store, pages);
  row("a hole, served by a handler", 3, "x += m.readUint32(p)", few(HOLE, 4), load, pages);
  row("RAM of 2 KiB and its mirrors, load", 4, "x += m.readUint8(p)", mirrors, load8, low);
  row("RAM of 2 KiB and its mirrors, store", 4, "m.writeUint8(p, i)", mirrors, store, low);
  row("u32 over two pages", 5, "x += m.readUint32(p)", crossing, load, crossing);
  row("u32 from 4 GiB on, load", 4, "x += m.readUint32(p)", far, load, low);
  row("u32 from 4 GiB on, store", 4, "m.writeUint32(p, i)", far, store, low);
  row("low RAM by bigints", 15, "x += m.readUint32(p)", bigints, load, low);
  const watch = memory.watch(WATCHED, 4, { write: true }, () => {});
  row("a store beside a watch", 8, "m.writeUint32(p, i)", few(WATCHED + 0x100, 4), store, low);
  row("a load beside a write watch", 3, "x += m.readUint32(p)", few(WATCHED + 0x100, 4), load, low);
  watch.dispose();
  memory.dispose();
  return [...rows, await nes(effort)];
}

function compared(effort: Effort, name: string, most: number, ours: () => number, theirs: () => number): Row {
  const { ratio, measured, baseline } = compare(effort, ACCESSES, ours, theirs);
  const note = `${measured.toFixed(1)} ns against ${baseline.toFixed(1)} ns`;
  const bound = Math.max(most * FACTOR, (baseline + ALLOWED) / baseline);
  return {
    name: `${name}, against a dispatcher by hand`,
    value: ratio,
    unit: "x",
    most: Number(bound.toFixed(1)),
    note,
  };
}

/** RAM of 1 MiB in an array, and devices by page; one page has a table of its own. */
function byHand(): Bus {
  const bytes = new DataView(new ArrayBuffer(1 << 20));
  const pages = new Array<Bus | undefined>(1 << 20);
  for (let index = 0; index < 16; index++) pages[PAGES / 4096 + index] = device(index);
  const parts = Array.from({ length: 64 }, (_, index) => device(index >> 2));
  const part = (at: number) => parts[at >>> 6] as Bus;
  pages[PARTS / 4096] = {
    read8: (at) => part(at).read8(at & 63),
    read32: (at) => part(at).read32(at & 63),
    write32: (at, value) => part(at).write32(at & 63, value),
  };
  return {
    read8(address) {
      const page = pages[address >>> 12];
      return page === undefined ? bytes.getUint8(address) : page.read8(address & 0xfff);
    },
    read32(address) {
      const page = pages[address >>> 12];
      return page === undefined ? bytes.getUint32(address, true) : page.read32(address & 0xfff);
    },
    write32(address, value) {
      const page = pages[address >>> 12];
      if (page === undefined) bytes.setUint32(address, value, true);
      else page.write32(address & 0xfff, value);
    },
  };
}

async function machine(): Promise<GuestMemory> {
  const sixteen = Array.from({ length: 16 }, (_, index) => index);
  const write = (_at: number, value: number) => {
    sink = value;
  };
  const word: Device = { read32: (at) => at, write32: write, narrower: "split" };
  const memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 1 << 20 },
    { kind: "rom", start: ROM, size: 0x1_0000 },
    ...sixteen.map((at) => ({ kind: "mmio", start: PAGES + at * 0x1000, size: 0x1000, device: device(at) }) as const),
    ...sixteen.map((at) => ({ kind: "mmio", start: PARTS + at * 0x100, size: 0x100, device: device(at) }) as const),
    { kind: "mmio", start: WORDS, size: 0x1000, device: word },
    { kind: "romDevice", start: FLASH, size: 0x1_0000, device: { write8: write, write16: write, write32: write } },
    ...mirrored(MIRRORS, 0x800),
    { kind: "ram", start: FAR, size: 1 << 20 },
  ]);
  memory.onDenied = {
    write: (_address, _size, value) => {
      sink = Number(value);
    },
  };
  memory.onUnmapped = { read: () => 0xff };
  return memory;
}

/** RAM and, if it is smaller than a page, three mirrors. */
function mirrored(start: number, size: number): RegionSpec[] {
  const mirrors = size < 0x1000 ? [1, 2, 3] : [];
  return [
    { kind: "ram", name: "small", start, size },
    ...mirrors.map((at) => ({ kind: "alias", start: start + at * size, of: "small" }) as const),
  ];
}

/** An NES: RAM, registers, and a ROM that most loads come from. */
async function nes(effort: Effort): Promise<Row> {
  const registers: Device = {
    read8: (at) => at & 7,
    write8: (_at, value) => {
      sink = value;
    },
  };
  const buses = [0x800, 0x1000].map((size) =>
    GuestMemory.create([
      ...mirrored(0, size),
      { kind: "mmio", start: 0x2000, size: 0x2000, device: registers },
      { kind: "rom", start: 0x8000, size: 0x8000 },
    ]),
  );
  const [small, large] = (await Promise.all(buses)) as [GuestMemory, GuestMemory];
  const body =
    "x += m.readUint8(0x8000 | (i & 0x7fff)); x += m.readUint8(i & 255); m.writeUint8(0x100 | (i & 255), x & 255); " +
    "if ((i & 15) === 0) x += m.readUint8(0x2002)";
  const [ours, theirs] = [small, large].map((bus) =>
    loop(body)(
      bus,
      addresses((index) => index),
    ),
  );
  const { ratio, measured, baseline } = compare(effort, ACCESSES, ours as () => number, theirs as () => number);
  small.dispose();
  large.dispose();
  const note = `${measured.toFixed(1)} ns against ${baseline.toFixed(1)} ns`;
  return { name: "an NES's bus with 2 KiB of RAM, against 4 KiB", value: ratio, unit: "x", most: 2 * FACTOR, note };
}
