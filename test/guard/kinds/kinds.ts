// All kinds of operations, and the frequency of each.

import type { World } from "../world.ts";
import type { Kind, Kinds } from "./kind.ts";
import { lifetime } from "./lifetime.ts";
import { mapKinds } from "./map.ts";
import { observing } from "./observe.ts";
import { ranges } from "./ranges.ts";
import { atomics, scalars } from "./scalars.ts";

const map = mapKinds(() => kinds);

export const kinds: Kinds = { ...scalars, ...atomics, ...ranges, ...map, ...observing, ...lifetime };

/** Groups of kinds, each as often as its share of a hundred says. */
const GROUPS: readonly Kinds[] = [
  ...Array(24).fill(scalars),
  ...Array(10).fill(atomics),
  ...Array(24).fill(ranges),
  ...Array(22).fill(map),
  ...Array(18).fill(observing),
  ...Array(2).fill(lifetime),
];

/** Memories of a world, the first most often. */
const SLOTS = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3];

/** Does a random operation with a random memory. */
export function act(world: World): void {
  const { random } = world;
  const name = random.pick(Object.keys(random.pick(GROUPS) as Kinds)) as string;
  const slot = world.slots[random.pick(SLOTS) as number] ?? world.slots[0];
  if (slot) world.perform(name, kinds[name] as Kind, slot);
}
