// Placing a region: checks the caller's spec, then asks for memory, then places the region.

import { MAP_REGION, REGION_HOST, REGION_KINDS } from "../core/abi.ts";
import { byteLengthOf, ownedBy, part } from "../core/byte-array.ts";
import { GuestMemoryError } from "../core/errors.ts";
import { requestMap } from "../core/map-request.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import { BoundDevice } from "../device/bound-device.ts";
import { ExternalMemory } from "../external/external-memory.ts";
import type { RegionKind, RegionRecord } from "../space/placements.ts";
import type { Space } from "../space/space.ts";
import { targetOf } from "./mapped-region.ts";
import { type GivenSpec, type RegionSpec, readSpec } from "./region-spec.ts";

/** A caller's spec, checked. */
interface Request {
  readonly kind: RegionKind;
  readonly name: string;
  readonly start: U64Like;
  readonly size: U64Like;
  readonly priority: number;
  readonly enabled: boolean;
  readonly target: RegionRecord | undefined;
  /** The byte of its target at which an alias begins. */
  readonly offset: U64Like;
  readonly device: BoundDevice | undefined;
  readonly external: ExternalMemory | undefined;
  /** The first bytes. Their length is checked when they are loaded, because user code may still change it. */
  readonly contents: Uint8Array | undefined;
}

/** Makes a region and places it in the map. Linear memory may grow. */
export function placeRegion(space: Space, spec: RegionSpec): RegionRecord {
  return placeGiven(space, readSpec(spec));
}

function placeGiven(space: Space, given: GivenSpec): RegionRecord {
  const request = checkSpec(space, given);
  space.enter();
  if (request.external) space.registry.prepare();
  return place(space, request);
}

/** Checks a caller's list of regions, before any is placed. Each alias comes after its target in the result. */
export function readSpecs(specs: Iterable<RegionSpec>): GivenSpec[] {
  if (typeof specs !== "object" || specs === null || !(Symbol.iterator in specs)) {
    throw new TypeError(`specs must be a list of regions, not ${u64.describe(specs)}`);
  }
  return targetsFirst(Array.from(specs, readSpec));
}

/** Places regions in one transaction. */
export function placeRegions(space: Space, specs: readonly GivenSpec[]): void {
  space.changes.transaction(() => {
    for (const given of specs) placeGiven(space, given);
  });
}

/** Checks what depends on the map or on objects of the caller. */
function checkSpec(space: Space, given: GivenSpec): Request {
  const { kind, name, start, priority, enabled, offset, contents } = given;
  const target = kind === "alias" ? targetOf(space, given.of, `region "${name}": of`) : undefined;
  const external = kind === "external" ? new ExternalMemory(name, given.source, offset, given.size) : undefined;
  const size = given.size ?? external?.size ?? rest(target, given);
  space.expectEnd(start, size);
  const hasDevice = kind === "mmio" || kind === "romDevice";
  if (hasDevice && size > Number.MAX_SAFE_INTEGER)
    throw new RangeError(`region "${name}": with a device, size must be below 2^53, not ${size}`);
  const device = hasDevice ? new BoundDevice(name, given.device) : undefined;
  return { kind, name, start, size, priority, enabled, target, offset, device, external, contents };
}

/** Places a checked region. No user code runs between its first step and its last. */
function place(space: Space, request: Request): RegionRecord {
  const { kind, name, start, size, priority, target, offset, device, external } = request;
  let record: RegionRecord | undefined;
  space.changes.make(
    "map",
    { address: start, length: size },
    () => {
      const contents = contentsOf(space, request);
      const number = external ? space.registry.add(external) : 0;
      const status = requestMap(space.linear, space.handle, {
        kind: REGION_KINDS.indexOf(kind),
        name,
        start,
        size,
        priority,
        enabled: request.enabled,
        target: target ? target.id : number,
        offset,
      });
      if (status !== 0) {
        space.registry.forget(number); // the core forgets it only if it has made the region
        return status;
      }
      const id = space.linear.reported(MAP_REGION);
      const at = { start: space.toAddress(start), target, offset: target ? offset : 0 };
      record = { id, space, name, kind, size, priority, device, external, ...at };
      space.machine.add(record);
      if (contents) load(space, id, contents);
      return 0;
    },
    [{ id: 0, name, start, size, priority }],
  );
  return record as unknown as RegionRecord;
}

/**
 * The bytes that a region holds at first. They are copied if they lie in this linear memory itself, because it may
 * grow, and so detach them, before they are loaded.
 */
function contentsOf(space: Space, { kind, name, size, contents: given }: Request): Uint8Array | undefined {
  if (given === undefined) return undefined;
  const length = byteLengthOf(given, "contents");
  if (kind !== "ram" && kind !== "rom" && kind !== "romDevice") {
    throw new TypeError(`region "${name}": kind ${kind} takes no contents`);
  }
  if (length > size) throw new RangeError(`region "${name}": contents has ${length} bytes, more than size, ${size}`);
  const contents = part(given, 0, length);
  return ownedBy(given, space.linear.buffer) ? contents.slice() : contents;
}

/** Copies bytes into a region's memory, without regard to its place in the map. */
function load({ linear }: Space, id: number, contents: Uint8Array): void {
  linear.expect(linear.raw.gm_region_run(id, 0), "contents");
  const host = linear.reported(REGION_HOST);
  linear.u8.set(contents, host);
  linear.markDirty(host, contents.length);
}

/** The size of an alias whose spec has none: its target's bytes from `offset` to the end. */
function rest(target: RegionRecord | undefined, { name, offset }: GivenSpec): U64Like {
  const left = BigInt(target?.size ?? 0) - BigInt(offset);
  if (left > 0n) return u64.shortest(left);
  throw new GuestMemoryError(
    "INVALID_ALIAS",
    `region "${name}": offset is ${offset}, and region "${target?.name}" has ${target?.size} bytes`,
  );
}

/** Sorts the regions so that each alias comes after its target. */
function targetsFirst(specs: GivenSpec[]): GivenSpec[] {
  const ordered: GivenSpec[] = [];
  const names = new Set(specs.map(({ name }) => name));
  const placed = new Set<string>();
  let waiting = specs;
  while (waiting.length > 0) {
    const left = waiting.filter((spec) => {
      const of = spec.kind === "alias" ? spec.of : undefined;
      if (typeof of === "string" && names.has(of) && !placed.has(of)) return true;
      ordered.push(spec);
      placed.add(spec.name);
      return false;
    });
    if (left.length === waiting.length) {
      const circle = left.map(({ name }) => `"${name}"`).join(", ");
      throw new GuestMemoryError("INVALID_ALIAS", `these aliases show each other, in a circle: ${circle}`);
    }
    waiting = left;
  }
  return ordered;
}
