// The state of a machine as one hash: registers, memories, and whatever else rp2040js's objects hold.

import { createHash } from "node:crypto";
import type { RP2040 } from "rp2040js";
import { takeObjects } from "../common/object-state.ts";
import { Machine } from "./machine.ts";
import { MEMORIES } from "./map.ts";

/** What a machine holds that is no state, and its arrays: these are taken by themselves. */
const LEFT_OUT = ["memory", "logger", "bootrom", "flash", "flash16", "sram", "usbDPRAM"];
/** In which PIO keeps a timer of the host's. */
const HOST_TIMER = "runTimer";

/** Two machines that have run alike give the same: one on guest memory, and rp2040js on its own arrays. */
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
