import { GuestMemory } from "guest-memory";

// Two regions that touch, 4 KiB each, and five bytes across the boundary.
const memory = await GuestMemory.fromRanges([
  [0x0, 0x1000],
  [0x1000, 0x1000],
]);
const written = memory.write(0xffc, Uint8Array.of(1, 2, 3, 4, 5));
const bytes = new Uint8Array(5);
const read = memory.read(0xffc, bytes);
console.log(`wrote ${written} bytes, read ${read}: ${bytes.join(" ")}`);
