// Memories that come and go: made in every way, of one machine or of several, and disposed.

import { given, hostileArgument } from "../arguments.ts";
import { listen } from "../callbacks.ts";
import { exact, specOf } from "../specs.ts";
import { bare, type Placed, placedOf, Slot, type World } from "../world.ts";
import type { Kinds } from "./kind.ts";

type Memory = Slot["memory"];

const KINDS = ["ram", "ram", "ram", "ram", "rom", "romDevice", "mmio", "alias", "external", "reserved"];

/** A memory that does not exist yet, for making its regions. */
function blank(wide: boolean, machine: Placed[]): Slot {
  const memory = { mapGeneration: 0, viewGeneration: 0, view: () => new Uint8Array(4) } as unknown as Memory;
  return new Slot("none", memory, wide, machine);
}

/** Regions for a new memory, each behind the one before. */
function specs(world: World, wide: boolean, machine: Placed[]): unknown[] {
  const slot = blank(wide, machine);
  return Array.from({ length: world.random.between(2, 6) }, () => {
    const spec = specOf(world, slot, world.random.pick(KINDS) as string);
    const [start, size] = [exact(spec.start), exact(spec.size ?? 4096)];
    slot.placed.push(bare(start, size, String(spec.kind)));
    return world.random.once(80) ? hostileArgument(world) : spec;
  });
}

function ranges(world: World, wide: boolean): unknown[] {
  const slot = blank(wide, []);
  return Array.from({ length: world.random.between(1, 4) }, () => {
    const { start, size } = specOf(world, slot, "ram");
    slot.placed.push(bare(exact(start), exact(size)));
    return [start, size];
  });
}

function options(world: World, wide: boolean): unknown {
  const { random } = world;
  if (random.once(40)) return random.pick<unknown>([null, { addresses: "no" }, { name: 5 }, { reserve: -1 }]);
  const made: Record<string, unknown> = wide ? { addresses: "bigint" } : {};
  if (random.once(3)) made.name = `memory ${world.count++}`;
  if (random.once(6)) made.reserve = given(world, BigInt(random.below(3)) * 0x10000n);
  return random.once(8) && !wide ? undefined : made;
}

/** Puts a memory into a slot. @param machine the regions that aliases may show; undefined where none is an object. */
function adopt(world: World, memory: Memory, index: number, wide: boolean, machine?: Placed[]): void {
  const slot = new Slot(`m${index}.${world.count++}`, memory, wide, machine ?? []);
  for (const object of machine ? memory.mapped : []) {
    const known = slot.machine.find((placed) => placed.object === object);
    const placed = known ?? placedOf(object);
    if (!known) slot.machine.push(placed);
    slot.placed.push(placed);
  }
  const regions = slot.placed.length === 0 ? memory.regions : [];
  for (const { start, size } of regions) slot.placed.push(bare(BigInt(start), BigInt(size)));
  const before = world.slots[index];
  if (before && !before.disposed) dispose(world, before);
  world.slots[index] = slot;
  world.note(`${slot.name} has ${slot.placed.length} regions`);
  if (world.random.once(2)) listen(world, slot);
}

export function dispose(world: World, slot: Slot): void {
  if (world.random.once(4)) world.attempt(`using ${slot.name}`, () => slot.memory[Symbol.dispose]());
  else world.call(slot.name, slot.memory, "dispose", []);
  slot.disposed = true;
}

/** Makes a memory in a slot, in some way. */
export function create(world: World, index: number): void {
  const { random, lib } = world;
  const wide = random.once(4);
  const machine: Placed[] = [];
  const flat = random.once(3);
  const made = flat
    ? world.call("GuestMemory", lib.GuestMemory, "fromRangesSync", [
        random.once(40) ? hostileArgument(world) : ranges(world, wide),
        options(world, wide),
      ])
    : world.call("GuestMemory", lib.GuestMemory, "createSync", [
        random.once(40) ? hostileArgument(world) : specs(world, wide, machine),
        options(world, wide),
      ]);
  if (made instanceof lib.GuestMemory) adopt(world, made as Memory, index, wide, flat ? undefined : machine);
}

/** A memory in a slot, whatever happens: where it cannot be made, an empty one is. */
export function settle(world: World, index: number): void {
  create(world, index);
  const slot = world.slots[index];
  if (slot && !slot.disposed) return;
  const memory = world.lib.GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x4000 }]);
  adopt(world, memory as unknown as Memory, index, false, []);
}

export const lifetime: Kinds = {
  create(world) {
    create(world, 2);
  },

  space(world, slot) {
    const { random } = world;
    const list = random.once(40) ? hostileArgument(world) : specs(world, slot.wide, slot.machine);
    const args = random.once(2) ? [list] : [list, random.once(20) ? { name: 5 } : { name: `space ${world.count++}` }];
    const made = world.call(slot.name, slot.memory, "space", args);
    // A sibling takes the place of another memory than its own.
    if (made instanceof world.lib.GuestMemory) {
      adopt(world, made as Memory, slot === world.slots[1] ? 2 : 1, slot.wide, slot.machine);
    }
  },

  dispose(world, slot) {
    dispose(world, slot);
  },
};
