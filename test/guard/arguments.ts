// Arguments of calls: mostly addresses and lengths that find bytes, near the places of likely faults; now and then
// hostile values.

import type { Placed, Slot, World } from "./world.ts";

const FAR = [0n, 0xfffn, 0x8000_0000n, 1n << 32n, (1n << 32n) - 1n, 1n << 33n, (1n << 53n) - 1n, 1n << 53n, 1n << 63n];
/** One argument of so many is hostile. */
const HOSTILE = 24;

/** What is no address, no length and mostly no number. */
const hostile: readonly ((world: World) => unknown)[] = [
  () => Number.NaN,
  () => -1,
  () => 1.5,
  () => Number.POSITIVE_INFINITY,
  () => 2 ** 53,
  () => 2 ** 64,
  () => -0.5,
  () => -1n,
  () => 1n << 64n,
  () => -(1n << 64n),
  () => "16",
  () => "",
  () => null,
  () => undefined,
  () => true,
  () => ({}),
  () => [16],
  () => Symbol("address"),
  () => () => 16,
  () => new Uint8Array(4),
  (world) => numberLike(world, 16),
];

/** An object that becomes a number, which may do anything meanwhile. */
function numberLike(world: World, value: number | bigint): object {
  return {
    valueOf() {
      world.note("valueOf");
      world.react("valueOf");
      return value;
    },
  };
}

export function hostileArgument(world: World): unknown {
  return (hostile[world.random.below(hostile.length)] as (world: World) => unknown)(world);
}

/** An address or a length as a number or a bigint; a number past 2^53 only seldom, since it is refused. */
export function given(world: World, value: bigint): number | bigint {
  const wide = value > BigInt(Number.MAX_SAFE_INTEGER) ? !world.random.once(8) : world.random.once(4);
  return wide ? value : Number(value);
}

/** A region of a memory that is likely to be seen. */
export function somePlaced(world: World, slot: Slot): Placed | undefined {
  const mapped = slot.placed.filter((placed) => placed.mapped && placed.shown);
  // Memory twice as often as devices and holes.
  const memory = mapped.filter(({ kind }) => kind !== "reserved" && kind !== "mmio");
  const here = world.random.once(5) ? mapped : memory;
  return world.random.pick(world.random.once(20) ? slot.placed : here) ?? world.random.pick(slot.placed);
}

/** An address as an exact number, mostly at a multiple of `size`. */
export function exactAddress(world: World, slot: Slot, size = 1): bigint {
  const { random } = world;
  const placed = somePlaced(world, slot);
  if (placed === undefined || random.once(40)) return far(world);
  const { start, size: bytes } = placed;
  const end = start + bytes;
  const near = BigInt(random.between(-9, 24));
  let at: bigint;
  switch (random.below(11)) {
    case 0:
      at = start + near;
      break;
    case 1:
      at = end - near;
      break;
    case 2:
      at = ((start + random.bigBelow(bytes)) & ~0xfffn) + near;
      break;
    default:
      at = start + random.bigBelow(bytes);
  }
  if (!random.once(5)) at -= ((at % BigInt(size)) + BigInt(size)) % BigInt(size);
  return at < 0n ? start : at;
}

function far(world: World): bigint {
  const { random } = world;
  if (random.once(3)) return (1n << 64n) - BigInt(random.between(1, 64));
  const at = (random.pick(FAR) as bigint) + BigInt(random.between(-20, 20));
  return at < 0n ? 0n : at;
}

/** An address, or what is none. */
export function address(world: World, slot: Slot, size = 1): unknown {
  if (world.random.once(HOSTILE)) return hostileArgument(world);
  return given(world, exactAddress(world, slot, size));
}

/** A length in bytes of a range at some address. */
export function exactLength(world: World): bigint {
  const { random } = world;
  switch (random.below(16)) {
    case 0:
      return 0n;
    case 1:
    case 2:
      return BigInt(random.between(1, 9000));
    case 3:
      return BigInt(random.between(0, 3)) * 4096n;
    default:
      return BigInt(random.between(1, 40));
  }
}

/** Lengths that no region here has, and that must not be cut to 32 bits. */
const LONG = [2n ** 32n, 2n ** 32n + 4n, 2n ** 33n + 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** A length, or what is none. `array`: an array of that length is made, which must not be of gigabytes. */
export function length(world: World, { array = false } = {}): unknown {
  const { random } = world;
  if (random.once(HOSTILE)) return hostileArgument(world);
  if (random.once(30))
    return given(world, array ? 2n ** 64n - 1n - random.bigBelow(9n) : (random.pick(LONG) as bigint));
  return given(world, exactLength(world));
}

/** Bytes with a pattern, on a buffer of some kind, with a margin around them. */
export function ownBytes(world: World, bytes = Number(exactLength(world))): Uint8Array {
  const { random } = world;
  const [before, after] = [random.below(4), random.below(4)];
  const all = before + bytes + after;
  const kind = random.below(12);
  const buffer =
    kind === 0
      ? new SharedArrayBuffer(all)
      : kind === 1
        ? new SharedArrayBuffer(all, { maxByteLength: all + 64 })
        : new ArrayBuffer(all, kind < 5 ? { maxByteLength: all + 64 } : {});
  const whole = new Uint8Array(buffer);
  const seed = random.bits();
  for (let index = 0; index < all; index++) whole[index] = (seed >> (index % 24)) + index;
  // One that follows its buffer's length, or has its own.
  if (kind === 1 || kind === 2) return new Uint8Array(buffer, before);
  return new Uint8Array(buffer, before, bytes);
}

/** An array of another class that says it is longer than it is. */
class Liar extends Uint8Array {
  override get length(): number {
    return 1 << 20;
  }
  override get byteLength(): number {
    return 1 << 20;
  }
}

/** Bytes to read into or to write: also guest memory itself, and what is no array of bytes. */
export function bytes(world: World, slot: Slot): unknown {
  const { random } = world;
  world.array = undefined;
  switch (random.below(40)) {
    case 0:
      return random.pick<unknown>([
        null,
        undefined,
        [1, 2],
        "ab",
        {},
        new Uint16Array(3),
        new DataView(new ArrayBuffer(4)),
      ]);
    case 1:
      return new Liar(random.below(20));
    case 2:
      return Buffer.from(ownBytes(world).slice().buffer); // not in the pool that Node shares
    case 3: {
      const buffer = new ArrayBuffer(8);
      const detached = new Uint8Array(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return detached;
    }
    case 4:
    case 5:
    case 6: {
      const view = world.call("source", slot.memory, "view", [exactAddress(world, slot), exactLength(world)]);
      return view instanceof Uint8Array ? view : ownBytes(world);
    }
    default:
      world.array = ownBytes(world);
      return world.array;
  }
}

/** All bytes of an array's buffer, what the call must not touch too. */
export function around(array: unknown): unknown {
  if (!(array instanceof Uint8Array)) return undefined;
  const { buffer } = array;
  // Of all of linear memory only the array itself is compared.
  if (buffer.byteLength > 1 << 20) return array;
  return buffer.byteLength === 0 ? "no bytes" : new Uint8Array(buffer);
}

const NUMBERS = [0, -0, -1, 255, 256, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 1.5, -1e300];

/** A value to write where numbers are taken: also those that wrap, have a fraction, or are none. */
export function numberValue(world: World): unknown {
  const { random } = world;
  if (random.once(40)) return hostileArgument(world);
  if (random.once(80)) return numberLike(world, random.bits());
  if (random.once(8)) return random.pick(NUMBERS);
  return random.once(4) ? random.bits() / 1024 : random.bits() | 0;
}

/** The same where bigints are taken. */
export function bigValue(world: World): unknown {
  const { random } = world;
  if (random.once(40)) return hostileArgument(world);
  if (random.once(80)) return numberLike(world, random.big());
  if (random.once(8)) return random.pick([0n, -1n, 1n << 63n, 1n << 64n, 1n << 127n, -(1n << 127n), 1n << 128n]);
  return random.once(3) ? (random.big() << 64n) | random.big() : random.big();
}
