// Dirty clients on a random map: which pages each was told of, and the model of it.
import type { DirtyClient } from "../../ts/index.ts";
import type { MapKinds } from "./map-changes.ts";
import type { MapMachine, Side } from "./map-machine.ts";
import type { Bytes, FlatPiece, MapRegion } from "./map-model.ts";
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

/** The dirty clients of a machine. */
export class DirtyModel {
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

  /** The ranges that a client is told of, and takes them from its marks. */
  collect({ side, marks }: Client): [bigint, bigint][] {
    const ranges: [bigint, bigint][] = [];
    const told = new Map<MapRegion, Set<bigint>>();
    const known: Bytes[] = [];
    for (const part of side.model.flat().flatMap(pagesOf)) {
      if (!marks.get(part.region)?.has(part.page)) continue;
      mark(told, part.region, part.page);
      // A part is told of if no part before it shows all of its bytes.
      if (isKnown(part, known)) continue;
      known.push(part);
      const last = ranges.at(-1);
      if (last && last[0] + last[1] === part.start) last[1] += part.size;
      else ranges.push([part.start, part.size]);
    }
    for (const [region, pages] of told) for (const page of pages) marks.get(region)?.delete(page);
    return ranges;
  }
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
    const { clients } = machine.dirty;
    const client = clients[Number(bits % BigInt(clients.length || 1))];
    if (client === undefined) return;
    machine.log.push(`collect() of client ${Number(bits % BigInt(clients.length))}`);
    machine.compare(
      () => ok(machine.dirty.collect(client).map(([start, size]) => [machine.own(start), Number(size)])),
      () => client.client.collect().map(([start, size]) => [start, size]),
    );
  },
};
