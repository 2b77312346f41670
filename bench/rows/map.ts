// The cost of changes of the map, and the cost of watches for accesses to other pages.

import { GuestMemory } from "guest-memory";
import { compare, type Effort, median, time } from "../clock.ts";
import type { Row } from "../row.ts";
import { ACCESSES, addresses, layout, loops, PATTERNS, REGION_COUNTS } from "./scalars.ts";

const SWITCHES_A_SECOND = 15_000;
const WATCHES = 10_000;
/** The number of times that a loop runs between two bank switches. */
const REPEATS = 8;
/** A free address in the scalar rows' layout. */
const [WATCHED, BANK] = [0x20_0000, 0x300_0000];

export async function map(effort: Effort): Promise<Row[]> {
  return [await moving(effort), await switching(effort), ...(await watched(effort))];
}

/** A window that moves over 1 GiB of RAM, against the whole map computed anew: all regions touched in one transaction. */
async function moving(effort: Effort): Promise<Row> {
  const memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 1 << 30 },
    { kind: "rom", name: "BIOS", start: 0xffff_0000, size: 0x1_0000 },
    { kind: "ram", name: "window", start: 0x3000_0000, size: 0x1_0000, priority: 1 },
  ]);
  const [window, all] = [memory.region("window"), memory.mapped];
  let turn = 0;
  const move = () => window?.move(turn++ % 2 === 0 ? 0x3800_0000 : 0x3000_0000);
  const rebuild = () =>
    memory.transaction(() => {
      for (const region of all) {
        region.disable();
        region.enable();
      }
    });
  const { ratio, measured, baseline } = compare(effort, 1, rebuild, move);
  memory.dispose();
  const note = `${(baseline / 1e3).toFixed(1)} us against ${(measured / 1e3).toFixed(0)} us`;
  return { name: "64 KiB window moved in 4 GiB, against a full rebuild", value: ratio, unit: "x", least: 100, note };
}

/** Two banks of 16 KiB that take turns: the share of a second that a second's switches take. */
async function switching(effort: Effort): Promise<Row> {
  const memory = await GuestMemory.create([
    { kind: "ram", name: "RAM", start: 0, size: 1 << 24 },
    { kind: "ram", name: "bank 0", start: 0x8000, size: 0x4000, priority: 1 },
    { kind: "ram", name: "bank 1", start: 0x8000, size: 0x4000, priority: 1, enabled: false },
  ]);
  const banks = ["bank 0", "bank 1"].map((name) => memory.region(name));
  let turn = 0;
  const toggle = () => {
    const [hidden, shown] = turn++ % 2 === 0 ? banks : [...banks].reverse();
    memory.transaction(() => {
      hidden?.disable();
      shown?.enable();
    });
  };
  const { measured } = compare(effort, 1, toggle, () => {});
  memory.dispose();
  const note = `${(measured / 1e3).toFixed(1)} us each`;
  return { name: "15,000 bank switches, of a second", value: (measured * SWITCHES_A_SECOND) / 1e7, unit: "%", note };
}

/**
 * The scalar rows with watches on pages that they never touch, and banks that are switched about once a millisecond (more
 * often, and the switches' own time would be measured), against the same rows without: the same loops on the same memory,
 * in turns, so that the compiler's decisions and other load on the machine fall on both.
 */
async function watched(effort: Effort): Promise<Row[]> {
  const memory = await machine();
  arm(memory)(); // linear memory grows for the watches now, and not during the measurement
  const { read, write } = loops(memory, new DataView(memory.wasmMemory.buffer));
  const bank = memory.region("bank");
  let turn = 0;
  const rows = (["read", "write"] as const).flatMap((kind) =>
    REGION_COUNTS.flatMap((regions) =>
      PATTERNS.map((pattern) => {
        const guest = addresses(regions, pattern);
        const loop = kind === "read" ? read(guest) : write(guest);
        const alone = () => {
          for (let count = 0; count < REPEATS; count++) loop();
        };
        const beside = () => {
          bank?.move(turn++ % 2 === 0 ? BANK + 0x10_0000 : BANK);
          alone();
        };
        const name = `u32 ${kind}, ${pattern}, ${regions} regions, beside 10,000 watches and bank switches`;
        const calls = Math.max(1, Math.round(effort.milliseconds / time(alone, 1)));
        return { name, alone, beside, calls, times: [] as { alone: number; beside: number }[] };
      }),
    ),
  );
  for (let round = -2; round < effort.rounds; round++) {
    const without = rows.map(({ alone, calls }) => time(alone, calls));
    const disarm = arm(memory);
    for (const [index, { beside, calls, times }] of rows.entries()) {
      const taken = { alone: without[index] ?? 0, beside: time(beside, calls) };
      if (round >= 0) times.push(taken);
    }
    disarm();
  }
  memory.dispose();
  const results = rows.map(({ name, calls, times }): Row => {
    const each = (value: number) => ((value * 1e6) / (calls * REPEATS * ACCESSES)).toFixed(2);
    const [beside, alone] = [median(times.map(({ beside }) => beside)), median(times.map(({ alone }) => alone))];
    const value = median(times.map(({ alone, beside }) => beside / alone));
    return { name, value, unit: "x", most: 1.02, note: `${each(beside)} ns against ${each(alone)} ns` };
  });
  const name = "u32 reads and writes beside 10,000 watches and bank switches, median of all patterns";
  return [{ name, value: median(results.map(({ value }) => value)), unit: "x", most: 1.02 }, ...results];
}

/** Sets the watches; returns a function that ends them. */
function arm(memory: GuestMemory): () => void {
  const watches = Array.from({ length: WATCHES }, (_, index) =>
    memory.watch(WATCHED + index * 0xc00, 4, { read: true, write: true }, () => {}),
  );
  return () => {
    for (const watch of watches) watch.dispose();
  };
}

/** The scalar rows' regions, and between the first two of them room for watches and a bank. */
function machine(): Promise<GuestMemory> {
  return GuestMemory.create([
    ...layout(),
    { kind: "ram", name: "watched", start: WATCHED, size: 1 << 25 },
    { kind: "ram", name: "bank", start: BANK, size: 0x4000 },
  ]);
}
