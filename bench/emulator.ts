// rp2040js on GuestMemory against rp2040js on its own arrays, each program in pairs of fresh processes; rows as JSON.
// Arguments: pairs, instructions.

import { compareSpeed, measuresSpeed } from "../examples/rp2040/speed.ts";
import type { Row } from "./row.ts";

const PROGRAMS = ["tour", "sort", "interpreter"] as const;

async function measure(pairs: number, instructions: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const program of PROGRAMS) {
    const { ratio, guestMemory, arrays } = await compareSpeed(program, pairs, instructions);
    const note = `${guestMemory.toFixed(1)} against ${arrays.toFixed(1)} million instructions a second`;
    rows.push({ name: `rp2040js, ${program}, speed`, value: ratio * 100, unit: "%", least: 97, note });
  }
  const mean = Math.exp(rows.reduce((sum, { value }) => sum + Math.log(value), 0) / rows.length);
  return [...rows, { name: "rp2040js, geometric mean", value: mean, unit: "%", least: 100 }];
}

if (!(await measuresSpeed())) {
  const [pairs, instructions] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measure(pairs ?? 1, instructions ?? 1_000_000)));
}
