// An emulator of examples/ on GuestMemory against the same emulator on its own arrays, each program in pairs of fresh
// processes; rows as JSON. Arguments: pairs, instructions. Each emulator is a program and so a bundle of its own,
// because other loaded code moves V8's code to other places, which changed figures by a quarter.

import type { Speed } from "../../examples/common/pairs.ts";
import type { Row } from "../row.ts";

interface Emulator<N extends string> {
  name: string;
  programs: readonly N[];
  /** The least speed of a program, and of the mean of all, in per cent of the emulator's own. Undefined without a bound. */
  least?: { program: number; mean: number };
  compareSpeed(program: N, pairs: number, instructions: number): Promise<Speed>;
  measuresSpeed(): Promise<boolean>;
}

/** Measures and prints the rows, unless this process is one of the two that are compared. */
export async function measure<N extends string>(emulator: Emulator<N>): Promise<void> {
  if (await emulator.measuresSpeed()) return;
  const [pairs = 1, instructions = 1_000_000] = process.argv.slice(2).map(Number);
  const { name, programs, least } = emulator;
  const rows: Row[] = [];
  for (const program of programs) {
    const { ratio, guestMemory, arrays } = await emulator.compareSpeed(program, pairs, instructions);
    const note = `${guestMemory.toFixed(1)} against ${arrays.toFixed(1)} million instructions a second`;
    rows.push({ name: `${name}, ${program}, speed`, value: ratio * 100, unit: "%", least: least?.program, note });
  }
  const mean = Math.exp(rows.reduce((sum, { value }) => sum + Math.log(value), 0) / rows.length);
  rows.push({ name: `${name}, geometric mean`, value: mean, unit: "%", least: least?.mean });
  console.log(JSON.stringify(rows));
}
