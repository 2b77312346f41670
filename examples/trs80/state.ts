// The state of a machine as one hash: registers, memories, and all other fields of trs80-emulator's objects.

import { createHash } from "node:crypto";
import type { Trs80 } from "trs80-emulator";
import { takeObjects } from "../common/object-state.ts";
import { Machine } from "./machine.ts";
import { RAM, ROM, SCREEN } from "./map.ts";

/** The fields that are not part of the state (the host's clock), and the memories, which are hashed separately. */
const LEFT_OUT = ["memory", "guestMemory", "startTime", "clocksPerTick"];

/** The hash of a machine. One on guest memory and one on trs80-emulator's own array have the same if they run alike. */
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
