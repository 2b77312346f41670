// A kind of operation: an action on one memory of a world.

import type { Slot, World } from "../world.ts";

export type Kind = (world: World, slot: Slot) => void;
export type Kinds = Record<string, Kind>;
