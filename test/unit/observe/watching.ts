// A small machine for the tests of watches, and a watch of all of it.
import { GuestMemory, type WatchEvent } from "../../../ts/index.ts";
import { counting } from "../support.ts";

/** RAM of three regions that touch in the middle of a page, a device behind, then a hole. */
export async function machine() {
  const device = { read8: (offset: number) => offset, write8: () => {} };
  return GuestMemory.create([
    { kind: "ram", name: "one", start: 0, size: 0x1800, contents: counting(0x1800) },
    { kind: "ram", name: "two", start: 0x1800, size: 0x800, contents: counting(0x800) },
    { kind: "ram", name: "three", start: 0x2000, size: 0x1000, contents: counting(0x1000) },
    { kind: "mmio", name: "device", start: 0x3000, size: 0x1000, device },
  ]);
}

/** Watches everything, and gives what is told. */
export function watchAll(memory: GuestMemory, address = 0, length = 0x1_0000): WatchEvent[] {
  const events: WatchEvent[] = [];
  memory.watch(address, length, { read: true, write: true, execute: true }, (event) => void events.push(event));
  return events;
}
