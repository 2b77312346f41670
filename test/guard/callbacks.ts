// Callbacks: devices, watches, handlers and listeners, which note their arguments and may do anything.

import type { WatchEvent } from "guest-memory";
import { hash } from "./show.ts";
import type { Slot, World } from "./world.ts";

const SIZES = [1, 2, 4, 8, 16];

/** What callbacks give that are asked for a value. */
function answer(world: World, size: number, value: bigint): unknown {
  const { random } = world;
  if (random.once(50)) return random.pick<unknown>([undefined, null, "1", {}, true, 1.5, -1, 1n << 70n, Number.NaN]);
  if (random.once(50)) return size <= 4 ? value : Number(value); // the other kind of number
  return size <= 4 ? Number(value) : value;
}

/** A device with some of the handlers there are, over registers of its own. */
export function device(world: World, name: string, size: number): unknown {
  const { random } = world;
  if (random.once(40)) {
    const wrong = [null, undefined, 5, { read8: 5 }, { narrower: "no" }, { unaligned: "no" }, { peek: "no" }];
    return random.pick<unknown>(wrong);
  }
  const registers = new Uint8Array(Math.min(Math.max(size, 1), 1 << 16)).fill(0x5a);
  const at = (offset: number, index: number) => (offset + index) % registers.length;
  const load = (offset: number, bytes: number) => {
    let value = 0n;
    for (let index = bytes - 1; index >= 0; index--) {
      value = (value << 8n) | BigInt(registers[at(offset, index)] as number);
    }
    return value;
  };
  const told = (what: string, rest: unknown[]) => {
    world.note(`${what}(${rest.map((arg) => world.show(arg)).join(", ")})`);
    world.react(what);
  };
  const reader = (bytes: number, offset: number, rest: unknown[]) => {
    told(`${name} reads ${bytes}`, [offset, ...rest]);
    return answer(world, bytes, load(offset, bytes));
  };
  const writer = (bytes: number, offset: number, value: unknown, rest: unknown[]) => {
    told(`${name} writes ${bytes}`, [offset, value, ...rest]);
    if (typeof value !== "number" && typeof value !== "bigint") return;
    for (let index = 0, left = BigInt(value); index < bytes; index++, left >>= 8n) {
      registers[at(offset, index)] = Number(left & 0xffn);
    }
  };
  const made: Record<string, unknown> = {};
  // Of all sizes, of one, or of some.
  const some = random.below(3);
  const only = random.pick(SIZES);
  for (const bytes of SIZES) {
    const has = () => (some === 0 ? true : some === 1 ? bytes === only : random.once(2));
    if (has()) made[`read${bytes * 8}`] = (offset: number, ...rest: unknown[]) => reader(bytes, offset, rest);
    if (has()) {
      made[`write${bytes * 8}`] = (offset: number, value: unknown, ...rest: unknown[]) =>
        writer(bytes, offset, value, rest);
    }
  }
  if (random.once(3)) made.read = (offset: number, bytes: number, ...rest: unknown[]) => reader(bytes, offset, rest);
  if (random.once(3)) {
    made.write = (offset: number, bytes: number, value: unknown, ...rest: unknown[]) =>
      writer(bytes, offset, value, rest);
  }
  if (random.once(2)) {
    made.peek = (offset: number) => (offset % 7 === 3 ? undefined : (registers[at(offset, 0)] as number) + 256);
  }
  if (!random.once(4)) made.narrower = random.pick(["split", "replicate", "read-modify-write"]);
  if (random.once(3)) made.unaligned = random.pick(["split", "whole"]);
  return made;
}

/** What a trap calls. */
export function trap(world: World, slot: Slot, name: string) {
  return (page: unknown) => {
    world.note(`${slot.name} ${name} springs at ${world.show(page)}`);
    world.react(name);
  };
}

/** What a watch of a range calls. Of an access to a range it compares the bytes that the watch covers. */
export function watcher(world: World, name: string, range: readonly unknown[]) {
  return (event: WatchEvent) => {
    const frozen = Object.isFrozen(event) ? "" : ", not frozen";
    const { value, oldValue } = event;
    const [start, length] = range.map((part) => BigInt(part as number)) as [bigint, bigint];
    const from = start - BigInt(event.address);
    const part = (bytes: unknown) => {
      if (!(bytes instanceof Uint8Array) || bytes.length !== event.size) return bytes;
      return bytes.subarray(from > 0n ? Number(from) : 0, Number(from + length));
    };
    const covered = { ...event, value: part(value), oldValue: part(oldValue) };
    world.note(`${name} sees ${world.show(covered)}${frozen}`);
    const lengths = [value, oldValue].map((bytes) => (bytes instanceof Uint8Array ? bytes.length : 0));
    if (value instanceof Uint8Array) world.note(`by ${lengths.join(" and ")} bytes`);
    world.react(name);
  };
}

/** `onUnmapped` or `onDenied`: handlers that answer for most addresses. */
export function handlers(world: World, slot: Slot, names: readonly string[]): unknown {
  const { random } = world;
  if (random.once(4)) return undefined;
  if (random.once(30)) return random.pick<unknown>([null, 5, "no", { read: 5 }, { write: "no" }, () => 0]);
  const made: Record<string, unknown> = {};
  for (const name of names) {
    if (random.once(5)) continue;
    made[name] = (...args: unknown[]) => {
      const shown = args.map((arg) => world.show(arg)).join(", ");
      world.note(`${slot.name} ${name}(${shown})`);
      world.react(`handler ${name}`);
      const sum = Number.parseInt(hash(new TextEncoder().encode(shown)), 16);
      if (name === "write" || sum % 5 === 0) return undefined;
      return answer(world, Number(args[1]), BigInt.asUintN(Number(args[1]) * 8, BigInt(sum) * 0x1_0001_0001n));
    };
  }
  return made;
}

const EVENTS = ["mapbegin", "regionadd", "regionremove", "mapcommit", "mapchanged", "viewsdetached"];

/** Listens to everything; an error in a listener would reach nobody, so listeners throw none. */
export function listen(world: World, slot: Slot): void {
  for (const type of EVENTS) {
    slot.memory.events.addEventListener(type, (event: Event) => {
      world.note(`${slot.name} hears ${event instanceof world.lib.MapEvent ? world.show(event) : event.type}`);
      try {
        world.react(type);
      } catch (error) {
        world.note(`caught ${(error as Error).message}`);
      }
    });
  }
}

/** `onHostWrite`. */
export function hostWriteListener(world: World, slot: Slot): unknown {
  const { random } = world;
  if (random.once(5)) return undefined;
  if (random.once(20)) return random.pick<unknown>([null, 5, {}, "no"]);
  return (...args: unknown[]) => {
    world.note(`${slot.name} onHostWrite(${args.map((arg) => world.show(arg)).join(", ")})`);
    world.react("onHostWrite");
  };
}
