// Figures of one build on one engine: microseconds for 256 copies of 4 KiB, as bench/ makes them.

import { GuestMemory } from "guest-memory";
import { fastest } from "./processor-time.ts";

const ADDRESS = 0x1000;
const COPIES = 256;

const memory = await GuestMemory.fromRanges([[0, 16 << 20]]);
const array = new Uint8Array(4096);
const read = fastest(() => {
  for (let copy = 0; copy < COPIES; copy++) memory.readSlice(ADDRESS, array);
});
const write = fastest(() => {
  for (let copy = 0; copy < COPIES; copy++) memory.writeSlice(ADDRESS, array);
});
console.log(JSON.stringify({ "readSlice of 4 KiB": read, "writeSlice of 4 KiB": write }));
