// The state of a machine as one hash: registers, memories, and whatever else trs80-emulator's objects hold.

import { createHash } from "node:crypto";
import type { Trs80 } from "trs80-emulator";
import { takeObjects } from "../common/object-state.ts";
import { Machine } from "./machine.ts";
import { RAM, ROM, SCREEN } from "./map.ts";

/** What a machine holds that is no state (the host's clock), and its memories: these are taken by themselves. */
const LEFT_OUT = ["memory", "guestMemory", "startTime", "clocksPerTick"];

/** Two machines that have run alike give the same: one on guest memory, and trs80-emulator on its own array. */
export function stateHash(machine: Trs80): string {
  const hash = createHash("sha256");
  for (const bytes of memoriesOf(machine)) hash.update(bytes);
  takeObjects(hash, machine, (object, name) => object === machine && LEFT_OUT.includes(name));
  return hash.digest("hex");
}

/** The bytes of ROM, screen and RAM. */
function memoriesOf(machine: Trs80): Uint8Array[] {
  const regions = [ROM, SCREEN, { ...RAM, size: machine.getConfig().getRamSize() }];
  if (machine instanceof Machine) return regions.map(({ start, size }) => machine.guestMemory.peek(start, size).bytes);
  const { memory } = machine as unknown as { memory: Uint8Array };
  return regions.map(({ start, size }) => memory.subarray(start, start + size));
}
