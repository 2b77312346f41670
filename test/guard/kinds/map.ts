// Changes of the map, in transactions too, and its descriptions of itself.

import { address, exactAddress, given, hostileArgument, length } from "../arguments.ts";
import { specOf } from "../specs.ts";
import { bare, type Placed, placedOf, type Slot, type World } from "../world.ts";
import type { Kind, Kinds } from "./kind.ts";

const KINDS = ["ram", "rom", "romDevice", "mmio", "alias", "external", "reserved"] as const;
/** With more regions than that, one goes instead of another that comes. */
const MOST_REGIONS = 9;
const PERMISSIONS = ["rwx", "rwx", "rwx", "rw-", "r-x", "r--", "-w-", "--x", "---"];

function mapper(kind: (typeof KINDS)[number]): Kind {
  return (world, slot) => {
    if (slot.placed.filter(({ mapped }) => mapped).length >= MOST_REGIONS) return unmap(world, slot);
    const spec = world.random.once(80) ? hostileArgument(world) : specOf(world, slot, kind);
    const region = world.call(slot.name, slot.memory, "map", [spec]);
    if (!(region instanceof world.lib.MappedRegion)) return;
    const placed = placedOf(region);
    slot.placed.push(placed);
    slot.machine.push(placed);
  };
}

/** A region that is an object, seldom one of another memory. */
function some(world: World, slot: Slot): (Placed & { object: object }) | undefined {
  const from = world.random.once(30) ? (world.random.pick(world.slots) ?? slot) : slot;
  const objects = from.placed.filter((placed): placed is Placed & { object: NonNullable<Placed["object"]> } => {
    return placed.object !== undefined && (placed.mapped || world.random.once(8));
  });
  return world.random.pick(objects);
}

function unmap(world: World, slot: Slot): void {
  const placed = some(world, slot);
  if (placed === undefined) return;
  const region = world.random.once(40) ? hostileArgument(world) : placed.object;
  world.call(slot.name, slot.memory, "unmap", [region]);
  if (world.outcome === "ok") placed.mapped = false;
}

/** What a transaction does: changes mostly, but anything may be in it. */
const STEPS = [
  ...KINDS.map((kind) => `map ${kind}`),
  "unmap",
  "move",
  "move",
  "enable",
  "disable",
  "protect",
  "transaction",
];

function transaction(kinds: () => Kinds): Kind {
  return (world, slot) => {
    const { random } = world;
    const end = random.below(24);
    const change = () => {
      for (let left = random.between(1, 4); left > 0; left--) {
        const all = kinds();
        const name = random.pick(random.once(4) ? Object.keys(all) : STEPS) as string;
        const other = random.once(8) ? (random.pick(world.slots) ?? slot) : slot;
        world.perform(name, all[name] as Kind, other);
      }
      if (end < 4) throw new Error("the transaction's own");
      return end === 4 ? Promise.resolve() : end;
    };
    world.note("{");
    world.call(slot.name, slot.memory, "transaction", [random.once(40) ? hostileArgument(world) : change]);
    const { outcome } = world;
    for (const other of world.slots) refresh(world, other);
    world.outcome = outcome;
  };
}

/** Learns where regions are, after a transaction that may have been undone. */
function refresh(world: World, { placed }: Slot): void {
  for (const one of placed) {
    const { object } = one;
    if (object === undefined) continue;
    const { isMapped, enabled, start } = object;
    if (isMapped !== one.mapped || (isMapped && BigInt(start) !== one.start)) world.note(`now ${world.show(object)}`);
    Object.assign(one, { mapped: isMapped, shown: enabled, start: isMapped ? BigInt(start) : one.start });
  }
}

const getter =
  (name: "regions" | "mapped" | "lastAddress" | "handle" | "wasmMemory" | "events"): Kind =>
  (world, slot) => {
    world.attempt(`${slot.name}.${name}`, () => {
      const value: unknown = slot.memory[name];
      return name === "handle" ? typeof value : value;
    });
  };

const query =
  (name: string): Kind =>
  (world, slot) => {
    world.call(slot.name, slot.memory, name, [address(world, slot)]);
  };

/** @param kinds gives all kinds there are, for transactions. */
export function mapKinds(kinds: () => Kinds): Kinds {
  return {
    ...Object.fromEntries(KINDS.map((kind) => [`map ${kind}`, mapper(kind)])),
    unmap,
    transaction: transaction(kinds),

    move(world, slot) {
      const placed = some(world, slot);
      if (placed === undefined) return;
      const { random } = world;
      const near = placed.start + BigInt(random.between(-2, 2)) * 4096n;
      const to = random.once(8) ? address(world, slot) : given(world, near < 0n ? 0n : near);
      world.call("region", placed.object, "move", [to]);
      if (world.outcome === "ok") placed.start = BigInt(to as number);
    },

    enable(world, slot) {
      const placed = some(world, slot);
      if (placed) world.call("region", placed.object, "enable", []);
      if (placed && world.outcome === "ok") placed.shown = true;
    },

    disable(world, slot) {
      const placed = some(world, slot);
      // Most are shown again, or soon nothing would be seen.
      if (placed === undefined) return;
      const name = world.random.once(2) ? "disable" : "enable";
      world.call("region", placed.object, name, []);
      if (world.outcome === "ok") placed.shown = name === "enable";
    },

    "a region"(world, slot) {
      const placed = some(world, slot);
      if (placed) world.attempt("a region", () => placed.object);
    },

    protect(world, slot) {
      const { random } = world;
      const at = random.once(10) ? address(world, slot) : given(world, exactAddress(world, slot, 4096));
      const count = random.once(10) ? length(world) : given(world, BigInt(random.between(0, 2)) * 4096n);
      const allowed = random.once(30) ? hostileArgument(world) : random.pick(PERMISSIONS);
      world.call(slot.name, slot.memory, "protect", [at, count, allowed]);
    },

    insertRegion(world, slot) {
      const { start, size } = specOf(world, slot, "reserved");
      world.call(slot.name, slot.memory, "insertRegion", [start, size]);
      if (world.outcome !== "ok") return;
      const [first, bytes] = [BigInt(start as number), BigInt(size as number)];
      slot.placed.push(bare(first, bytes));
    },

    removeRegion(world, slot) {
      const flat = slot.placed.filter(({ object, mapped }) => object === undefined && mapped);
      const placed = world.random.pick(world.random.once(6) ? slot.placed : flat);
      if (placed === undefined) return;
      const hostile = world.random.once(12);
      const start = hostile ? address(world, slot) : given(world, placed.start);
      world.call(slot.name, slot.memory, "removeRegion", [start, given(world, placed.size)]);
      if (world.outcome === "ok") placed.mapped = false;
    },

    reserve(world, slot) {
      const { random } = world;
      const bytes = random.once(4) ? length(world) : given(world, BigInt(random.below(3)) * 0x8000n);
      world.call(slot.name, slot.memory, "reserve", [bytes]);
    },

    region(world, slot) {
      const placed = world.random.pick(slot.placed);
      const name = placed?.object?.name ?? "ram";
      world.call(slot.name, slot.memory, "region", [world.random.once(8) ? hostileArgument(world) : name]);
    },

    regions: getter("regions"),
    mapped: getter("mapped"),
    lastAddress: getter("lastAddress"),
    handle: getter("handle"),
    wasmMemory: getter("wasmMemory"),
    events: getter("events"),
    findRegion: query("findRegion"),
    toRegionAddress: query("toRegionAddress"),
    addressInRange: query("addressInRange"),

    checkRange(world, slot) {
      world.call(slot.name, slot.memory, "checkRange", [address(world, slot), length(world)]);
    },

    checkedOffset(world, slot) {
      world.call(slot.name, slot.memory, "checkedOffset", [address(world, slot), length(world)]);
    },

    tree(world, slot) {
      world.call(slot.name, slot.memory, "tree", world.random.pick([[], [{ flat: true }], [{ flat: 1 }], [null]]));
    },

    toJSON(world, slot) {
      world.call(slot.name, slot.memory, "toJSON", []);
    },
  };
}
