// Random devices: every combination of handlers, `narrower`, `unaligned` and `endian`, in scalars, in bulk and by DMA,
// against a model of docs/mmio.md that picks the handler for each part by itself.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Device, GuestMemory, GuestMemoryError, init } from "../../ts/index.ts";
import { bytesOf, numberIn } from "./open-bus.ts";
import { samples } from "./runs.ts";

const SIZES = [1, 2, 4, 8, 16] as const;
const START = 0x1000;
const SIZE = 64;
const RUNS = 800;

interface Options {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly readsAll: boolean;
  readonly writesAll: boolean;
  readonly narrower: Device["narrower"];
  readonly unaligned: Device["unaligned"];
  readonly endian: Device["endian"];
}

interface Access {
  readonly kind: "scalar" | "dma scalar" | "bulk" | "dma" | "fill";
  readonly write: boolean;
  readonly offset: number;
  readonly size: number;
  readonly length: number;
  readonly seed: number;
}

const options: fc.Arbitrary<Options> = fc.record({
  reads: fc.subarray([...SIZES]),
  writes: fc.subarray([...SIZES]),
  readsAll: fc.boolean(),
  writesAll: fc.boolean(),
  narrower: fc.constantFrom(undefined, "split", "replicate", "read-modify-write"),
  unaligned: fc.constantFrom(undefined, "split", "whole"),
  endian: fc.constantFrom(undefined, "little", "big"),
});
const access: fc.Arbitrary<Access> = fc.record({
  kind: fc.constantFrom("scalar", "dma scalar", "bulk", "dma", "fill"),
  write: fc.boolean(),
  offset: fc.nat(47),
  size: fc.constantFrom(...SIZES),
  length: fc.nat(16),
  seed: fc.nat(250),
});

/** A handler is missing; `completed` counts the bytes that were moved before. */
class Missing extends Error {}

/** A device over bytes, in the order of its `endian`. It writes down its calls. */
function deviceOf(
  { reads, writes, readsAll, writesAll, ...rules }: Options,
  bytes: Uint8Array,
  calls: string[],
): Device {
  const inOrder = (part: Uint8Array) => (rules.endian === "big" ? part.slice().reverse() : part);
  const read = (offset: number, size: number) => {
    calls.push(`read ${size} at ${offset}`);
    const value = numberIn(inOrder(bytes.subarray(offset, offset + size)));
    return (size <= 4 ? Number(value) : value) as never;
  };
  const write = (offset: number, size: number, value: number | bigint) => {
    calls.push(`write ${size} at ${offset}`);
    bytes.set(inOrder(bytesOf(BigInt(value), size)), offset);
  };
  return {
    peek: () => undefined, // so that a device without another handler can be mapped
    ...Object.fromEntries(reads.map((size) => [`read${8 * size}`, (offset: number) => read(offset, size)])),
    ...Object.fromEntries(
      writes.map((size) => [`write${8 * size}`, (at: number, value: never) => write(at, size, value)]),
    ),
    ...(readsAll && { read }),
    ...(writesAll && { write }),
    ...Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined)),
  };
}

/** The same device as the page describes it. */
class Model {
  readonly bytes: Uint8Array;
  readonly calls: string[] = [];
  readonly #options: Options;
  /** Bytes of the last access that were moved, and the size of its last part. */
  done = 0;
  part = 0;

  constructor(options: Options, bytes: Uint8Array) {
    this.#options = options;
    this.bytes = bytes;
  }

  has(what: "read" | "write", size: number): boolean {
    const { reads, writes, readsAll, writesAll } = this.#options;
    return what === "read" ? readsAll || reads.includes(size) : writesAll || writes.includes(size);
  }

  /** Calls `act` for each part of a range, from the lowest address on. `most`: the widest that there may be. */
  parts(what: "read" | "write", offset: number, length: number, most: number, act: (at: number, size: number) => void) {
    this.done = 0;
    while (this.done < length) {
      const [at, left] = [offset + this.done, length - this.done];
      const whole = this.#options.unaligned === "whole";
      const sizes = [...SIZES].reverse().filter((size) => size <= Math.min(left, most));
      const handled = sizes.find((size) => this.has(what, size) && (whole || at % size === 0));
      const size = handled ?? (sizes.find((size) => at % size === 0) as number);
      this.part = size;
      act(at, size);
      this.done += size;
    }
  }

  /** The bytes of one part. */
  read(at: number, size: number): Uint8Array {
    const wide = this.has("read", size) ? size : this.#wider("read", size);
    const start = wide === size ? at : at - (at % wide);
    this.calls.push(`read ${wide} at ${start}`);
    return this.bytes.slice(at, at + size);
  }

  write(at: number, part: Uint8Array): void {
    const size = part.length;
    const wide = this.has("write", size) ? size : this.#wider("write", size);
    const start = wide === size ? at : at - (at % wide);
    let value = new Uint8Array(wide);
    if (wide > size && this.#options.narrower === "read-modify-write") value = new Uint8Array(this.read(start, wide));
    if (wide > size && this.#options.narrower === "replicate")
      for (let to = 0; to < wide; to += size) value.set(part, to);
    else value.set(part, at - start);
    this.calls.push(`write ${wide} at ${start}`);
    this.bytes.set(value, start);
  }

  #wider(what: "read" | "write", size: number): number {
    const wide = SIZES.find((wider) => wider > size && this.has(what, wider));
    if (wide === undefined || this.#options.narrower === undefined) throw new Missing();
    return wide;
  }
}

type Result = { bytes?: number[] | undefined; fault?: string; completed?: number | undefined; calls: string[] };

function inModel(model: Model, { kind, write, offset, size, length, seed }: Access): Result {
  const what = write ? "write" : "read";
  const scalar = kind === "scalar" || kind === "dma scalar";
  const bytes = scalar ? size : length;
  const source = Uint8Array.from({ length: bytes }, (_, index) => (kind === "fill" ? seed : seed + index));
  const into: number[] = [];
  // A handler for all sizes takes a scalar of 16 bytes whole, and parts of 8 in all else.
  const all = write ? "writesAll" : "readsAll";
  const { [all]: any, reads, writes, unaligned } = optionsOf.get(model) as Options;
  const one = scalar && model.has(what, size) && (offset % size === 0 || unaligned === "whole");
  const most = one ? 16 : any ? 8 : Math.max(...(write ? writes : reads), 1);
  try {
    model.parts(what, offset, bytes, most, (at, count) => {
      if (write) model.write(at, source.slice(at - offset, at - offset + count));
      else into.push(...model.read(at, count));
    });
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return {
      fault: "INVALID_HANDLER",
      completed: model.part === bytes ? undefined : model.done,
      calls: model.calls.splice(0),
    };
  }
  return { bytes: write ? undefined : into, calls: model.calls.splice(0) };
}

const optionsOf = new WeakMap<Model, Options>();
const TYPES = { 1: "Uint8", 2: "Uint16", 4: "Uint32", 8: "BigUint64" } as const;

function inMemory(memory: GuestMemory, { kind, write, offset, size, length, seed }: Access): Uint8Array | undefined {
  const at = START + offset;
  const scalar = kind === "scalar" || kind === "dma scalar";
  const source = Uint8Array.from({ length: scalar ? size : length }, (_, index) => seed + index);
  if (kind === "fill") {
    if (write) memory.fill(at, seed, length);
    return write ? undefined : memory.readBytes(at, length);
  }
  if (kind === "bulk") {
    if (write) memory.writeSlice(at, source);
    return write ? undefined : memory.readBytes(at, length);
  }
  const dma = memory.dma(at, 16, write ? "write" : "read");
  if (kind === "dma") {
    const into = new Uint8Array(length);
    if (write) dma.write(0, source);
    else dma.read(0, into);
    return write ? undefined : into;
  }
  const value = numberIn(source);
  if (size === 16) {
    if (write) memory.writeBigUint128(at, value);
    return write ? undefined : bytesOf(memory.readBigUint128(at), 16);
  }
  const type = TYPES[size as 1];
  const given = (size === 8 ? value : Number(value)) as number;
  if (write && kind === "scalar") memory[`write${type}`](at, given);
  else if (write) dma[`write${type}`](0, given);
  else return bytesOf(BigInt(kind === "scalar" ? memory[`read${type}`](at) : dma[`read${type}`](0)), size);
  return undefined;
}

test("random devices agree with the model", async () => {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const met = new Map<string, number>();
  const meet = (what: string) => void met.set(what, (met.get(what) ?? 0) + 1);
  for (const [options_, accesses] of samples(fc.tuple(options, fc.array(access, { minLength: 8 })), seed, RUNS)) {
    const bytes = Uint8Array.from({ length: SIZE }, (_, index) => 0x40 + index);
    const calls: string[] = [];
    const device = deviceOf(options_, bytes, calls);
    using memory = GuestMemory.createSync([{ kind: "mmio", start: START, size: SIZE, device }]);
    const model = new Model(options_, bytes.slice());
    optionsOf.set(model, options_);
    for (const made of accesses) {
      const wanted = inModel(model, made);
      let got: Result;
      try {
        const read = inMemory(memory, made);
        got = { bytes: read && [...read], calls: calls.splice(0) };
      } catch (error) {
        if (!(error instanceof GuestMemoryError)) throw error;
        got = { fault: error.code, completed: error.completed, calls: calls.splice(0) };
      }
      const what = JSON.stringify([options_, made]);
      expect(got, what).toEqual(wanted);
      expect(bytes, what).toEqual(model.bytes);
      meet(made.kind);
      for (const [name, option] of Object.entries(options_)) if (typeof option === "string") meet(`${name}: ${option}`);
      if (wanted.fault) meet(wanted.completed === undefined ? "fails" : "fails in a part");
    }
  }
  for (const [what, count] of met) expect(count, what).toBeGreaterThan(what === "fails" ? 100 : 1000);
  expect(met.size).toBe(5 + 3 + 2 + 2 + 2);
});
