// Everything beside the guest's CPU: watches, handlers, listeners, dirty clients, DMA, the debugger, tables, owners.

import type { DmaRange } from "guest-memory";
import {
  address,
  around,
  bigValue,
  bytes,
  exactAddress,
  given,
  hostileArgument,
  length,
  numberValue,
} from "../arguments.ts";
import { handlers, hostWriteListener, listen, trap, watcher } from "../callbacks.ts";
import type { Slot, World } from "../world.ts";
import type { Kind, Kinds } from "./kind.ts";

const MOST_OF_EACH = 4;
const PAGE = 4096;

/** Sets handlers, or none. */
function setter(name: "onUnmapped" | "onDenied" | "onHostWrite", names: readonly string[]): Kind {
  return (world, slot) => {
    const value = name === "onHostWrite" ? hostWriteListener(world, slot) : handlers(world, slot, names);
    world.attempt(`${slot.name}.${name} = ${world.show(value)}`, () => {
      slot.memory[name] = value as undefined;
      return slot.memory[name] === value;
    });
  };
}

/** A range for DMA, made if there is none; seldom one for the other access. */
function someRange(world: World, slot: Slot, access: "read" | "write"): DmaRange | undefined {
  const { random } = world;
  const fit = slot.ranges.filter((one) => one.access === access);
  if (fit.length === 0) openRange(world, slot, access);
  return random.pick(fit.length === 0 || random.once(16) ? slot.ranges : fit)?.range;
}

function openRange(world: World, slot: Slot, access: unknown): void {
  const count = world.random.once(2) ? length(world) : given(world, BigInt(world.random.between(40, 400)));
  const range = world.call(slot.name, slot.memory, "dma", [address(world, slot), count, access]);
  if (!(range instanceof world.lib.DmaRange)) return;
  slot.ranges.push({ range, access });
  if (slot.ranges.length > MOST_OF_EACH) slot.ranges.shift();
}

const dmaScalar =
  (name: string, write: boolean): Kind =>
  (world, slot) => {
    const { random } = world;
    const range = someRange(world, slot, write ? "write" : "read");
    if (range === undefined) return;
    const last = Math.max(0, range.length - (random.once(4) ? 0 : 8));
    const offset = random.once(16) ? hostileArgument(world) : given(world, BigInt(random.between(0, last)));
    const value = name.includes("Big") ? bigValue : numberValue;
    world.call(`${slot.name}'s dma`, range, name, write ? [offset, value(world)] : [offset]);
  };

/** Reads or writes part of a range for DMA. */
function dmaBytes(name: "read" | "write"): Kind {
  return (world, slot) => {
    const { random } = world;
    const range = someRange(world, slot, name);
    if (range === undefined) return;
    const array = bytes(world, slot);
    const left = array instanceof Uint8Array ? range.length - array.byteLength : 0;
    const offset = random.once(8) ? length(world) : given(world, BigInt(random.below(Math.max(left, 0) + 1)));
    world.call(`${slot.name}'s dma`, range, name, [offset, array]);
    world.note(`and the array is ${world.show(around(array))}`);
  };
}

export const observing: Kinds = {
  onUnmapped: setter("onUnmapped", ["read", "write"]),
  onDenied: setter("onDenied", ["read", "write", "fetch"]),
  onHostWrite: setter("onHostWrite", []),

  watch(world, slot) {
    const { random } = world;
    if (slot.watches.length >= MOST_OF_EACH) slot.watches.shift()?.dispose();
    const kinds = random.once(20)
      ? hostileArgument(world)
      : { read: random.once(2), write: random.once(2), execute: random.once(3) };
    const name = `watch ${world.count++}`;
    const range = [address(world, slot), length(world)];
    const callback = random.once(40) ? hostileArgument(world) : watcher(world, `${slot.name} ${name}`, range);
    const watch = world.call(slot.name, slot.memory, "watch", [...range, kinds, callback]);
    if (watch instanceof world.lib.Watch) slot.watches.push(watch);
  },

  trapWrites(world, slot) {
    if (slot.watches.length >= MOST_OF_EACH) slot.watches.shift()?.dispose();
    const name = `trap ${world.count++}`;
    const callback = world.random.once(40) ? hostileArgument(world) : trap(world, slot, name);
    const made = world.call(slot.name, slot.memory, "trapWrites", [address(world, slot), length(world), callback]);
    if (made instanceof world.lib.Watch) slot.watches.push(made);
  },

  "watch.dispose"(world, slot) {
    const watch = world.random.pick(slot.watches);
    if (watch === undefined) return;
    // Some are disposed twice.
    if (!world.random.once(4)) slot.watches.splice(slot.watches.indexOf(watch), 1);
    world.call(`${slot.name}'s watch`, watch, "dispose", []);
  },

  listen(world, slot) {
    world.attempt(`listen to ${slot.name}`, () => listen(world, slot));
  },

  "dirty.client"(world, slot) {
    // There are seven at most.
    for (let left = world.random.once(4) ? 4 : 1; left > 0; left--) {
      const name = world.random.once(20) ? hostileArgument(world) : `client ${world.count++}`;
      const client = world.call(`${slot.name}.dirty`, slot.memory.dirty, "client", [name]);
      if (client instanceof world.lib.DirtyClient) slot.clients.push(client);
    }
  },

  collect(world, slot) {
    const client = world.random.pick(slot.clients);
    if (client) world.call(`${slot.name}'s ${client.name}`, client, "collect", []);
  },

  "client.dispose"(world, slot) {
    const client = world.random.pick(slot.clients);
    if (client === undefined) return;
    if (!world.random.once(4)) slot.clients.splice(slot.clients.indexOf(client), 1);
    world.call(`${slot.name}'s ${client.name}`, client, "dispose", []);
  },

  peek(world, slot) {
    world.call(slot.name, slot.memory, "peek", [address(world, slot), length(world, { array: true })]);
  },

  poke(world, slot) {
    const array = bytes(world, slot);
    world.call(slot.name, slot.memory, "poke", [address(world, slot), array]);
  },

  dma(world, slot) {
    openRange(world, slot, world.random.once(40) ? hostileArgument(world) : world.random.pick(["read", "write"]));
  },

  "dma.read": dmaBytes("read"),
  "dma.write": dmaBytes("write"),
  ...Object.fromEntries(
    ["Uint8", "Uint16", "Uint32", "BigUint64"].flatMap((type) => [
      [`dma.read${type}`, dmaScalar(`read${type}`, false)],
      [`dma.write${type}`, dmaScalar(`write${type}`, true)],
    ]),
  ),

  /** Where bytes lie differs between builds; that they lie there, and at which place of a page, does not. */
  hostOffset(world, slot) {
    const { random } = world;
    const args: unknown[] = [address(world, slot), length(world)];
    if (random.once(2)) args.push(random.once(20) ? hostileArgument(world) : random.pick(["read", "write"]));
    world.attempt(`${slot.name}.hostOffset(${args.map((arg) => world.show(arg)).join(", ")})`, () => {
      const [at, count, access] = args as [number, number, "read" | "write"];
      const offset = slot.memory.hostOffset(at, count, access);
      if (offset === undefined) return undefined;
      const { bytes } = slot.memory.tables;
      return [offset % PAGE, bytes.subarray(offset, offset + Math.min(Number(count), PAGE))];
    });
  },

  /** An access as a JIT makes it: by the tables. */
  tables(world, slot) {
    const { random } = world;
    const at = exactAddress(world, slot) % (1n << 32n);
    const store = random.once(2) ? random.bits() & 0xff : undefined;
    world.attempt(`${slot.name}.tables at ${at}, ${store}`, () => {
      const { pageTable, dirty, bytes } = slot.memory.tables;
      const entry = pageTable[Number(at >> 12n)] as number;
      const flags = entry & 15;
      if ((flags & 1) === 0) return [pageTable.length, flags];
      const host = (entry >>> 4) * PAGE + Number(at & 0xfffn);
      const before = bytes[host];
      if ((flags & 2) === 0 || store === undefined) return [flags, before, dirty[entry >>> 4]];
      bytes[host] = store;
      dirty[entry >>> 4] = 0xff;
      return [flags, before, slot.memory.peek(at, 1)];
    });
  },

  generations(world, slot) {
    world.attempt(`${slot.name}'s generations`, () => {
      const { mapGeneration, viewGeneration } = slot.memory;
      return [(mapGeneration - slot.mapGeneration) >>> 0, viewGeneration - slot.viewGeneration];
    });
  },

  "an owner acts"(world) {
    const owner = world.random.pick(world.owners);
    if (owner) world.attempt(`${owner.name} acts`, () => owner.change(world.random));
  },

  "an owner writes"(world) {
    const { random } = world;
    const owner = random.pick(world.owners);
    const buffer = owner?.buffer();
    if (owner === undefined || buffer === undefined || buffer.byteLength === 0) return;
    world.attempt(`${owner.name} writes`, () => {
      new Uint8Array(buffer)[random.below(buffer.byteLength)] = random.bits();
    });
  },
};
