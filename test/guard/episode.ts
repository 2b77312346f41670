// Episode: some hundred operations on new memories, given to both builds in lockstep.

import { type Build, renew } from "./build.ts";
import { Counts } from "./counts.ts";
import { type Difference, differences, reworded } from "./differences.ts";
import { act } from "./kinds/kinds.ts";
import { settle } from "./kinds/lifetime.ts";
import { Random } from "./random.ts";
import { look } from "./state.ts";
import { placedOf, Slot, World } from "./world.ts";

export const OPERATIONS = 400;
const BETWEEN_LOOKS = 40;
const SLOTS = 3;
const FOREIGN = 3;
const END = 2 ** 30;

/** Where two builds differ. */
export interface Failure {
  readonly episode: number;
  /** The operation's place in the episode. */
  readonly index: number;
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

/**
 * The first difference that is not meant, or after which the two cannot go on side by side.
 *
 * @param met gets the differences that are meant.
 */
export function compare(
  old: readonly string[],
  now: readonly string[],
  met: Difference[],
): { line: number; meant: boolean } | undefined {
  for (let line = 0; line < Math.max(old.length, now.length); line++) {
    const [one, other] = [reworded(old[line] ?? "nothing"), now[line] ?? "nothing"];
    if (one === other) continue;
    const meant = differences.find((difference) => difference.matches(one, other, old));
    if (meant === undefined) return { line, meant: false };
    met.push(meant);
    if (meant.diverges) return { line, meant: true };
  }
  return undefined;
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
  let failure: Failure | undefined;
  /** Gives an operation to both; false where the episode cannot go on. */
  const step = (index: number, operation: (world: World) => void): boolean => {
    const lines = old.run(new Random(seed, episode, index), operation);
    const others = now.run(new Random(seed, episode, index), operation);
    operations++;
    const difference = compare(lines, others, met);
    if (difference === undefined) log.push(...lines);
    else if (!difference.meant) failure = { episode, index, old: lines, now: others, line: difference.line, log };
    return difference === undefined;
  };
  try {
    for (const [place, build] of builds.entries()) {
      if (episode % 4 === 0) await addForeign(worlds[place] as World, build);
      await renew(build);
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
async function addForeign(world: World, build: Build): Promise<void> {
  await renew(build);
  const memory = build.lib.GuestMemory.createSync([
    { kind: "ram", name: "far RAM", start: 0, size: 0x4000 },
    { kind: "rom", name: "far ROM", start: 0x5000, size: 0x1000 },
  ]);
  const slot = new Slot("foreign", memory as unknown as Slot["memory"], false, []);
  for (const object of memory.mapped as unknown as Slot["memory"]["mapped"]) {
    const placed = placedOf(object);
    slot.placed.push(placed);
    slot.machine.push(placed);
  }
  world.slots[FOREIGN] = slot;
}

/** What a failure looks like without its numbers and names: one fault is met many times. */
export function kindOf({ old, now, line }: Failure): string {
  const without = (text = "nothing") => text.replaceAll(/"[^"]*"|\d+n?|0x[\da-f]+|\[.*\]|\{.*\}/g, "").trim();
  return `${without(old[line])} / ${without(now[line])}`;
}

/** A failure of the same kind with as few operations as leaving out finds. */
export async function shrink(
  builds: readonly [Build, Build],
  seed: number,
  failure: Failure,
  kind: string,
): Promise<Failure> {
  const { episode } = failure;
  const all = Array.from({ length: OPERATIONS }, (_, index) => index);
  let list = all.filter((index) => index <= failure.index % END);
  let shortest = failure;
  for (let size = list.length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < list.length; ) {
      const shorter = [...list.slice(0, from), ...list.slice(from + size)];
      const { failure: found } = await run(builds, seed, episode, shorter);
      if (found && kindOf(found) === kind) [list, shortest] = [shorter, found];
      else from += size;
    }
  }
  return shortest;
}
