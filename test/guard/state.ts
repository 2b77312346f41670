// The whole state of a world: maps, bytes, views, counters, external memories.

import type { Slot, World } from "./world.ts";

/** Bytes of one range that are compared. */
const MOST_BYTES = 1 << 17;

/** Notes everything there is to see. */
export function look(world: World): void {
  for (const slot of world.slots) lookAt(world, slot);
  for (const { name, buffer } of world.owners) {
    world.attempt(name, () => (buffer().byteLength === 0 ? "no bytes" : new Uint8Array(buffer())));
  }
}

function lookAt(world: World, { name, memory, ...slot }: Slot): void {
  world.attempt(`${name}'s generations`, () => [
    (memory.mapGeneration - slot.mapGeneration) >>> 0,
    memory.viewGeneration - slot.viewGeneration,
  ]);
  world.attempt(`${name}'s regions`, () => [memory.regions, memory.lastAddress]);
  world.attempt(`${name}'s map`, () => [memory.mapped, memory.tree(), memory.tree({ flat: true })]);
  world.attempt(`${name}'s views`, () => slot.views);
  const map = world.attempt(`${name}'s data`, () => JSON.stringify(memory));
  const { flat } = JSON.parse(map ?? '{"flat":[]}') as { flat: { start: string; size: string; kind: string }[] };
  for (const { start, size } of flat) {
    const bytes = Math.min(Number(size), MOST_BYTES);
    world.attempt(`${name} at ${start}`, () => memory.peek(BigInt(start), bytes));
  }
}
