// Ranges of bytes: copied, filled, compared, searched, shown, discarded.

import { address, around, bytes, exactAddress, given, hostileArgument, length, numberValue } from "../arguments.ts";
import type { Kind, Kinds } from "./kind.ts";

/** Reads into an array, or writes one; what it holds afterwards, and around it, is compared. */
function array(name: "read" | "readSlice" | "write" | "writeSlice"): Kind {
  return (world, slot) => {
    const at = address(world, slot);
    const given = bytes(world, slot);
    world.call(slot.name, slot.memory, name, [at, given]);
    world.note(`and the array is ${world.show(around(given))}`);
  };
}

const MOST_VIEWS = 6;

export const ranges: Kinds = {
  read: array("read"),
  readSlice: array("readSlice"),
  write: array("write"),
  writeSlice: array("writeSlice"),

  readBytes(world, slot) {
    world.call(slot.name, slot.memory, "readBytes", [address(world, slot), length(world)]);
  },

  fill(world, slot) {
    world.call(slot.name, slot.memory, "fill", [address(world, slot), numberValue(world), length(world)]);
  },

  copyWithin(world, slot) {
    const from = address(world, slot);
    // Half of the targets overlap the source.
    const near = typeof from === "number" && world.random.once(2);
    const to = near ? from + world.random.between(-30, 30) : address(world, slot);
    world.call(slot.name, slot.memory, "copyWithin", [to, from, length(world)]);
  },

  copyFrom(world, slot) {
    const { random } = world;
    const source = random.pick(world.slots) ?? slot;
    const memory = random.once(40) ? hostileArgument(world) : source.memory;
    const to = address(world, slot);
    world.note(`from ${source.name}`);
    world.call(slot.name, slot.memory, "copyFrom", [to, memory, address(world, source), length(world)]);
  },

  compare(world, slot) {
    const a = address(world, slot);
    const b = world.random.once(4) ? a : address(world, slot);
    world.call(slot.name, slot.memory, "compare", [a, b, length(world)]);
  },

  indexOf(world, slot) {
    const { random } = world;
    const at = exactAddress(world, slot);
    let needle = bytes(world, slot);
    // Half of the needles are what is there.
    if (random.once(2)) {
      const piece = world.call("needle", slot.memory, "readBytes", [at + BigInt(random.below(40)), random.below(8)]);
      needle = piece ?? needle;
    }
    const from = random.once(8) ? address(world, slot) : given(world, at);
    world.call(slot.name, slot.memory, "indexOf", [needle, from, length(world)]);
  },

  markDirty(world, slot) {
    world.call(slot.name, slot.memory, "markDirty", [address(world, slot), length(world)]);
  },

  discard(world, slot) {
    const { random } = world;
    const at = random.once(2) ? given(world, exactAddress(world, slot, 4096)) : address(world, slot);
    const count = random.once(2) ? given(world, BigInt(random.between(0, 3)) * 4096n) : length(world);
    world.call(slot.name, slot.memory, "discard", [at, count]);
  },

  view(world, slot) {
    const view = world.call(slot.name, slot.memory, "view", [address(world, slot), length(world)]);
    if (view instanceof Uint8Array && slot.views.length < MOST_VIEWS) slot.views.push(view);
  },

  views(world, slot) {
    const views = world.call(slot.name, slot.memory, "views", [address(world, slot), length(world)]);
    if (Array.isArray(views) && slot.views.length < MOST_VIEWS) slot.views.push(...(views as Uint8Array[]));
  },

  /** Looks at a view that was taken before, writes through it, or forgets it. */
  "a view"(world, slot) {
    const { random } = world;
    const view = random.pick(slot.views);
    if (view === undefined) return;
    world.attempt(`${slot.name}'s view`, () => view);
    if (random.once(2)) slot.views.splice(slot.views.indexOf(view), 1);
    else if (view.byteLength > 0) view[random.below(view.byteLength)] = random.bits();
  },
};
