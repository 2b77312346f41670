// Region specs: regions of every kind, mostly at free addresses.

import { exactAddress, given, hostileArgument, length, ownBytes } from "./arguments.ts";
import { device } from "./callbacks.ts";
import { owner } from "./owners.ts";
import type { Slot, World } from "./world.ts";

const SIZES = [4096, 4096, 8192, 8192, 12288, 20480, 4096 + 24, 5000, 9000, 100, 16, 1];
const DEVICE_SIZES = [4096, 256, 64, 100, 8200];
const FAR = [0x8000_0000n, 0xffff_e000n, 1n << 32n, (1n << 33n) - 4096n];

type Spec = Record<string, unknown>;

/** Where a region may begin: behind the others mostly. */
function startOf(world: World, slot: Slot, size: bigint): unknown {
  const { random } = world;
  if (random.once(30)) return hostileArgument(world);
  if (random.once(12)) return given(world, exactAddress(world, slot));
  if (random.once(16)) return given(world, random.pick(FAR) as bigint);
  if (random.once(slot.wide ? 6 : 20)) {
    const end = slot.wide && !random.once(4) ? 1n << 64n : 1n << 53n;
    return given(world, end - size + (random.once(6) ? 1n : 0n));
  }
  const ends = slot.placed
    .filter(({ mapped, start }) => mapped && start < 0x7000_0000n)
    .map(({ start, size }) => start + size);
  const end = BigInt(Math.max(0, ...ends.map(Number)));
  const hole = BigInt(random.below(3)) * 4096n;
  const start = random.once(4) ? end : ((end + 0xfffn) & ~0xfffn) + hole;
  return given(world, random.once(8) ? start + BigInt(random.below(20)) : start);
}

function sizeOf(world: World, kind: string): unknown {
  const { random } = world;
  if (random.once(30)) return hostileArgument(world);
  if (random.once(60)) return length(world);
  if (kind === "reserved" && random.once(4)) return given(world, 1n << 34n);
  if (random.once(12)) return given(world, BigInt(random.between(1, 3) * 0x10000));
  const sizes = kind === "mmio" || kind === "romDevice" ? DEVICE_SIZES : SIZES;
  return given(world, BigInt(random.pick(sizes) as number));
}

/** A region of a kind for `map` or `create`. */
export function specOf(world: World, slot: Slot, kind: string): Spec {
  const { random } = world;
  const name = `r${world.count++}`;
  const size = sizeOf(world, kind);
  const bytes = exact(size) || 4096n;
  const spec: Spec = { kind, name, start: startOf(world, slot, bytes), size };
  if (random.once(60)) spec.kind = random.pick<unknown>(["RAM", undefined, 5, "alias", "mmio"]);
  if (random.once(20)) delete spec.name;
  if (random.once(12)) spec.name = random.pick<unknown>(["twin", "twin", "", 5, null, "Ünï→😀", "long".repeat(2000)]);
  if (random.once(2)) spec.priority = random.between(-1, 3);
  if (random.once(40)) spec.priority = random.pick<unknown>([1.5, 2 ** 31, "1", -(2 ** 31), Number.NaN, 5n]);
  if (random.once(8)) spec.enabled = random.pick<unknown>([false, false, false, true, 0, null]);
  if (kind === "mmio" || kind === "romDevice") spec.device = device(world, name, Number(bytes));
  const memory = kind === "ram" || kind === "rom" || kind === "romDevice";
  if (memory ? random.once(2) : random.once(60)) spec.contents = contentsOf(world, slot, Number(bytes));
  if (kind === "alias") alias(world, slot, spec);
  if (kind === "external") external(world, spec, Number(bytes));
  return spec;
}

/** A size or an address as it is meant; 0 for what is none. */
export function exact(value: unknown): bigint {
  const isOne = typeof value === "bigint" || Number.isSafeInteger(value);
  return isOne && (value as number) > 0 ? BigInt(value as number) : 0n;
}

function contentsOf(world: World, slot: Slot, size: number): unknown {
  const { random } = world;
  if (random.once(30)) return hostileArgument(world);
  if (random.once(10))
    return world.call("contents", slot.memory, "view", [exactAddress(world, slot), random.below(40)]);
  return ownBytes(world, Math.min(random.once(2) ? size : random.below(60), 9000) + (random.once(30) ? 10_000 : 0));
}

function alias(world: World, slot: Slot, spec: Spec): void {
  const { random } = world;
  const target = random.pick(slot.machine.filter(({ object }) => object !== undefined));
  const whole = target?.size ?? 4096n;
  const { name = random.once(20) ? "ram" : "nothing" } = target?.object ?? {};
  // In one build regions that were made by their ranges are called so too.
  spec.of = random.once(3) && !(target && name === "ram") ? name : target?.object;
  if (random.once(30)) spec.of = random.pick(world.slots)?.placed[0]?.object ?? hostileArgument(world);
  delete spec.size;
  const offset = random.once(2) ? random.bigBelow(whole) & ~0xfffn : random.bigBelow(whole + 2n);
  if (random.once(2)) spec.offset = random.once(30) ? hostileArgument(world) : given(world, offset);
  const left = whole - (spec.offset === undefined ? 0n : offset);
  if (random.once(2)) spec.size = random.once(30) ? length(world) : given(world, 1n + random.bigBelow(left + 1n));
}

function external(world: World, spec: Spec, size: number): void {
  const { random } = world;
  const bytes = Math.min(size, 1 << 18);
  const offset = random.once(2) ? random.below(5000) : 0;
  const made = owner(world, offset + bytes + (random.once(12) ? -1 : random.below(9)));
  spec.source = random.once(30) ? hostileArgument(world) : made.source;
  if (offset > 0 || random.once(2)) spec.offset = random.once(30) ? hostileArgument(world) : offset;
  if (random.once(4)) delete spec.size;
}
