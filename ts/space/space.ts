// Space: one VM as its parts share it: its tables in linear memory, its map as it stands, its life and death.

import { CONTROL_GENERATION } from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { LinearMemory, Member } from "../core/linear-memory.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { OnDenied } from "../device/on-denied.ts";
import type { OnUnmapped } from "../device/on-unmapped.ts";
import type { ExternalMemory } from "../external/external-memory.ts";
import { ExternalRegistry } from "../external/registry.ts";
import { Changes } from "./changes.ts";
import { ExternalRuns } from "./external-runs.ts";
import { FlatView } from "./flat-view.ts";
import { Machine } from "./machine.ts";
import { Mover } from "./mover.ts";
import { Piece } from "./pieces.ts";
import { Placements } from "./placements.ts";
import { Resolver } from "./resolver.ts";

/** Entries of a page table: one for each 4 KiB page of the first 4 GiB. */
const ENTRIES = 1 << 20;
const SAFE_END = 1n << 53n;

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; leave: () => void }>(
  ({ linear, handle, leave }) => {
    leave();
    linear.raw.gm_dispose(handle);
  },
);

/** The parts above this room that must hear of changes; each by one who runs no user's code before the last. */
export interface SpaceListener {
  /** The typed arrays were replaced, or the space was disposed. Runs no user's code. */
  arraysReplaced(): void;
  /** Users' views have ended. */
  viewsDetached(): void;
  /** The map has changed. */
  mapChanged(): void;
}

/** How a space is made. */
export interface SpaceOptions {
  /** What `tree()` calls it. */
  name?: string;
  /** Whether addresses are given as bigints. */
  bigint: boolean;
  /** Another space of the same machine. */
  sibling?: Space | undefined;
}

/** A listener for a space whose memory is not made yet. */
const NO_LISTENER: SpaceListener = { arraysReplaced() {}, viewsDetached() {}, mapChanged() {} };

/**
 * Everything below `GuestMemory` holds a Space and never the GuestMemory itself. The core's side is freed by `dispose`,
 * or when the last holder of the Space (an accessor taken off its memory counts) is collected.
 */
export class Space implements Member {
  readonly linear: LinearMemory;
  readonly handle: number;
  /** Whether addresses are given as bigints. */
  readonly bigint: boolean;
  /** What this memory is called in `tree()`. */
  readonly name: string;
  /** All of linear memory in words, which holds the page table from `tableIndex` on; empty after disposal. */
  words: Uint32Array<ArrayBuffer>;
  /** Where the page table starts in `words`. */
  readonly tableIndex: number;
  /** The control words behind it; empty after disposal. */
  control: Uint32Array<ArrayBuffer>;
  disposed = false;
  onUnmapped: OnUnmapped<U64Like> | undefined;
  onDenied: OnDenied<U64Like> | undefined;
  onHostWrite: ((address: U64Like, length: number) => void) | undefined;
  listener: SpaceListener = NO_LISTENER;

  /** What it shares with the other address spaces of its machine. */
  readonly machine: Machine;
  /** The external memories of its linear memory. */
  readonly registry: ExternalRegistry;
  readonly flatView: FlatView;
  readonly placements: Placements;
  readonly changes: Changes;
  readonly mover: Mover;
  readonly resolver: Resolver;
  readonly externalRuns: ExternalRuns;
  /** For who looks at one piece, and is done with it before anything else runs. */
  readonly piece: Piece;

  readonly #leave: () => void;
  /** The generation that the listener knows of. */
  #notifiedGeneration: number;
  /** The generation at disposal. */
  #lastGeneration = 0;

  constructor(linear: LinearMemory, handle: number, tableOffset: number, options: SpaceOptions) {
    this.linear = linear;
    this.handle = handle;
    this.bigint = options.bigint;
    this.name = options.name ?? "memory";
    this.tableIndex = tableOffset / 4;
    this.words = linear.u32;
    this.control = this.#controlIn(linear.u32);
    this.#notifiedGeneration = this.control[CONTROL_GENERATION] as number;
    this.machine = options.sibling?.machine ?? new Machine();
    this.registry = ExternalRegistry.of(linear);
    this.flatView = new FlatView(this);
    this.placements = new Placements(this);
    this.changes = new Changes(this);
    this.mover = new Mover(this);
    this.resolver = new Resolver(this);
    this.externalRuns = new ExternalRuns(this);
    this.piece = new Piece(this);
    this.#leave = linear.join(this);
    abandoned.register(this, { linear, handle, leave: this.#leave }, this);
  }

  arraysReplaced(): void {
    this.words = this.linear.u32;
    this.control = this.#controlIn(this.words);
    this.listener.arraysReplaced();
  }

  viewsDetached(): void {
    this.listener.viewsDetached();
  }

  #controlIn(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    return words.subarray(this.tableIndex + ENTRIES, this.tableIndex + ENTRIES + 1);
  }

  /** Tells the listener if the map has changed since it was told, by this facade or by Rust code in the same module. */
  notifyMapChanged(): void {
    const generation = this.mapGeneration;
    if (generation === this.#notifiedGeneration || this.disposed) return;
    this.#notifiedGeneration = generation;
    this.listener.mapChanged();
  }

  /** At the start of whatever leaves the fast path: still alive, and the arrays are those of now. */
  enter(): void {
    if (this.disposed) throw new GuestMemoryError("DISPOSED", "the memory was disposed");
    this.linear.refresh();
    if (this.control[CONTROL_GENERATION] !== this.#notifiedGeneration) this.notifyMapChanged();
  }

  /** How often the map changed, modulo 2^32, by the control word of now: no generation once the space is disposed. */
  get generation(): number {
    return this.control[CONTROL_GENERATION] as number;
  }

  /** The same, also where linear memory may have grown. Stays readable after disposal, as it was. */
  get mapGeneration(): number {
    if (this.disposed) return this.#lastGeneration;
    this.linear.replace(); // and not refresh: callers here are in the middle of something
    return this.control[CONTROL_GENERATION] as number;
  }

  /** A view of the page table. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(this.tableIndex, this.tableIndex + ENTRIES);
  }

  /** The device in a region of the core's. */
  device(id: number): BoundDevice {
    const device = this.machine.get(id)?.device;
    if (device) return device;
    throw new GuestMemoryError("INVALID_HANDLER", "a device that Rust code has mapped has no handlers here");
  }

  /** The external memory in a region of the core's. */
  external(id: number): ExternalMemory {
    const external = this.machine.get(id)?.external;
    if (external) return external;
    throw new GuestMemoryError("INVALID_EXTERNAL", "external memory that Rust code has mapped is not known here");
  }

  /** An address, in this memory's kind of number. */
  toAddress(address: U64Like): U64Like {
    return this.bigint ? BigInt(address) : Number(address);
  }

  /** Throws a RangeError for a region that ends where this memory's kind of number cannot say. */
  expectEnd(start: U64Like, size: U64Like): void {
    u64.check(start, "start");
    if (this.bigint || BigInt(start) + BigInt(size) <= SAFE_END) return;
    const region = `the region at ${hex(start)}, ${size} bytes`;
    throw new RangeError(`${region}, ends past 2^53: make the memory with { addresses: "bigint" }`);
  }

  dispose(): void {
    if (this.disposed) return;
    this.#lastGeneration = this.mapGeneration;
    this.disposed = true;
    abandoned.unregister(this);
    this.#leave();
    this.linear.raw.gm_dispose(this.handle);
    this.words = new Uint32Array(0);
    this.control = this.words; // no generation: nothing that was resolved before is good any more
    this.onUnmapped = undefined;
    this.onDenied = undefined;
    this.onHostWrite = undefined;
    this.listener.arraysReplaced();
  }
}
