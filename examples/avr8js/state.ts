// The state of a board as one hash: registers, memories, and all other fields of avr8js's objects.

import { createHash } from "node:crypto";
import { CPU } from "avr8js";
import { takeObjects } from "../common/object-state.ts";
import type { Board } from "./board.ts";
import { GuestCpu } from "./cpu.ts";
import { DATA, FLASH } from "./map.ts";

/** The CPU's memories, which are hashed separately. */
const MEMORIES = ["progMem", "progBytes", "data", "data16", "dataView", "guestMemory"];

/** The hash of a board. A board on guest memory and one on avr8js's own arrays have the same if they have run alike. */
export function stateHash({ cpu, ...around }: Board): string {
  const hash = createHash("sha256");
  for (const bytes of memoriesOf(cpu)) hash.update(bytes);
  takeObjects(hash, { cpu, ...around }, (object, name) => object instanceof CPU && MEMORIES.includes(name));
  return hash.digest("hex");
}

/** The bytes of flash and of data memory. */
function memoriesOf(cpu: CPU): Uint8Array[] {
  if (!(cpu instanceof GuestCpu)) return [cpu.progBytes, cpu.data];
  return [FLASH, DATA].map(({ start, size }) => cpu.guestMemory.peek(start, size).bytes);
}
