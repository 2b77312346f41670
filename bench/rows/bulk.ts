// readSlice and writeSlice against TypedArray.set on the same bytes.

import { GuestMemory } from "guest-memory";
import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

const SIZE = 16 << 20;
const ADDRESS = 0x1000;
/** The number of bytes in a copy, and the least share of the baseline's speed. */
const CASES: [bytes: number, least: number, name: string][] = [
  [4 << 10, 80, "4 KiB"],
  [64 << 10, 95, "64 KiB"],
  [1 << 20, 95, "1 MiB"],
];

export async function bulk(effort: Effort): Promise<Row[]> {
  const memory = await GuestMemory.fromRanges([[0, SIZE]]);
  const rows = copies(effort, memory, 0, memory.view(0, SIZE), "");
  memory.dispose();
  return rows;
}

/** The rows of a memory that shows `raw` from guest address `start` on; `where` names the memory. */
export function copies(effort: Effort, memory: GuestMemory, start: number, raw: Uint8Array, where: string): Row[] {
  const rows: Row[] = [];
  for (const [bytes, least, name] of CASES) {
    const array = new Uint8Array(bytes);
    const times = Math.max(1, (1 << 20) / bytes);
    const repeat = (work: () => void) => () => {
      for (let copy = 0; copy < times; copy++) work();
    };
    const read = compare(
      effort,
      times,
      repeat(() => memory.readSlice(start + ADDRESS, array)),
      repeat(() => array.set(raw.subarray(ADDRESS, ADDRESS + bytes))),
    );
    const write = compare(
      effort,
      times,
      repeat(() => memory.writeSlice(start + ADDRESS, array)),
      repeat(() => raw.set(array, ADDRESS)),
    );
    for (const [call, { ratio, measured, baseline }] of Object.entries({ readSlice: read, writeSlice: write })) {
      const note = `${measured.toFixed(0)} ns against ${baseline.toFixed(0)} ns`;
      rows.push({ name: `${call}${where}, ${name}, speed`, value: 100 / ratio, unit: "%", least, note });
    }
  }
  return rows;
}
