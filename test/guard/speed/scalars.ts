// Figures of one build on one engine: microseconds for 2^16 scalar accesses of 1, 2 and 4 bytes, the geometric mean of all
// patterns of bench/.

import { GuestMemory } from "guest-memory";
import { addresses, layout, loops, PATTERNS } from "../../../bench/rows/scalars.ts";
import { fastest } from "./processor-time.ts";

const REGION_COUNTS = [1, 64];

const memory = await GuestMemory.create(layout());

/** The loops of bench/ for other widths; written out, as those are, so that each is compiled for what it does. */
const narrow = {
  "u8 read": (at: Uint32Array) => () => {
    let sum = 0;
    for (let index = 0; index < at.length; index++) sum = (sum + memory.readUint8(at[index] as number)) | 0;
    return sum;
  },
  "u16 read": (at: Uint32Array) => () => {
    let sum = 0;
    for (let index = 0; index < at.length; index++) sum = (sum + memory.readUint16(at[index] as number)) | 0;
    return sum;
  },
  "u8 write": (at: Uint32Array) => () => {
    for (let index = 0; index < at.length; index++) memory.writeUint8(at[index] as number, index);
  },
  "u16 write": (at: Uint32Array) => () => {
    for (let index = 0; index < at.length; index++) memory.writeUint16(at[index] as number, index);
  },
};
const { read, write } = loops(memory, new DataView(memory.wasmMemory.buffer));

const figures: Record<string, number> = {};
for (const [name, loop] of Object.entries({ ...narrow, "u32 read": read, "u32 write": write })) {
  const logs = REGION_COUNTS.flatMap((regions) =>
    PATTERNS.map((pattern) => Math.log(fastest(loop(addresses(regions, pattern))))),
  );
  figures[`scalars, ${name}`] = Math.exp(logs.reduce((sum, log) => sum + log) / logs.length);
}
console.log(JSON.stringify(figures));
