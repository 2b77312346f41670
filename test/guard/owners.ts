// Owners: external memories of every kind, and their owners' changes to them.

import type { Random } from "./random.ts";
import type { Owner, World } from "./world.ts";

const PAGE = 65_536;
const MOST_PAGES = 6;
const MOST_OWNERS = 12;

/** Makes an external memory of at least so many bytes. */
export function owner(world: World, size: number): Owner {
  const bytes = Math.max(size, 0);
  const name = `owner ${world.count++}`;
  const made: Owner = { name, ...sources[world.random.below(sources.length)]?.(bytes, world) } as Owner;
  const whole = new Uint8Array(made.buffer());
  const seed = world.random.bits();
  for (let index = 0; index < whole.length; index += 7) whole[index] = seed + index;
  world.owners.push(made);
  if (world.owners.length > MOST_OWNERS) world.owners.shift();
  return made;
}

/** Takes a buffer away from everybody who has it. */
function detach(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
}

type Source = (bytes: number, world: World) => Omit<Owner, "name">;

const memory =
  (shared: boolean): Source =>
  (bytes) => {
    const pages = Math.ceil(Math.max(bytes, 1) / PAGE);
    const source = new WebAssembly.Memory({ initial: pages, maximum: pages + MOST_PAGES, shared });
    const change = () => {
      if (source.buffer.byteLength < (pages + MOST_PAGES) * PAGE) source.grow(1);
    };
    return { source, buffer: () => source.buffer, change };
  };

/** A buffer that shrinks and grows, or is taken away. */
const resizable: Source = (bytes) => {
  const source = new ArrayBuffer(bytes, { maxByteLength: bytes + 64 });
  const change = (random: Random) => {
    if (random.once(4)) detach(source);
    else if (source.maxByteLength > 0) source.resize(random.pick([0, bytes, bytes, bytes + 64, bytes >> 1]));
  };
  return { source, buffer: () => source, change };
};

/** A function that gives the buffer of now, which it replaces, makes too small, or does not have. */
const asked: Source = (bytes, world) => {
  let buffer: unknown = new ArrayBuffer(bytes);
  let last = buffer as ArrayBuffer;
  const source = () => {
    world.note("the source is asked");
    if (world.random.once(80)) world.react("the source");
    return buffer;
  };
  const change = (random: Random) => {
    const next = new ArrayBuffer(random.once(8) ? bytes >> 1 : bytes + random.below(20));
    new Uint8Array(next).set(new Uint8Array(last).subarray(0, next.byteLength));
    last = next;
    buffer = random.once(10) ? random.pick<unknown>([undefined, null, 5, {}, new Uint8Array(4)]) : next;
  };
  return { source, buffer: () => last, change };
};

const plain: Source = (bytes) => {
  const source = new ArrayBuffer(bytes);
  const change = (random: Random) => {
    if (random.once(4)) detach(source);
  };
  return { source, buffer: () => source, change };
};

const shared: Source = (bytes) => {
  const source = new SharedArrayBuffer(bytes);
  return { source, buffer: () => source, change: () => {} };
};

const sources: readonly Source[] = [memory(false), memory(true), resizable, asked, plain, shared];
