// readSlice and writeSlice against TypedArray.set on the same bytes.

import { GuestMemory } from "guest-memory";
import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

const SIZE = 16 << 20;
const ADDRESS = 0x1000;
/** Bytes a copy, and the least share of the baseline's speed. */
const CASES: [bytes: number, least: number, name: string][] = [
  [4 << 10, 80, "4 KiB"],
  [64 << 10, 95, "64 KiB"],
  [1 << 20, 95, "1 MiB"],
];

export async function bulk(effort: Effort): Promise<Row[]> {
  const memory = await GuestMemory.fromRanges([[0, SIZE]]);
  const raw = memory.view(0, SIZE);
  const rows: Row[] = [];
  for (const [bytes, least, name] of CASES) {
    const array = new Uint8Array(bytes);
    const copies = Math.max(1, (1 << 20) / bytes);
    const repeat = (work: () => void) => () => {
      for (let copy = 0; copy < copies; copy++) work();
    };
    const read = compare(
      effort,
      copies,
      repeat(() => memory.readSlice(ADDRESS, array)),
      repeat(() => array.set(raw.subarray(ADDRESS, ADDRESS + bytes))),
    );
    const write = compare(
      effort,
      copies,
      repeat(() => memory.writeSlice(ADDRESS, array)),
      repeat(() => raw.set(array, ADDRESS)),
    );
    const note = ({ measured, baseline }: typeof read): string =>
      `${measured.toFixed(0)} ns against ${baseline.toFixed(0)} ns`;
    rows.push({ name: `readSlice, ${name}, speed`, value: 100 / read.ratio, unit: "%", least, note: note(read) });
    rows.push({ name: `writeSlice, ${name}, speed`, value: 100 / write.ratio, unit: "%", least, note: note(write) });
  }
  memory.dispose();
  return rows;
}
