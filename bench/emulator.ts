// The emulators of examples/ on GuestMemory against the same on arrays of their own, each program in pairs of fresh
// processes; rows as JSON. Arguments: pairs, instructions.

import * as rp2040 from "../examples/rp2040/speed.ts";
import * as trs80 from "../examples/trs80/speed.ts";
import type { Row } from "./row.ts";

const PROGRAMS = ["tour", "sort", "interpreter"] as const;
const TRS80_PROGRAMS = ["tour", "sort", "sieve"] as const;

type Speed = Awaited<ReturnType<typeof rp2040.compareSpeed>>;

function rowOf(emulator: string, program: string, { ratio, guestMemory, arrays }: Speed): Row {
  const note = `${guestMemory.toFixed(1)} against ${arrays.toFixed(1)} million instructions a second`;
  return { name: `${emulator}, ${program}, speed`, value: ratio * 100, unit: "%", least: 97, note };
}

/** The rows of an emulator's programs, and their mean. */
function withMean(emulator: string, rows: Row[], least: number): Row[] {
  const mean = Math.exp(rows.reduce((sum, { value }) => sum + Math.log(value), 0) / rows.length);
  return [...rows, { name: `${emulator}, geometric mean`, value: mean, unit: "%", least }];
}

async function measure(pairs: number, instructions: number): Promise<Row[]> {
  const [first, second]: [Row[], Row[]] = [[], []];
  for (const program of PROGRAMS) {
    first.push(rowOf("rp2040js", program, await rp2040.compareSpeed(program, pairs, instructions)));
  }
  for (const program of TRS80_PROGRAMS) {
    second.push(rowOf("trs80-emulator", program, await trs80.compareSpeed(program, pairs, instructions)));
  }
  return [...withMean("rp2040js", first, 100), ...withMean("trs80-emulator", second, 97)];
}

if (!(await rp2040.measuresSpeed()) && !(await trs80.measuresSpeed())) {
  const [pairs, instructions] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measure(pairs ?? 1, instructions ?? 1_000_000)));
}
