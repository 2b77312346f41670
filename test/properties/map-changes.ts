// Changes of a map: regions that come, go, move and hide, alone and in transactions; protection and watches.
import { GuestMemoryError, type MappedRegion, type Permissions, type RegionSpec, type Watch } from "../../ts/index.ts";
import { Argument } from "./machine.ts";
import type { MapMachine, Side } from "./map-machine.ts";
import {
  EXECUTE,
  type Kind,
  type MapModel,
  type MapRegion,
  type ModelTrap,
  type ModelWatch,
  READ,
  WRITE,
} from "./map-model.ts";
import { TOP } from "./model.ts";
import type { Operation } from "./operation.ts";
import { type Outcome, show } from "./outcome.ts";

export type MapKinds = Record<string, (machine: MapMachine, operation: Operation) => void>;

const ok = (value?: unknown): Outcome => ({ value });
const NUMBERS = 1n << 53n;
/** Of more, comparisons would only be slow. */
const MOST_REGIONS = 12;
const MOST_WATCHES = 6;
const MOST_TRAPS = 6;
/** Whole pages, and others. */
const SIZES = [1n, 100n, 4095n, 4096n, 4096n, 4097n, 8192n, 12_288n, 12_289n];
const PRIORITIES = [-1, 0, 0, 1, -(2 ** 31), 2 ** 31 - 1, 5];

function pick<T>(list: readonly T[], bits: bigint): T | undefined {
  return list[Number(bits % BigInt(list.length || 1))];
}

/** Why a region may not lie at a place. */
function misplaced(machine: MapMachine, start: bigint, size: bigint): { fault: string; address?: bigint } | undefined {
  if (!machine.wide && start + size > NUMBERS) return { fault: "RangeError" };
  if (start + size > TOP) return { fault: "GUEST_ADDRESS_OVERFLOW", address: start };
  return undefined;
}

/** Makes a change in the model, unless two regions clash by it. */
function unlessClash(model: MapModel, address: bigint | undefined, change: () => void): Outcome {
  const before = model.placed.map(keep);
  change();
  if (!model.clashes()) return ok();
  restore(model, before);
  return address === undefined ? { fault: "MEMORY_REGION_OVERLAP" } : { fault: "MEMORY_REGION_OVERLAP", address };
}

/** A region, and what a change may alter of it. */
const keep = (region: MapRegion) => {
  const { start, enabled, target, offset } = region;
  return { region, as: { start, enabled, target, offset } };
};

function restore(model: MapModel, before: ReturnType<typeof keep>[]): void {
  for (const { region, as } of before) Object.assign(region, as);
  model.placed = before.map(({ region }) => region);
}

function mapper(kind: Kind) {
  return (machine: MapMachine, { at, other, bits }: Operation) => {
    const side = machine.side(bits >> 2n);
    if (side.model.placed.length >= MOST_REGIONS) return;
    const start = machine.place(at);
    const target = kind === "alias" ? pick([...machine.regions.keys()], bits >> 8n) : undefined;
    if (kind === "alias" && target === undefined) return;
    // An alias mostly shows a part of its target; one of eight begins or ends behind it.
    const offset = target ? (bits >> 16n) % (target.size + (bits % 8n === 7n ? 2n : 0n)) : 0n;
    const left = target ? target.size - offset : 0n;
    const part = bits & 16n ? left : ((bits >> 20n) % (left > 0n ? left : 1n)) + 1n;
    const size = target ? part + (bits % 8n === 6n ? 1n : 0n) : (pick(SIZES, bits >> 24n) ?? 1n);
    const theirs = kind === "external" ? sourceOf(Number(size), bits >> 48n) : undefined;
    const region: MapRegion = {
      name: machine.name(),
      kind,
      space: side.model,
      size,
      priority: pick(PRIORITIES, bits >> 32n) ?? 0,
      enabled: (bits >> 40n) % 8n !== 0n,
      torn: false,
      bytes: new Uint8Array(["ram", "rom", "romDevice", "external"].includes(kind) ? Number(size) : 0),
      registers: new Uint8Array(["romDevice", "mmio"].includes(kind) ? Number(size) : 0).fill(0x5a),
      peeks: (bits & 32n) !== 0n,
      target,
      offset,
      made: theirs ? BigInt(theirs.offset) : start.exact,
      start: start.exact,
    };
    // Contents of ROM, and of every other RAM, so that bytes differ from the start.
    const contents =
      kind !== "ram" || bits & 64n ? region.bytes.map((_, index) => index * 7 + Number(bits & 0xffn)) : region.bytes;
    region.bytes.set(contents);
    const { name, priority, enabled } = region;
    const device = region.registers.length > 0 ? machine.device(name, Number(size), region.peeks) : undefined;
    const shown = target && (other.asBigint ? target.name : machine.regions.get(target));
    const named = target && side.memory.mapped.some((mapped) => mapped.name === target.name);
    const of = shown === target?.name && !named ? target && machine.regions.get(target) : shown;
    const spec = { kind, name, start: start.given, size, priority, enabled, device, of, offset } as RegionSpec;
    theirs?.bytes().set(contents, theirs.offset);
    if (theirs) Object.assign(spec, { source: theirs.source, offset: theirs.offset });
    else if (region.bytes.length > 0) Object.assign(spec, { contents });
    machine.log.push(`map(${show({ ...spec, contents: contents.length, device: !!device, of: target?.name })})`);
    const address = start.exact;
    const before = { mapped: undefined as MappedRegion<number | bigint> | undefined };
    machine.compare(
      () => {
        if (!start.valid || size <= 0n) return { fault: "RangeError" };
        const wrong = misplaced(machine, address, size);
        if (wrong && wrong.fault === "RangeError") return wrong;
        if (target && offset + size > target.size) return { fault: "INVALID_ALIAS", address };
        return wrong ?? unlessClash(side.model, address, () => side.model.placed.push(region));
      },
      () => {
        before.mapped = side.memory.map(spec);
      },
    );
    if (before.mapped) machine.regions.set(region, before.mapped);
    if (before.mapped && theirs) machine.owners.push(theirs);
  };
}

/** External memory of some kind, and what gives it another buffer with the same bytes. */
function sourceOf(size: number, bits: bigint) {
  const offset = Number(bits % 40n);
  if (bits & 0x40n) {
    const source = new WebAssembly.Memory({ initial: 1, maximum: 64 });
    const change = () => {
      if (source.buffer.byteLength < 64 << 16) source.grow(1);
    };
    return { source, offset, change, bytes: () => new Uint8Array(source.buffer) };
  }
  let buffer = new ArrayBuffer(offset + size + Number(bits % 3n));
  const change = () => {
    buffer = buffer.slice(0);
  };
  return { source: () => buffer, offset, change, bytes: () => new Uint8Array(buffer) };
}

/** A region and the regions that it shows. */
const chainOf = (region: MapRegion): MapRegion[] => [region, ...(region.target ? chainOf(region.target) : [])];

/** A region of one side, maybe one of a kind, and its object; undefined if there is none. */
function some(machine: MapMachine, { model }: Side, bits: bigint, of?: Kind) {
  const all = model.placed.filter(({ kind }) => of === undefined || kind === of);
  const region = pick(all, bits);
  const object = region && machine.regions.get(region);
  return region && object ? { region, object } : undefined;
}

/** A change of one region that is mapped: how it is called, what the model makes of it. */
function alteration(machine: MapMachine, side: Side, { kind, at, bits }: Pick<Operation, "kind" | "at" | "bits">) {
  const found = some(machine, side, bits >> 8n, kind === "show" ? "alias" : undefined);
  if (found === undefined) return undefined;
  const { region, object } = found;
  const { model, memory } = side;
  const to = machine.place(at);
  const target = bits & 2n ? region.target : pick([...machine.regions.keys()], bits >> 16n);
  const isSame = target === region.target;
  const room = target && target.size >= region.size ? target.size - region.size : 0n;
  const offset = (bits >> 24n) % (room + (bits & 4n ? 1n : 3n));
  const steps = {
    move: {
      act: () => object.move(to.given),
      invalid: (): Outcome | undefined =>
        to.valid ? misplaced(machine, to.exact, region.size) : { fault: "RangeError" },
      change: () => {
        region.start = to.exact;
      },
      address: to.exact,
    },
    enable: {
      act: () => object.enable(),
      change: () => {
        region.enabled = true;
      },
    },
    disable: {
      act: () => object.disable(),
      change: () => {
        region.enabled = false;
      },
    },
    show: {
      act: () => {
        if (isSame && bits & 1n) object.offset = offset;
        else if (target) object.show(machine.regions.get(target) as MappedRegion, offset);
      },
      invalid: (): Outcome | undefined => {
        const isCircle = target !== undefined && chainOf(target).includes(region);
        return !target || isCircle || offset + region.size > target.size ? { fault: "INVALID_ALIAS" } : undefined;
      },
      change: () => Object.assign(region, { target, offset }),
    },
    unmap: {
      act: () => memory.unmap(object),
      change: () => void model.placed.splice(model.placed.indexOf(region), 1),
    },
  };
  type Step = { act(): void; change(): void; invalid?(): Outcome | undefined; address?: bigint };
  const step: Step = steps[kind as keyof typeof steps];
  const given = { move: show(to.given), show: `${target?.name}, ${offset}` }[kind];
  return { ...step, name: `${region.name}.${kind}(${given ?? ""})` };
}

function alter(machine: MapMachine, operation: Operation): void {
  const side = machine.side(operation.bits);
  const step = alteration(machine, side, operation);
  if (step === undefined) return;
  machine.log.push(step.name);
  machine.compare(() => step.invalid?.() ?? unlessClash(side.model, step.address, step.change), step.act);
  machine.forget();
}

/** A change of what may be done with some pages. */
function protection(machine: MapMachine, { model, memory }: Side, { at, bits }: Pick<Operation, "at" | "bits">) {
  const near = machine.address(at, { model, memory });
  const off = bits % 16n === 5n ? 0n : near.exact % 4096n;
  const address = new Argument(near.exact - off, at.asBigint || machine.wide);
  const length = new Argument(4096n * ((bits >> 4n) % 4n), !at.asBigint);
  const allowed = bits & 0x1000n ? 7 : Number((bits >> 8n) % 8n);
  const letters = ["r", "w", "x"].map((letter, bit) => (allowed & (1 << bit) ? letter : "-")).join("") as Permissions;
  return {
    name: `protect(${show(address.given)}, ${show(length.given)}, ${letters})`,
    act: () => memory.protect(address.given, length.given, letters),
    refused: (): { fault: string; address?: bigint } | undefined => {
      if (!address.valid || !length.valid) return { fault: "RangeError" };
      if (address.exact % 4096n !== 0n) return { fault: "MISALIGNED", address: address.exact };
      const { fault } = model.reach(address.exact, Number(length.exact), 0);
      return fault === undefined ? undefined : { fault, address: address.exact };
    },
    change: () => {
      for (let done = 0n; done < length.exact; done += 4096n) {
        model.forbidden.set((address.exact + done) / 4096n, 7 & ~allowed);
      }
    },
  };
}

class Abandoned extends Error {}

/**
 * Several changes as one. Two of sixteen throw at the end, two make the last change in a transaction inside that throws.
 * Meanwhile everything shows what it showed before.
 */
function transaction(machine: MapMachine, { at, other, bits, bytes }: Operation): void {
  const side = machine.side(bits);
  const { model, memory } = side;
  const [throws, inner] = [bits % 8n === 3n, bits % 8n === 7n];
  const before = model.placed.map(keep);
  const address = machine.address(other, side);
  const forbidden = new Map(model.forbidden);
  // Whether a place can be written says what is forbidden there, and nobody is told of the question.
  const seen = () => [memory.peek(address.given, 8), memory.hostOffset(address.given, 1, "write")];
  const look = () => [memory.toJSON().flat, address.valid ? seen() : undefined];
  const shown = look();
  const count = 2 + (bytes.seed % 3);
  machine.log.push(`transaction(() => {`);
  const steps = () => {
    for (let index = 0; index < count; index++) {
      const kinds = ["move", "move", "enable", "disable", "unmap", "protect", "protect", "show", "show"];
      const kind = kinds[(bytes.seed >> (3 * index)) % kinds.length] ?? "move";
      const place = { at: { ...at, anchor: at.anchor + 5 * index }, bits: bits >> BigInt(4 * index) };
      const undone = inner && index === count - 1;
      if (kind === "protect") {
        // Where two clash for the moment, nobody says which of them is seen.
        if (model.clashes()) continue;
        const { refused, ...step } = protection(machine, side, place);
        const fault = refused()?.fault;
        if (fault !== undefined) {
          machine.log.push(`  ${step.name}, refused`);
          machine.same("a step that is refused", outcome(step.act), fault);
          continue;
        }
        take(step, undone);
        continue;
      }
      const step = alteration(machine, side, { kind, ...place });
      if (step === undefined || step.invalid?.() !== undefined) continue;
      take(step, undone);
    }
    machine.same("what is seen inside", look(), shown);
  };
  const take = (step: { name: string; act(): void; change(): void }, undone: boolean) => {
    machine.log.push(`  ${step.name}${undone ? " in a transaction that throws" : ""}`);
    if (undone) {
      const inside = outcome(() => memory.transaction(() => abandon(step.act)));
      machine.same("inside", inside, "abandoned");
    } else {
      step.act();
      step.change();
    }
  };
  const got = outcome(() => memory.transaction(() => (throws ? abandon(steps) : steps())));
  machine.log.push(`}${throws ? " and throw" : ""})`);
  machine.outcome = throws ? "abandoned" : model.clashes() ? "MEMORY_REGION_OVERLAP" : "ok";
  if (machine.outcome !== "ok") {
    restore(model, before);
    model.forbidden = forbidden;
  }
  machine.same("transaction", got, machine.outcome);
  machine.forget();
}

function abandon(act: () => void): never {
  act();
  throw new Abandoned();
}

function outcome(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Abandoned) return "abandoned";
    if (error instanceof GuestMemoryError) return error.code;
    if (error instanceof RangeError) return "RangeError";
    throw error;
  }
  return "ok";
}

export const changes: MapKinds = {
  "map ram": mapper("ram"),
  "map rom": mapper("rom"),
  "map romDevice": mapper("romDevice"),
  "map mmio": mapper("mmio"),
  "map alias": mapper("alias"),
  "map reserved": mapper("reserved"),
  "map external": mapper("external"),
  unmap: alter,
  move: alter,
  enable: alter,
  disable: alter,
  show: alter,
  transaction,

  protect(machine, { at, bits }) {
    const side = machine.side(bits);
    const { name, act, refused, change } = protection(machine, side, { at, bits });
    machine.log.push(name);
    machine.compare(() => {
      const wrong = refused();
      if (wrong === undefined) change();
      return wrong ?? ok();
    }, act);
  },

  watch(machine, { at, length, bits }) {
    const kinds = Number((bits >> 4n) % 7n) + 1;
    const asked = { read: (kinds & READ) !== 0, write: (kinds & WRITE) !== 0, execute: (kinds & EXECUTE) !== 0 };
    const range = watched(machine, { at, length, bits });
    add(machine, range, kinds, (id, stops) => {
      const { memory } = range.side;
      return memory.watch(range.address.given, range.bytes.given, asked, machine.hear(id, stops));
    });
  },

  trapWrites(machine, { at, length, bits }) {
    const { side, address, bytes, stops } = watched(machine, { at, length, bits });
    for (const spent of machine.traps.keys()) if (spent.pages.size === 0) machine.traps.delete(spent);
    if (machine.traps.size >= MOST_TRAPS) return;
    const exact = (bits >> 8n) % 2n === 0n;
    const id = machine.log.length;
    const model: ModelTrap = { id, pages: new Map(), stops };
    const name = `trapWrites(${show(address.given)}, ${bytes.given}, ${exact})${stops ? ", throws" : ""} (trap ${id})`;
    machine.log.push(name);
    let trap: Watch | undefined;
    machine.compare(
      () => {
        if (!address.valid || !bytes.valid) return { fault: "RangeError" };
        const [start, end] = [address.exact, address.exact + bytes.exact];
        if (start === end) return { fault: "EMPTY_REGION", address: start };
        if (end > TOP) return { fault: "GUEST_ADDRESS_OVERFLOW", address: start };
        if (side.model.reach(start, Number(bytes.exact), 0, true).fault) return { fault: "NOT_MEMORY", address: start };
        for (let page = (start >> 12n) << 12n; page < end; page += 4096n) {
          const [first, last] = exact ? [start, end] : [page, page + 4096n];
          const part = { first: first > page ? first : page, end: last < page + 4096n ? last : page + 4096n };
          const shown = side.model.bytesOf(part.first, part.end - part.first);
          model.pages.set(page, { ...part, bytes: shown.filter(({ region }) => isMemory(region)) });
        }
        return ok();
      },
      () => {
        const callback = machine.hearTrap(id, stops);
        trap = side.memory.trapWrites(address.given, bytes.given, callback, { exact });
      },
    );
    if (trap) machine.traps.set(model, trap);
  },

  "watch.dispose"(machine, { bits }) {
    const trap = pick([...machine.traps], bits >> 8n);
    if (trap && bits % 4n === 0n) {
      machine.log.push(`trap ${trap[0].id}.dispose()`);
      machine.traps.delete(trap[0]);
      machine.compare(ok, () => trap[1].dispose());
      return;
    }
    const found = pick([...machine.watches], bits);
    if (found === undefined) return;
    const [model, { watch, side }] = found;
    machine.log.push(`watch ${model.id}.dispose()`);
    machine.watches.delete(model);
    side.model.watches = side.model.watches.filter((other) => other !== model);
    machine.compare(ok, () => watch.dispose());
    watch.dispose(); // twice is no error
  },

  "external moves"(machine, { bits }) {
    machine.log.push("external memory has another buffer");
    pick(machine.owners, bits)?.change();
    machine.outcome = "ok";
  },

  handlers(machine, { bits }) {
    machine.log.push(`handlers ${bits % 2n}`);
    machine.setHandlers(bits % 2n === 0n);
    machine.outcome = "ok";
  },
};

const isMemory = ({ kind }: MapRegion) => kind !== "mmio" && kind !== "reserved";

/** A range to watch: it may lie in holes. */
function watched(machine: MapMachine, { at, length, bits }: Pick<Operation, "at" | "length" | "bits">) {
  const side = machine.side(bits);
  return { side, address: machine.address(at, side), bytes: machine.length(length), stops: bits % 5n === 0n };
}

/** Sets a watch on both sides. */
function add(
  machine: MapMachine,
  { side, address, bytes, stops }: ReturnType<typeof watched>,
  access: number,
  act: (id: number, stops: boolean) => Watch,
): void {
  if (side.model.watches.length >= MOST_WATCHES) return;
  const last = address.exact + bytes.exact - 1n;
  const model: ModelWatch = { id: machine.log.length, first: address.exact, last, access, stops };
  machine.log.push(
    `watch for ${access} ${show(address.given)}, ${bytes.given}${stops ? ", throws" : ""} (watch ${model.id})`,
  );
  let watch: Watch | undefined;
  machine.compare(
    () => {
      if (!address.valid || !bytes.valid) return { fault: "RangeError" };
      if (bytes.exact === 0n) return { fault: "EMPTY_REGION", address: address.exact };
      if (last >= TOP) return { fault: "GUEST_ADDRESS_OVERFLOW", address: address.exact };
      side.model.watches.push(model);
      return ok();
    },
    () => {
      watch = act(model.id, stops);
    },
  );
  if (watch) machine.watches.set(model, { watch, side });
}
