// Dirty clients on a random map: which pages each was told of, and the model of it.
import type { DirtyClient, DirtyEpoch } from "../../ts/index.ts";
import type { MapKinds } from "./map-changes.ts";
import type { MapMachine, Side } from "./map-machine.ts";
import type { Bytes, FlatPiece, MapRegion } from "./map-model.ts";
import { TOP } from "./model.ts";
import type { Outcome } from "./outcome.ts";

const PAGE = 4096n;
const MOST_CLIENTS = 4;
const ok = (value?: unknown): Outcome => ({ value });

/** A dirty client: its marks are pages of regions, wherever they are shown. */
interface Client {
  readonly side: Side;
  readonly client: DirtyClient<number | bigint>;
  readonly marks: Map<MapRegion, Set<bigint>>;
}

/** What a client has taken and neither committed nor given back. */
interface Taken {
  readonly client: Client;
  readonly epoch: DirtyEpoch<number | bigint>;
  readonly marks: Map<MapRegion, Set<bigint>>;
}

/** The dirty clients of a machine. */
export class DirtyModel {
  readonly taken: Taken[] = [];
  readonly clients: Client[] = [];
  /** The regions with bytes that one of the maps had, itself or through an alias. */
  #inside = new Set<MapRegion>();

  /** Takes note of a write. */
  wrote(region: MapRegion, offset: bigint): void {
    if (region.kind === "external") return; // its owner writes too, so it has no marks
    for (const { marks } of this.clients) mark(marks, region, pageOf(region, offset));
  }

  /** Takes note of what the maps are now: every page of a region that has entered the machine is dirty. */
  settle(sides: readonly Side[]): void {
    const placed = sides.flatMap(({ model }) => model.placed.map(leafOf));
    const inside = new Set(placed.filter(({ kind }) => kind === "ram" || kind === "rom" || kind === "romDevice"));
    for (const region of inside) {
      if (this.#inside.has(region)) continue;
      for (let page = 0n; page <= pageOf(region, region.size - 1n); page++) {
        for (const { marks } of this.clients) mark(marks, region, page);
      }
    }
    this.#inside = inside;
  }

  /** The ranges from `first` to `last` that a client is told of, and takes them from its marks. */
  collect({ side, marks }: Client, first = 0n, last = TOP - 1n): [bigint, bigint][] {
    const ranges: [bigint, bigint][] = [];
    const told = new Map<MapRegion, Set<bigint>>();
    const known: Bytes[] = [];
    const parts = side.model.flat().flatMap(pagesOf);
    const isInside = ({ start, size }: (typeof parts)[number]) => start <= last && start + size > first;
    for (const part of parts.filter(isInside)) {
      if (!marks.get(part.region)?.has(part.page)) continue;
      mark(told, part.region, part.page);
      // A part is told of if no part before it shows all of its bytes.
      if (isKnown(part, known)) continue;
      known.push(part);
      append(ranges, part.start, part.size);
    }
    // A page with bytes that only addresses outside show keeps its mark.
    for (const part of parts) {
      if (!isInside(part) && told.get(part.region)?.has(part.page) && !isKnown(part, known)) {
        told.get(part.region)?.delete(part.page);
      }
    }
    for (const [region, pages] of told) for (const page of pages) marks.get(region)?.delete(page);
    return ranges;
  }

  /** The ranges of a region that a client is told of, by offsets. */
  collectRegion({ marks }: Client, region: MapRegion, offset: bigint, length: bigint): [bigint, bigint][] {
    const ranges: [bigint, bigint][] = [];
    const whole = pagesOf({ region, offset: 0n, start: 0n, size: region.size, priority: 0 });
    for (const { page, start, size } of whole) {
      const isAsked = length > 0n && start < offset + length && start + size > offset;
      if (isAsked && marks.get(region)?.delete(page)) append(ranges, start, size);
    }
    return ranges;
  }
}

/** Adds a range to a list, joined to the last one if it begins at its end. */
function append(ranges: [bigint, bigint][], start: bigint, size: bigint): void {
  const last = ranges.at(-1);
  if (last && last[0] + last[1] === start) last[1] += size;
  else ranges.push([start, size]);
}

function mark(marks: Map<MapRegion, Set<bigint>>, region: MapRegion, page: bigint): void {
  const pages = marks.get(region) ?? new Set();
  marks.set(region, pages.add(page));
}

function leafOf(region: MapRegion): MapRegion {
  return region.target ? leafOf(region.target) : region;
}

const pageOf = ({ made }: MapRegion, offset: bigint) => ((made % PAGE) + offset) / PAGE;

/** A piece of the flat view, cut at the pages of its region. */
function pagesOf({ region, offset, start, size }: FlatPiece) {
  const parts: { region: MapRegion; page: bigint; offset: bigint; start: bigint; size: bigint }[] = [];
  for (let done = 0n; done < size; ) {
    const page = pageOf(region, offset + done);
    const next = (page + 1n) * PAGE - (region.made % PAGE) - offset;
    const end = next < size ? next : size;
    parts.push({ region, page, offset: offset + done, start: start + done, size: end - done });
    done = end;
  }
  return parts;
}

/** Whether other bytes cover all of these. */
function isKnown({ region, offset, size }: Bytes, known: readonly Bytes[]): boolean {
  const here = known.filter((one) => one.region === region);
  for (let byte = offset; byte < offset + size; byte++) {
    if (!here.some((one) => one.offset <= byte && byte < one.offset + one.size)) return false;
  }
  return true;
}

export const dirtyKinds: MapKinds = {
  "dirty.client"(machine: MapMachine, { bits }) {
    const { clients } = machine.dirty;
    if (clients.length >= MOST_CLIENTS) clients.shift()?.client.dispose();
    const side = machine.side(bits);
    machine.log.push("dirty.client()");
    machine.compare(ok, () => {
      const client = side.memory.dirty.client("client");
      clients.push({ side, client, marks: new Map() });
    });
  },

  collect(machine: MapMachine, { bits }) {
    const client = pick(machine, bits);
    if (client === undefined) return;
    machine.log.push(`collect() of client ${machine.dirty.clients.indexOf(client)}`);
    collected(
      machine,
      client,
      bits,
      () => ok(shown(machine, machine.dirty.collect(client))),
      (how) => client.client[how](),
    );
  },

  "collect a window"(machine: MapMachine, { at, length, bits }) {
    const client = pick(machine, bits >> 8n);
    if (client === undefined) return;
    const [address, bytes] = [machine.address(at, client.side), machine.length(length)];
    machine.log.push(`collect(${address.given}, ${bytes.given}) of client ${machine.dirty.clients.indexOf(client)}`);
    collected(
      machine,
      client,
      bits,
      () => {
        if (!address.valid || !bytes.valid) return { fault: "RangeError" };
        const last = address.exact + bytes.exact - 1n;
        if (bytes.exact > 0n && last >= TOP) return { fault: "GUEST_ADDRESS_OVERFLOW", address: address.exact };
        return ok(shown(machine, bytes.exact === 0n ? [] : machine.dirty.collect(client, address.exact, last)));
      },
      (how) => client.client[how](address.given, bytes.given),
    );
  },

  "collect a region"(machine: MapMachine, { length, bits }) {
    const client = pick(machine, bits >> 8n);
    const regions = [...machine.regions];
    const [region, object] = regions[Number((bits >> 16n) % BigInt(regions.length || 1))] ?? [];
    if (client === undefined || region === undefined || object === undefined) return;
    const offset = (bits >> 24n) % (region.size + 2n);
    const bytes = (length.add < 0n ? -length.add : length.add) % (region.size + 2n);
    machine.log.push(`collect(${region.name}, ${offset}, ${bytes}) of client ${machine.dirty.clients.indexOf(client)}`);
    collected(
      machine,
      client,
      bits,
      () => {
        const isMemory = region.kind === "ram" || region.kind === "rom" || region.kind === "romDevice";
        if (!isMemory || offset + bytes > region.size) return { fault: "NOT_MEMORY" };
        const ranges = machine.dirty.collectRegion(client, region, offset, bytes);
        return ok(ranges.map((range) => range.map(Number)));
      },
      (how) => client.client[how](object, offset, bytes),
      region,
    );
  },

  "end an epoch"(machine: MapMachine, { bits }) {
    const { taken, clients } = machine.dirty;
    const [one] = taken.splice(Number(bits % BigInt(taken.length || 1)), 1);
    if (one === undefined) return;
    const commits = (bits >> 8n) % 2n === 0n;
    machine.log.push(`${commits ? "commit" : "dispose"} of an epoch of client ${clients.indexOf(one.client)}`);
    machine.compare(ok, () => {
      if (commits) one.epoch.commit();
      one.epoch.dispose();
      one.epoch.dispose();
    });
    if (commits) return;
    for (const [region, pages] of one.marks) for (const page of pages) mark(one.client.marks, region, page);
  },
};

/** Compares a collection, or a taking whose epoch ends later; `of` is the region, if it is one's. */
function collected(
  machine: MapMachine,
  client: Client,
  bits: bigint,
  model: () => Outcome,
  collect: (how: "collect" | "take") => unknown,
  of?: MapRegion,
): void {
  const { taken } = machine.dirty;
  if (bits & (1n << 50n)) {
    machine.compare(model, () => collect("collect"));
    return;
  }
  let epoch: DirtyEpoch<number | bigint> | undefined;
  machine.compare(model, () => {
    epoch = collect("take") as DirtyEpoch<number | bigint>;
    return epoch.ranges;
  });
  if (epoch === undefined) return;
  // All pages that were reported come back, also one that has kept its mark because of bytes outside the window.
  const marks: Taken["marks"] = new Map();
  for (const [start, length] of epoch.ranges) {
    const bytes = { offset: BigInt(start), size: BigInt(length) };
    const runs = of ? [{ region: of, ...bytes }] : client.side.model.bytesOf(bytes.offset, bytes.size);
    for (const { region, offset, size } of runs) {
      const last = pageOf(region, offset + size - 1n);
      for (let page = pageOf(region, offset); page <= last; page++) mark(marks, region, page);
    }
  }
  taken.push({ client, epoch, marks });
}

function pick(machine: MapMachine, bits: bigint): Client | undefined {
  const { clients } = machine.dirty;
  return clients[Number(bits % BigInt(clients.length || 1))];
}

/** Ranges as the facade gives them. */
const shown = (machine: MapMachine, ranges: readonly (readonly [bigint, bigint])[]) =>
  ranges.map(([start, size]) => [machine.own(start), Number(size)]);
