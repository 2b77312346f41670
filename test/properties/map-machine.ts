// Two address spaces of one machine and their models side by side: every call goes to both. The results, errors, events
// of watches, calls of devices and handlers, and bytes are compared.
import { isDeepStrictEqual } from "node:util";
import { type Device, GuestMemory, type MappedRegion, type Watch, type WatchEvent } from "../../ts/index.ts";
import { Argument, answer, answers } from "./machine.ts";
import { DirtyModel } from "./map-dirty.ts";
import {
  type Bytes,
  type Kind,
  MapModel,
  type MapRegion,
  type ModelTrap,
  type ModelWatch,
  meet,
  READ,
  WRITE,
} from "./map-model.ts";
import { least, TOP } from "./model.ts";
import { bytesOf, exactTo, numberIn, partOf } from "./open-bus.ts";
import type { Length, Place } from "./operation.ts";
import { type Outcome, outcomeOf, show } from "./outcome.ts";

type Memory = GuestMemory<number | bigint>;
type Who = "cpu" | "dma";

/** What a watch's callback throws to stop an access. */
export class Stop extends Error {}

/** An address space and its model. */
export interface Side {
  readonly memory: Memory;
  readonly model: MapModel;
}

export class MapMachine {
  readonly sides: readonly [Side, Side];
  /** Regions that are mapped somewhere, or that an alias still shows, each with its object. */
  readonly regions = new Map<MapRegion, MappedRegion<number | bigint>>();
  /** Who owns external memory, and may give it another buffer. */
  readonly owners: { change(): void }[] = [];
  readonly watches = new Map<ModelWatch, { watch: Watch; side: Side }>();
  /** The write traps of both spaces, in the order in which they were set. */
  readonly traps = new Map<ModelTrap, Watch>();
  readonly dirty = new DirtyModel();
  /** How many traps were sprung so far, by pages. */
  sprung = 0;
  /** The calls made, for a failure's report. */
  readonly log: string[] = [];
  outcome = "";
  handled = false;
  readonly wide: boolean;
  readonly #bases: readonly bigint[];
  #said: unknown[] = [];
  #expected: unknown[] = [];
  #names = 0;

  constructor(bases: readonly (bigint | "top")[], wide: boolean) {
    this.wide = wide;
    this.#bases = bases.map((base) => (base === "top" ? (wide ? TOP : 1n << 53n) : base));
    const memory: Memory = wide ? GuestMemory.createSync([], { addresses: "bigint" }) : GuestMemory.createSync([]);
    this.sides = [
      { memory, model: new MapModel() },
      { memory: memory.space([]), model: new MapModel() },
    ];
    for (const [index, { memory }] of this.sides.entries()) {
      memory.onHostWrite = (address, length) => void this.#said.push(["host", index, address, length]);
    }
    for (const { model } of this.sides) model.wrote = (region, offset) => this.dirty.wrote(region, offset);
    this.log.push(`bases ${this.#bases.map(show)}${wide ? ", bigint" : ""}`);
  }

  side(bits: bigint): Side {
    return this.sides[bits % 4n === 0n ? 1 : 0];
  }

  /** A name that no other region has. */
  name(): string {
    return `r${++this.#names}`;
  }

  /** An address as the facade gives it back. */
  own(address: bigint): number | bigint {
    return this.wide ? address : Number(address);
  }

  /** An address in a region, or near an edge of one, of a watch, of a page; sometimes near a base. */
  address({ anchor, delta, asBigint }: Place, { model }: Side): Argument {
    const shown = model.placed.filter(({ enabled }) => enabled);
    const region = shown[(anchor >> 4) % (shown.length || 1)];
    const parts = [...this.traps.keys()].flatMap(({ pages }) => [...pages.values()]);
    const watched = [...model.watches, ...parts.map(({ first, end }) => ({ first, last: end - 1n }))];
    const watch = watched[(anchor >> 4) % (watched.length || 1)];
    const inside = BigInt(Math.abs(delta) + (anchor >> 8));
    const [base = 0n] = this.#bases;
    const choice = anchor % 16;
    let at = base + BigInt(delta);
    if (watch && choice < 4) at = (choice % 2 ? watch.first : watch.last) + BigInt(delta % 20);
    else if (region && choice < 6) at = region.start + BigInt(delta);
    else if (region && choice < 8) at = region.start + region.size - BigInt(delta);
    else if (region && choice < 10) at = (region.start / 4096n + (inside % 4n)) * 4096n + BigInt(delta % 20);
    else if (region && choice < 15) at = region.start + (inside % region.size);
    return new Argument(at, asBigint || (this.wide && at > 1n << 50n));
  }

  length({ toEnd, add, asBigint }: Length): Argument {
    return new Argument(add > 20_000n ? add % 20_000n : toEnd ? add + 4096n : add, asBigint);
  }

  /** Where to place a region: near a base, mostly at a page. */
  place({ anchor, delta, asBigint }: Place): Argument {
    const base = this.#bases[(anchor >> 2) % this.#bases.length] ?? 0n;
    const page = BigInt((anchor >> 4) % 12) * 4096n;
    const towards = base > 1n << 50n ? -page : page;
    return new Argument(base + towards + (anchor % 4 === 0 ? BigInt(delta) : 0n), asBigint || this.wide);
  }

  /** Calls a method and compares. */
  call(side: Side, name: string, args: readonly unknown[], expected: () => Outcome, note = ""): void {
    const which = side === this.sides[0] ? "" : "space.";
    this.log.push(
      `${which}${name}(${args.map((arg) => show(arg instanceof Argument ? arg.given : arg instanceof GuestMemory ? "memory" : arg)).join(", ")})${note}`,
    );
    const invalid = args.some((arg) => arg instanceof Argument && !arg.valid);
    const given = args.map((arg) => (arg instanceof Argument ? arg.given : arg));
    const methods = side.memory as unknown as Record<string, (...args: unknown[]) => unknown>;
    this.compare(
      () => (invalid ? { fault: "RangeError" } : expected()),
      () => methods[name]?.(...given),
    );
  }

  /** Compares what an action gives or throws, and what it says meanwhile, with what is expected. */
  compare(expected: () => Outcome, act: () => unknown): void {
    this.#expected = [];
    const wanted = stopped(expected);
    this.#said = [];
    const got = stopped(() => outcomeOf(act));
    this.outcome = "fault" in wanted ? wanted.fault : "ok";
    this.same("outcome", got, wanted);
    this.same("what was said", this.#said, this.#expected);
  }

  same(what: string, got: unknown, wanted: unknown): void {
    if (!isDeepStrictEqual(got, wanted)) throw new Error(`${what}: got ${show(got)}, expected ${show(wanted)}`);
  }

  /** What a region's device does: registers of bytes, and a list of what was asked. */
  device(name: string, size: number, peeks: boolean): Device {
    const registers = new Uint8Array(size).fill(0x5a);
    return {
      read8: (offset, who) => {
        this.#said.push(["read8", name, offset, who]);
        return registers[offset] as number;
      },
      write8: (offset, value, who) => {
        this.#said.push(["write8", name, offset, value, who]);
        registers[offset] = value;
      },
      ...(peeks ? { peek: (offset) => registers[offset] } : {}),
    };
  }

  /** The model's read of a range that was reached, with the calls of devices expected. */
  load({ model }: Side, address: bigint, length: number, who: Who): Uint8Array<ArrayBuffer> {
    return model.load(address, length, ({ name }, offset) => {
      this.#expected.push(["read8", name, Number(offset), who]);
    });
  }

  store({ model }: Side, address: bigint, bytes: Uint8Array, who: Who): void {
    model.store(address, bytes, ({ name }, offset, value) => {
      this.#expected.push(["write8", name, Number(offset), value, who]);
    });
  }

  /** Whether the handler serves the holes of a whole range that fails so. */
  servesHoles(fault: string, address: bigint, length: number): boolean {
    const unmapped = fault === "INVALID_GUEST_ADDRESS" || fault === "PARTIAL_BUFFER";
    return this.handled && unmapped && exactTo(address, BigInt(length), this.wide);
  }

  /** The error of a whole range, of which the handler serves holes: that of its mapped bytes, if it does. */
  refused(side: Side, address: bigint, length: number, access: number): string | undefined {
    const { fault } = side.model.reach(address, length, access);
    if (fault === undefined || !this.servesHoles(fault, address, length)) return fault;
    return side.model.reach(address, length, access, false, true).fault;
  }

  /** As `load`, with the calls of the handler for holes. Fewer bytes if it has no answer for a part. */
  loadServed(side: Side, address: bigint, length: number, who: Who): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const hole = side.model.hole(at, Math.min(8, length - done));
      if (hole === 0) {
        bytes.set(this.load(side, at, 1, who), done++);
        continue;
      }
      const size = partOf(at, at + BigInt(hole));
      const answered = this.asked("onUnmapped.read", at, size);
      if (answered === undefined) return bytes.slice(0, done);
      bytes.set(bytesOf(answered, size), done);
      done += size;
    }
    return bytes;
  }

  /** As `store`, with the calls of the handler for holes. */
  storeServed(side: Side, address: bigint, bytes: Uint8Array, who: Who): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + BigInt(done);
      const hole = side.model.hole(at, Math.min(8, bytes.length - done));
      const size = hole === 0 ? 1 : partOf(at, at + BigInt(hole));
      const part = bytes.slice(done, done + size);
      const value = numberIn(part);
      if (hole === 0) this.store(side, at, part, who);
      else this.took("onUnmapped.write", at, size, size === 8 ? value : Number(value));
      done += size;
    }
  }

  /** Expects the listeners of both spaces to hear of the host's write: first those of the space that it was made in. */
  expectHostWrite(side: Side, address: bigint, length: number): void {
    if (length === 0) return;
    this.#expected.push(["host", this.sides.indexOf(side), this.own(address), length]);
    for (const other of this.sides) {
      if (other === side) continue;
      for (const bytes of joined(side.model.bytesOf(address, BigInt(length)))) {
        if (bytes.region.kind === "mmio" || bytes.region.kind === "reserved") continue;
        for (const { start, size } of other.model.addressesOf(bytes)) {
          this.#expected.push(["host", this.sides.indexOf(other), this.own(start), Number(size)]);
        }
      }
    }
  }

  /** Tells the model's watches of an access, in their order, until one throws. */
  tell({ model }: Side, address: bigint, size: number, access: number, value: unknown, oldValue: unknown, who: Who) {
    const end = address + BigInt(size);
    const seeing = model.watches.filter(
      (watch) => watch.access & access && size > 0 && watch.first < end && watch.last >= address,
    );
    for (const watch of seeing) {
      const kind = access === READ ? "read" : access === WRITE ? "write" : "execute";
      const values = value instanceof Uint8Array ? covered(model, watch, address, value, access) : [value, oldValue];
      this.#expected.push([watch.id, kind, this.own(address), size, ...values, who]);
      if (watch.stops) throw new Stop();
    }
    if (access === WRITE) this.spring(model, address, size);
  }

  /** Springs the traps that a write touches, in their order, until one throws: it stays unless the write has happened. */
  spring(model: MapModel, address: bigint, size: number, loader = false, hasHappened = false): void {
    const written = pagesIn(address, BigInt(size))
      .filter(({ page }) => loader || ((model.forbidden.get(page) ?? 0) & WRITE) === 0)
      .flatMap(({ start, length }) => model.bytesOf(start, length))
      .filter(({ region: { kind } }) => kind !== "mmio" && (loader || kind === "ram" || kind === "external"));
    for (const [trap] of this.traps) {
      for (const [page, { bytes, first, end }] of [...trap.pages].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        if (!bytes.some((one) => written.some((other) => meet(one, other)))) continue;
        this.#expected.push([trap.id, this.own(first), Number(end - first)]);
        this.sprung++;
        if (!trap.stops || hasHappened) trap.pages.delete(page);
        if (trap.stops) throw new Stop();
      }
    }
  }

  /** Whether a write would spring a trap. */
  isTrapped(model: MapModel, address: bigint, size: number): boolean {
    const written = model.bytesOf(address, BigInt(size));
    const pages = [...this.traps.keys()].flatMap((trap) => [...trap.pages.values()]);
    return pages.some(({ bytes }) => bytes.some((one) => written.some((other) => meet(one, other))));
  }

  /** What a trap of the facade's does when it springs. */
  hearTrap(id: number, stops: boolean) {
    return (address: number | bigint, length: number) => {
      this.#said.push([id, address, length]);
      if (stops) throw new Stop();
    };
  }

  /** What a watch of the facade's does when it is told. */
  hear(id: number, stops: boolean) {
    return ({ kind, address, size, value, oldValue, who }: WatchEvent<number | bigint>) => {
      this.#said.push([id, kind, address, size, value, oldValue, who]);
      if (stops) throw new Stop();
    };
  }

  setHandlers(set: boolean): void {
    this.handled = set;
    const handlers = (what: string) => ({
      read: (address: number | bigint, size: number) => {
        this.#said.push([`${what}.read`, address, size]);
        return given(BigInt(address), size);
      },
      write: (address: number | bigint, size: number, value: number | bigint) => {
        this.#said.push([`${what}.write`, address, size, value]);
      },
    });
    const fetch = (address: number | bigint, size: number) => {
      this.#said.push(["onDenied.fetch", address, size]);
      return given(BigInt(address), size);
    };
    for (const { memory } of this.sides) {
      memory.onUnmapped = set ? handlers("onUnmapped") : undefined;
      memory.onDenied = set ? { ...handlers("onDenied"), fetch } : undefined;
    }
  }

  /** The handler for an access that fails so, if one is there and can be told of the address. */
  handler(fault: string, address: bigint): string | undefined {
    const sayable = this.wide || address <= BigInt(Number.MAX_SAFE_INTEGER);
    if (!this.handled || !sayable || fault === "GUEST_ADDRESS_OVERFLOW") return undefined;
    return fault === "READ_ONLY" || fault === "PERMISSION_DENIED" ? "onDenied" : "onUnmapped";
  }

  /** What a handler says to a read. */
  asked(what: string, address: bigint, size: number): bigint | undefined {
    this.#expected.push([what, this.own(address), size]);
    return answers(address) ? answer(address, size) : undefined;
  }

  /** A handler takes a write. */
  took(what: string, address: bigint, size: number, value: number | bigint): void {
    this.#expected.push([what, this.own(address), size, value]);
  }

  /** Leaves out what no map and no alias holds any more: its bytes are gone. */
  forget(): void {
    const live = new Set<MapRegion>();
    for (const { model } of this.sides) {
      for (const region of model.placed) {
        for (let at: MapRegion | undefined = region; at !== undefined; at = at.target) live.add(at);
      }
    }
    for (const region of this.regions.keys()) if (!live.has(region)) this.regions.delete(region);
  }

  /** Everything there is to see agrees: the map as data, the bytes of every address, where regions are. */
  verify(): void {
    for (const { memory, model } of this.sides) {
      const json = memory.toJSON();
      this.same(
        "toJSON().regions",
        json.regions,
        model.placed.map(({ name, kind, start, size, priority, enabled, target, offset }) => ({
          name,
          kind,
          start: exact(start),
          size: exact(size),
          priority,
          enabled,
          ...(target === undefined ? {} : { of: target.name, offset: exact(offset) }),
        })),
      );
      const flat = model.flat();
      this.same(
        "toJSON().flat",
        json.flat,
        flat.map(({ start, size, region, offset }) => ({
          start: exact(start),
          size: exact(size),
          region: region.name,
          kind: region.kind as Kind,
          offset: exact(offset),
        })),
      );
      for (const { start, size, region, offset } of flat) {
        const at = Number(offset);
        const held = region.kind === "mmio" ? region.registers : region.bytes;
        const known = region.kind !== "reserved" && (region.kind !== "mmio" || region.peeks);
        const peeked = memory.peek(this.own(start), size);
        const right = known ? held.subarray(at, at + Number(size)) : new Uint8Array(Number(size));
        if (Buffer.compare(peeked.bytes, right) !== 0) throw new Error(`bytes at ${show(start)} of ${region.name}`);
        this.same("known", peeked.known.indexOf(known ? 0 : 1), -1);
      }
    }
    for (const [{ start, enabled, space, target, offset }, region] of this.regions) {
      const isMapped = space.placed.some(({ name }) => name === region.name);
      this.same("isMapped", region.isMapped, isMapped);
      if (isMapped) this.same("start", [region.start, region.enabled], [this.own(start), enabled]);
      if (!isMapped || target === undefined) continue;
      this.same("shows", [region.target?.name, BigInt(region.offset ?? -1n)], [target.name, offset]);
    }
  }

  dispose(): void {
    for (const { memory } of this.sides) memory.dispose();
  }
}

/** Bytes that go on where the bytes before them end are one run, whatever the priorities of the placements that show them. */
function joined(all: readonly Bytes[]): Bytes[] {
  const runs: { region: MapRegion; offset: bigint; size: bigint }[] = [];
  for (const { region, offset, size } of all) {
    const last = runs.at(-1);
    if (last && last.region === region && last.offset + last.size === offset) last.size += size;
    else runs.push({ region, offset, size });
  }
  return runs;
}

/** A handler's answer, in the kind of number that its size asks for. */
function given(address: bigint, size: number): number | bigint | undefined {
  if (!answers(address)) return undefined;
  return size >= 8 ? answer(address, size) : Number(answer(address, size));
}

/** An address as JSON has it. */
function exact(value: bigint): number | string {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
}

function stopped(act: () => Outcome): Outcome {
  try {
    return act();
  } catch (error) {
    if (error instanceof Stop) return { fault: "stopped" };
    throw error;
  }
}

/** What a watch sees of an access to a range: the bytes that it covers, and, of a write, what they replace. */
function covered(
  model: MapModel,
  watch: { first: bigint; last: bigint },
  at: bigint,
  bytes: Uint8Array,
  access: number,
) {
  const from = watch.first > at ? Number(watch.first - at) : 0;
  const end = watch.last < at + BigInt(bytes.length) ? Number(watch.last - at) + 1 : bytes.length;
  return [bytes.slice(from, end), access === WRITE ? model.current(at + BigInt(from), end - from) : undefined];
}

/** A range, cut into the parts of its pages. */
function pagesIn(address: bigint, length: bigint): { page: bigint; start: bigint; length: bigint }[] {
  const parts: { page: bigint; start: bigint; length: bigint }[] = [];
  for (let start = address; start < address + length; ) {
    const page = start >> 12n;
    const end = least((page + 1n) << 12n, address + length);
    parts.push({ page, start, length: end - start });
    start = end;
  }
  return parts;
}
