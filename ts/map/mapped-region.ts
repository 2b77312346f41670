// MappedRegion: a region in a memory's map, as an object that can be moved, hidden and shown.

import { GuestMemoryError } from "../core/errors.ts";
import type { Wide } from "../core/u64.ts";
import * as wide from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { ExternalBytes } from "../external/external-memory.ts";
import type { Space } from "../space/space.ts";
import type { RegionKind } from "./region-spec.ts";

/** What a region is made of, and where it is. */
export interface Making {
  readonly id: number;
  readonly name: string;
  readonly kind: RegionKind;
  readonly start: Wide;
  readonly size: Wide;
  readonly priority: number;
  readonly device: BoundDevice | undefined;
  readonly external: ExternalBytes | undefined;
  readonly target: MappedRegion<Wide> | undefined;
}

/** What regions were made of; kept out of the public type. */
const makings = new WeakMap<object, Making>();

/**
 * A region in the map of a memory: what {@link GuestMemory.map} gives. It stays an object when it is unmapped, and can
 * then only be looked at.
 *
 * @example
 * ```ts
 * import { GuestMemory, type MappedRegion } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "ram", name: "window", start: 0x1000, size: 0x1000 }]);
 * const window: MappedRegion = memory.region("window")!;
 * memory.writeUint8(0x1000, 7);
 * window.move(0x8000);
 * console.assert(memory.readUint8(0x8000) === 7 && window.start === 0x8000);
 * ```
 */
export class MappedRegion<A extends number | bigint = number> {
  /**
   * How it is called.
   * @example
   * ```ts
   * const region = memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000, priority: 2 });
   * console.assert(region.name === "hole");
   * ```
   */
  readonly name: string;
  /**
   * What it is.
   * @example
   * ```ts
   * const region = memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000, priority: 2 });
   * console.assert(region.kind === "reserved");
   * ```
   */
  readonly kind: RegionKind;
  /**
   * Bytes: a bigint where its memory's addresses are bigints and it is past 2^53.
   * @example
   * ```ts
   * const region = memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000, priority: 2 });
   * console.assert(region.size === 0x1000);
   * ```
   */
  readonly size: number | bigint;
  /**
   * Where regions overlap, the one with the highest is seen.
   * @example
   * ```ts
   * const region = memory.map({ kind: "reserved", name: "hole", start: 0x8000, size: 0x1000, priority: 2 });
   * console.assert(region.priority === 2);
   * ```
   */
  readonly priority: number;
  /**
   * The region that an alias shows; undefined for every other kind.
   * @example
   * ```ts
   * const window = memory.map({ kind: "ram", name: "window", start: 0x8000, size: 0x1000 });
   * const mirror = memory.map({ kind: "alias", start: 0x9000, of: "window" });
   * console.assert(mirror.target === window && window.target === undefined);
   * ```
   */
  readonly target: MappedRegion<A> | undefined;
  readonly #space: Space;
  /** Where it was last. */
  #last: A;

  /** Made by this library. */
  constructor(space: object, making: object) {
    const { name, kind, start, size, priority, target } = making as Making;
    makings.set(this, making as Making);
    this.#last = start as A;
    this.#space = space as Space;
    this.name = name;
    this.kind = kind;
    this.size = size;
    this.priority = priority;
    this.target = target as MappedRegion<A> | undefined;
  }

  /**
   * Its first guest-physical address; the last there was, if it is unmapped.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000 });
   * console.assert(window.start === 0x8000);
   * ```
   */
  get start(): A {
    const place = this.#space.placeOf(idOf(this));
    if (place) this.#last = this.#space.own(place.start) as A;
    return this.#last;
  }

  /**
   * Whether it is seen.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000, enabled: false });
   * console.assert(!window.enabled);
   * ```
   */
  get enabled(): boolean {
    return this.#space.placeOf(idOf(this))?.enabled ?? false;
  }

  /**
   * Whether it is in the map.
   * @example
   * ```ts
   * const window = memory.map({ kind: "reserved", start: 0x8000, size: 0x1000 });
   * memory.unmap(window);
   * console.assert(!window.isMapped);
   * ```
   */
  get isMapped(): boolean {
    return this.#space.placeOf(idOf(this)) !== undefined;
  }

  /**
   * Moves it to another address. No byte is copied: what it shows is the same.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `GUEST_ADDRESS_OVERFLOW` past 2^64,
   * `MEMORY_REGION_OVERLAP` with a region of the same priority, `DISPOSED`; RangeError past 2^53 where addresses are
   * numbers. The map is as it was then.
   *
   * @example
   * ```ts
   * const bar = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * memory.writeUint8(0x8000, 7);
   * bar.move(0x1_0000);
   * console.assert(memory.readUint8(0x1_0000) === 7);
   * ```
   */
  move(to: Wide): void {
    const space = this.#space;
    space.expectEnd(to, this.size);
    space.change("move", { address: to, length: this.size }, () => {
      wide.split(to, "to");
      return space.linear.raw.gm_move(space.handle, idOf(this), wide.low, wide.high);
    });
  }

  /**
   * Shows it.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `MEMORY_REGION_OVERLAP` with a region of the same
   * priority, `DISPOSED`. The map is as it was then.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: false });
   * bank.enable();
   * console.assert(memory.readUint8(0x8000) === 0);
   * ```
   */
  enable(): void {
    this.#show(true);
  }

  /**
   * Hides it: what lies below is seen.
   *
   * @throws GuestMemoryError `NO_MEMORY_REGION` if it is not mapped, `DISPOSED`.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x1000 });
   * bank.disable();
   * console.assert(!memory.addressInRange(0x8000));
   * ```
   */
  disable(): void {
    this.#show(false);
  }

  #show(enabled: boolean): void {
    const space = this.#space;
    const what = enabled ? "enable" : "disable";
    space.change(what, {}, () => space.linear.raw.gm_enable(space.handle, idOf(this), enabled ? 1 : 0));
  }
}

/** The core's number for a region; 0 for none. */
export function idOf(region: object): number {
  return makings.get(region)?.id ?? 0;
}

/** A region's device, as the library calls it. */
export function deviceOf(region: object): BoundDevice | undefined {
  return makings.get(region)?.device;
}

/** A region's external memory. */
export function externalOf(region: object): ExternalBytes | undefined {
  return makings.get(region)?.external;
}

/** Has a region remember where it is, when it is about to leave the map. */
export function keepStart(region: MappedRegion<Wide>): Wide {
  return region.start;
}

/** The region that an object is, in the machine of `space`. */
export function regionOf(space: Space, region: unknown, what: string): MappedRegion<Wide> {
  if (!(region instanceof MappedRegion)) {
    throw new TypeError(`${what} must be a region, not ${wide.describe(region)}`);
  }
  if (space.machine.get(idOf(region)) !== region) {
    throw new GuestMemoryError("NO_MEMORY_REGION", `${what}: the region "${region.name}" is not in this machine`);
  }
  return region;
}
