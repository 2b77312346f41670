// Episode: some hundred operations on new memories, given to both builds in lockstep.

import { Counts } from "./counts.ts";
import { type Difference, differences } from "./differences.ts";
import { act } from "./kinds/kinds.ts";
import { settle } from "./kinds/lifetime.ts";
import { Random } from "./random.ts";
import type { Library } from "./show.ts";
import { look } from "./state.ts";
import { Slot, World } from "./world.ts";

export const OPERATIONS = 400;
const BETWEEN_LOOKS = 40;
const SLOTS = 3;
const FOREIGN = 3;
const END = 2 ** 30;

type Glue = NonNullable<NonNullable<Parameters<Library["init"]>[0]>["glue"]>;

/** A build, with two instances of its Wasm module. */
export interface Build {
  readonly lib: Library;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly main: Glue;
  readonly foreign: Glue;
}

/** Where two builds differ. */
export interface Failure {
  readonly episode: number;
  /** The operation's place in the episode. */
  readonly index: number;
  readonly operation: string;
  readonly old: readonly string[];
  readonly now: readonly string[];
  /** The first lines that differ. */
  readonly line: number;
  /** What the old build did before. */
  readonly log: readonly string[];
}

export interface Result {
  readonly failure: Failure | undefined;
  readonly operations: number;
  readonly met: readonly Difference[];
}

/** Runs an episode, or those of its operations that are named. */
export async function run(
  builds: readonly [Build, Build],
  seed: number,
  episode: number,
  indexes: readonly number[] = Array.from({ length: OPERATIONS }, (_, index) => index),
  counts = new Counts(),
): Promise<Result> {
  const worlds: World[] = [];
  for (const { lib } of builds) worlds.push(new World(lib, act));
  const [old, now] = worlds as [World, World];
  old.counts = counts;
  const log: string[] = [];
  const met: Difference[] = [];
  let operations = 0;
  /** Gives an operation to both; false where the episode cannot go on. */
  let failure: Failure | undefined;
  const step = (index: number, operation: (world: World) => void): boolean => {
    const lines = old.run(new Random(seed, episode, index), operation);
    const others = now.run(new Random(seed, episode, index), operation);
    operations++;
    const last = lines.at(-1) ?? "";
    for (let line = 0; line < Math.max(lines.length, others.length); line++) {
      const [one, other] = [lines[line] ?? "nothing", others[line] ?? "nothing"];
      if (one === other) continue;
      const meant = differences.find((difference) => difference.matches(one, other, last));
      if (meant) met.push(meant);
      if (meant?.diverges) return false;
      if (meant) continue;
      failure = { episode, index, operation: last, old: lines, now: others, line, log };
      return false;
    }
    log.push(...lines);
    return true;
  };
  try {
    if (episode % 4 === 0) {
      for (const [place, build] of builds.entries()) await addForeign(worlds[place] as World, build);
    }
    let going = step(-1, (world) => {
      for (let index = 0; index < SLOTS; index++) settle(world, index);
    });
    for (const index of indexes) {
      if (!going) break;
      going = step(index, once);
      if (going && index % BETWEEN_LOOKS === BETWEEN_LOOKS - 1) going = step(index + END, look);
    }
    if (going) step(2 * END, look);
  } finally {
    for (const { slots } of worlds) for (const { memory } of slots) memory.dispose();
  }
  return { failure, operations, met };
}

/** One operation of an episode; before it, what was disposed may come back. */
function once(world: World): void {
  for (let index = 0; index < SLOTS; index++) {
    if (world.slots[index]?.disposed && world.random.once(6)) settle(world, index);
  }
  act(world);
}

/** Adds a memory of another Wasm module. */
async function addForeign(world: World, { lib, wasm, main, foreign }: Build): Promise<void> {
  await lib.init({ glue: foreign, wasm });
  const memory = lib.GuestMemory.createSync([
    { kind: "ram", name: "far RAM", start: 0, size: 0x4000 },
    { kind: "rom", name: "far ROM", start: 0x5000, size: 0x1000 },
  ]);
  await lib.init({ glue: main, wasm });
  const slot = new Slot("foreign", memory as unknown as Slot["memory"], false, []);
  for (const object of memory.mapped as unknown as Slot["memory"]["mapped"]) {
    const placed = { object, start: BigInt(object.start), size: BigInt(object.size), kind: object.kind, mapped: true };
    slot.placed.push(placed);
    slot.machine.push(placed);
  }
  world.slots[FOREIGN] = slot;
}

/** The same failure with as few operations as leaving out finds. */
export async function shrink(builds: readonly [Build, Build], seed: number, failure: Failure): Promise<Failure> {
  const { episode } = failure;
  const all = Array.from({ length: OPERATIONS }, (_, index) => index);
  let list = all.filter((index) => index <= failure.index % END);
  let shortest = failure;
  for (let size = list.length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < list.length; ) {
      const shorter = [...list.slice(0, from), ...list.slice(from + size)];
      const { failure: found } = await run(builds, seed, episode, shorter);
      if (found) [list, shortest] = [shorter, found];
      else from += size;
    }
  }
  return shortest;
}
