// A `GuestMemory` and its model side by side: every call goes to both, and the results are compared.
import { isDeepStrictEqual } from "node:util";
import { GuestMemory } from "../../ts/index.ts";
import { end, Model, type ModelClient, type ModelRegion, TOP } from "./model.ts";
import { bytesOf, exactTo, MOST, numberIn, partOf } from "./open-bus.ts";
import type { Bytes, Length, Operation, Place } from "./operation.ts";
import { type Outcome, outcomeOf, show } from "./outcome.ts";

type DirtyClient = ReturnType<GuestMemory<number | bigint>["dirty"]["client"]>;

/** An address or length as it is given, and what it means. */
export class Argument {
  readonly given: number | bigint;
  readonly exact: bigint;
  readonly valid: boolean;

  constructor(exact: bigint, asBigint: boolean) {
    this.given = asBigint ? exact : Number(exact);
    this.valid = exact >= 0n && (asBigint ? exact < TOP : Number.isSafeInteger(this.given));
    this.exact = exact;
  }
}

/** A place where faults hide; `inside` is the direction, up (1) or down (-1), in which a region begins there. */
interface Boundary {
  readonly at: bigint;
  readonly inside: 1 | 0 | -1;
}

const ELSEWHERE: readonly Boundary[] = [0n, 1n << 31n, 1n << 32n, 1n << 53n, TOP].map((at) => ({ at, inside: 0 }));

/** Guest addresses that an unmapped read is answered at: the others are errors even with a handler. */
export const answers = (address: bigint) => address % 5n !== 3n;

export class Machine {
  readonly memory: GuestMemory<number | bigint>;
  readonly model: Model;
  /** The calls made, for a failure's report. */
  readonly log: string[] = [];
  /** Outcomes seen: "ok", a code, or an error's name. */
  outcome = "";
  handled = false;
  readonly wide: boolean;
  /** The dirty clients that are open, each with its model. */
  readonly clients: [DirtyClient, ModelClient][] = [];
  private calls: unknown[] = [];
  private expectedCalls: unknown[] = [];
  private boundaries: readonly Boundary[] = [];
  private held: Uint8Array;
  private heldGeneration: number;
  private mapGeneration: number;

  constructor(ranges: readonly (readonly [bigint, number])[], wide: boolean) {
    this.wide = wide;
    const given = ranges.map(([start, size]) => [wide ? start : Number(start), size] as const);
    this.memory = wide ? GuestMemory.fromRangesSync(given, { addresses: "bigint" }) : GuestMemory.fromRangesSync(given);
    this.model = new Model(ranges);
    this.log.push(`fromRanges(${show(ranges)}${wide ? ', { addresses: "bigint" }' : ""})`);
    this.mapGeneration = this.memory.mapGeneration;
    this.heldGeneration = this.memory.viewGeneration;
    this.held = this.hold();
    this.mapped();
  }

  /** An address near something where faults hide: a region's or a page's end, or a power of two. */
  address({ anchor, delta, asBigint }: Place): Argument {
    const places = anchor % 16 === 0 ? ELSEWHERE : this.boundaries;
    const { at, inside } = places[(anchor >> 8) % places.length] ?? { at: 0n, inside: 0 };
    // Mostly on the side where the region is.
    const off = inside === 0 || anchor % 16 < 4 ? delta : Math.abs(delta) * inside;
    return new Argument(at + BigInt(off), asBigint);
  }

  /** A length, as it is or measured to the end of the region at `from`. */
  length(length: Length, from: Argument): Argument {
    const region = this.model.find(from.exact);
    const measured = region !== undefined && length.toEnd ? end(region) - from.exact : 0n;
    return new Argument(measured + length.add, length.asBigint);
  }

  /** An array of bytes of up to some pages: on a buffer of its own, shared, resizable, or guest memory itself. */
  bytes({ length, seed, kind, from }: Bytes): Uint8Array {
    if (kind === "own view") {
      const address = this.address(from);
      const run = address.valid ? this.model.runs(address.exact, BigInt(length))[0] : undefined;
      if (run !== undefined) return this.memory.view(address.given, run.length);
    }
    // An offset of 3, so that a source that is not aligned, and not its buffer's first byte, is the rule.
    const resizable = { maxByteLength: length + 8 };
    const buffer =
      kind === "shared"
        ? new SharedArrayBuffer(length + 3)
        : new ArrayBuffer(length + 3, kind === "resizable" ? resizable : {});
    const bytes = new Uint8Array(buffer, 3, length);
    for (let i = 0; i < length; i++) bytes[i] = (seed >> (i % 24)) + i;
    return bytes;
  }

  /** An address as the facade gives it back. */
  result(address: bigint): number | bigint {
    return this.wide ? address : Number(address);
  }

  /** Calls a method and compares. Expected of an argument that is no address or length is a RangeError, always. */
  call(name: string, args: readonly unknown[], expected: () => Outcome): void {
    this.log.push(`${name}(${args.map((arg) => show(arg instanceof Argument ? arg.given : arg)).join(", ")})`);
    const invalid = args.some((arg) => arg instanceof Argument && !arg.valid);
    const wanted = invalid ? { fault: "RangeError" } : expected();
    const methods = this.memory as unknown as Record<string, (...args: unknown[]) => unknown>;
    this.compare(wanted, () => methods[name]?.(...args.map((arg) => (arg instanceof Argument ? arg.given : arg))));
  }

  /** Compares what an action gives, or throws, with what is expected. */
  compare(wanted: Outcome, act: () => unknown): void {
    this.outcome = "fault" in wanted ? wanted.fault : "ok";
    const got = outcomeOf(act);
    this.same("outcome", got, wanted);
    this.same("calls of the handler", this.calls, this.expectedCalls);
    this.calls = [];
    this.expectedCalls = [];
  }

  same(what: string, got: unknown, wanted: unknown): void {
    if (!isDeepStrictEqual(got, wanted)) throw new Error(`${what}: got ${show(got)}, expected ${show(wanted)}`);
  }

  /** What the handler says to a read that fails so; undefined if there is none, or it has no answer. */
  unmappedRead(fault: string, address: bigint, size: number): bigint | undefined {
    if (!this.serves(fault, address)) return undefined;
    const told = this.result(address);
    this.expectedCalls.push(["read", told, size]);
    return answers(BigInt(told)) ? answer(BigInt(told), size) : undefined;
  }

  /** Gives a write that fails so to the handler; false if it takes none. */
  unmappedWrite(fault: string, address: bigint, size: number, raw: bigint): boolean {
    if (!this.serves(fault, address)) return false;
    this.expectedCalls.push(["write", this.result(address), size, size === 8 ? raw : Number(raw)]);
    return true;
  }

  /** Whether the handler serves the holes of a whole range that fails so. */
  servesHoles(fault: string, address: bigint, length: bigint): boolean {
    if (!this.handled || fault === "GUEST_ADDRESS_OVERFLOW" || !exactTo(address, length, this.wide)) return false;
    return length - this.model.mapped(address, address + length) <= MOST;
  }

  /**
   * The bytes of a whole range, of which the handler is asked for the holes. Fewer bytes if it has no answer for a part.
   */
  loadServed(address: bigint, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const stop = address + BigInt(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const backed = Number(this.model.backed(at, BigInt(length - done)));
      bytes.set(this.model.load(at, backed), done);
      done += backed;
      if (backed > 0) continue;
      const size = partOf(at, this.model.next(at, stop));
      const answered = this.unmappedRead("PARTIAL_BUFFER", at, size);
      if (answered === undefined) return bytes.slice(0, done);
      bytes.set(bytesOf(answered, size), done);
      done += size;
    }
    return bytes;
  }

  /** Writes a whole range, of which the handler is given the holes. */
  storeServed(address: bigint, bytes: Uint8Array): void {
    const stop = address + BigInt(bytes.length);
    for (let done = 0; done < bytes.length; ) {
      const at = address + BigInt(done);
      const backed = Number(this.model.backed(at, BigInt(bytes.length - done)));
      this.model.store(at, bytes.slice(done, done + backed));
      done += backed;
      if (backed > 0) continue;
      const size = partOf(at, this.model.next(at, stop));
      this.unmappedWrite("PARTIAL_BUFFER", at, size, numberIn(bytes.slice(done, done + size)));
      done += size;
    }
  }

  /** Handlers answer for holes; there is nothing behind 2^64 to answer for, and no number for an address past 2^53. */
  private serves(fault: string, address: bigint): boolean {
    const sayable = typeof this.result(address) === "bigint" || address <= BigInt(Number.MAX_SAFE_INTEGER);
    return this.handled && sayable && fault !== "GUEST_ADDRESS_OVERFLOW";
  }

  setHandler(set: boolean): void {
    this.log.push(`onUnmapped = ${set ? "handler" : "undefined"}`);
    this.handled = set;
    this.memory.onUnmapped = set
      ? {
          read: (address, size) => {
            this.calls.push(["read", address, size]);
            const raw = answer(BigInt(address), size);
            if (!answers(BigInt(address))) return undefined;
            return size === 8 ? raw : Number(raw);
          },
          write: (address, size, value) => void this.calls.push(["write", address, size, value]),
        }
      : undefined;
  }

  /** The map has changed: new boundaries. */
  mapped(): void {
    const edges = this.model.regions.flatMap((region): Boundary[] => [
      { at: region.start, inside: 1 },
      { at: end(region), inside: -1 },
    ]);
    const pages = this.model.regions.flatMap((region) => {
      const first = region.start - (region.start % 4096n) + 4096n;
      const count = Math.ceil(region.bytes.length / 4096);
      return Array.from({ length: count }, (_, page): Boundary => ({ at: first + BigInt(page) * 4096n, inside: 0 }));
    });
    this.boundaries =
      edges.length > 0 ? [...edges, ...edges, ...pages.filter(({ at }) => this.model.find(at))] : ELSEWHERE;
  }

  /** After each operation: all bytes agree, and views and generations changed only if they may. */
  verify(operation: Operation): void {
    for (const region of this.model.regions) this.verifyBytes(region);
    const generation = this.memory.viewGeneration;
    this.same("a view died", this.held.length === 0, generation !== this.heldGeneration);
    if (generation !== this.heldGeneration) {
      this.same("what killed views", operation.kind, operation.kind === "reserve" ? "reserve" : "insertRegion");
      this.heldGeneration = generation;
      this.held = this.hold();
    }
    const remapped = this.outcome === "ok" && ["insertRegion", "removeRegion"].includes(operation.kind);
    this.same("the map changed", this.memory.mapGeneration !== this.mapGeneration, remapped);
    this.mapGeneration = this.memory.mapGeneration;
  }

  private verifyBytes({ start, bytes }: ModelRegion): void {
    const got = this.memory.readBytes(this.result(start), bytes.length);
    if (Buffer.compare(got, bytes) === 0) return;
    const index = bytes.findIndex((byte, index) => byte !== got[index]);
    throw new Error(`byte at 0x${(start + BigInt(index)).toString(16)}: got ${got[index]}, expected ${bytes[index]}`);
  }

  private hold(): Uint8Array {
    const [region] = this.model.regions;
    // A view of no bytes says nothing about its life: with no region left, hold the linear memory's first byte.
    return region
      ? this.memory.view(this.result(region.start), 1)
      : new Uint8Array(this.memory.wasmMemory.buffer, 0, 1);
  }
}

export function answer(address: bigint, size: number): bigint {
  return BigInt.asUintN(size * 8, (address + 1n) * 0x9e3779b97f4a7c15n);
}
