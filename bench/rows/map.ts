// What changes of the map cost, and what watches elsewhere cost those who are not watched.

import { GuestMemory } from "guest-memory";
import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

const SWITCHES_A_SECOND = 15_000;
const WATCHES = 10_000;
/** Between two bank switches: about a millisecond. */
const ACCESSES = 1 << 19;

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

/** Two banks of 16 KiB that take turns, as the share of a second that so many switches take. */
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

/** The same loop over two memories of one layout, of which one has watches on pages that the loop never touches. */
async function watched(effort: Effort): Promise<Row[]> {
  const layout = () =>
    GuestMemory.create([
      { kind: "ram", name: "RAM", start: 0, size: 1 << 26 },
      { kind: "ram", name: "bank", start: 0x7000_0000, size: 0x4000 },
    ]);
  const [plain, armed] = [await layout(), await layout()];
  for (let index = 0; index < WATCHES; index++) {
    armed.watch(0x200_0000 + index * 0xc00, 4, { read: true, write: true }, () => {});
  }
  const bank = armed.region("bank");
  let turn = 0;
  const rows: Row[] = [];
  for (const [kind, loop] of Object.entries({ read, write })) {
    const [there, here] = [loop(armed), loop(plain)];
    const switching = () => {
      bank?.move(turn++ % 2 === 0 ? 0x7100_0000 : 0x7000_0000);
      there();
    };
    const { ratio } = compare(effort, ACCESSES, switching, here);
    const name = `u32 ${kind} beside 10,000 watches and bank switches`;
    rows.push({ name, value: ratio, unit: "x", most: 1.02 });
  }
  plain.dispose();
  armed.dispose();
  return rows;
}

function read(memory: GuestMemory): () => void {
  return () => {
    let sum = 0;
    for (let index = 0; index < ACCESSES; index++) sum = (sum + memory.readUint32((index * 68) & 0x1f_fffc)) | 0;
    if (sum !== 0) throw new Error("memory was zero");
  };
}

function write(memory: GuestMemory): () => void {
  return () => {
    for (let index = 0; index < ACCESSES; index++) memory.writeUint32((index * 68) & 0x1f_fffc, 0);
  };
}
