// The state of a machine as one hash: registers, memories, and whatever else rp2040js's objects hold.

import { createHash, type Hash } from "node:crypto";
import type { RP2040 } from "rp2040js";
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
  takeObjects(hash, machine);
  return hash.digest("hex");
}

/** The bytes of boot ROM, flash, SRAM and USB DPRAM. */
function memoriesOf(machine: RP2040): Uint8Array[] {
  if (machine instanceof Machine) return MEMORIES.map(({ start, size }) => machine.memory.peek(start, size).bytes);
  return [new Uint8Array(machine.bootrom.buffer), machine.flash, machine.sram, machine.usbDPRAM];
}

/** Takes each object that can be reached, once: arrays of bytes, collections, fields in the order of their names. */
function takeObjects(hash: Hash, machine: RP2040): void {
  const seen = new Map<object, number>();
  const take = (value: unknown): void => {
    if (typeof value !== "object" || value === null) hash.update(`${value};`);
    else if (seen.has(value)) hash.update(`object ${seen.get(value)};`);
    else {
      seen.set(value, seen.size);
      if (ArrayBuffer.isView(value)) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      else if (value instanceof Map || value instanceof Set) [...value].forEach(take);
      else takeFields(value);
    }
  };
  const takeFields = (object: object): void => {
    for (const [name, value] of Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (name === HOST_TIMER || (object === machine && LEFT_OUT.includes(name))) continue;
      if (typeof value === "function" || value instanceof DataView) continue;
      hash.update(`${name}: `);
      take(value);
    }
  };
  take(machine);
}
