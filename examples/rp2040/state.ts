// The state of a machine as one hash: registers, memories, and all other fields of rp2040js's objects.

import { createHash } from "node:crypto";
import type { RP2040 } from "rp2040js";
import { takeObjects } from "../common/object-state.ts";
import { Machine } from "./machine.ts";
import { MEMORIES } from "./map.ts";

/** The fields that are not part of the state, and the arrays, which are hashed separately. */
const LEFT_OUT = ["memory", "logger", "bootrom", "flash", "flash16", "sram", "usbDPRAM"];
/** The field in which PIO keeps a timer of the host's. */
const HOST_TIMER = "runTimer";

/** The hash of a machine. One on guest memory and one on rp2040js's own arrays have the same if they have run alike. */
export function stateHash(machine: RP2040): string {
  const hash = createHash("sha256");
  for (const bytes of memoriesOf(machine)) hash.update(bytes);
  takeObjects(hash, machine, (object, name) => {
    return name === HOST_TIMER || (object === machine && LEFT_OUT.includes(name));
  });
  return hash.digest("hex");
}

/** The bytes of boot ROM, flash, SRAM and USB DPRAM. */
function memoriesOf(machine: RP2040): Uint8Array[] {
  if (machine instanceof Machine) return MEMORIES.map(({ start, size }) => machine.memory.peek(start, size).bytes);
  return [new Uint8Array(machine.bootrom.buffer), machine.flash, machine.sram, machine.usbDPRAM];
}
