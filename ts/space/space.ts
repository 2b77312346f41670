// Space: one VM's address space, shared by all parts of its GuestMemory: tables, current map, lifetime.

import { CONTROL_CHANGES, CONTROL_GENERATION, CONTROL_PERMISSIONS } from "../core/abi.ts";
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
import { Holes } from "./holes.ts";
import type { HostWriteCall } from "./host-writes.ts";
import { Machine } from "./machine.ts";
import { Mover } from "./mover.ts";
import { Piece } from "./pieces.ts";
import { Placements } from "./placements.ts";
import { Resolver } from "./resolver.ts";
import { Traps } from "./traps.ts";

/** Entries of a page table: one for each 4 KiB page of the first 4 GiB. */
export const ENTRIES: number = 1 << 20;
const SAFE_END = 1n << 53n;

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; leave: () => void }>(
  ({ linear, handle, leave }) => {
    leave();
    linear.raw.gm_dispose(handle);
  },
);

/** The GuestMemory of a space, as the space sees it: it is told of changes. */
export interface SpaceListener {
  /** Called when the typed arrays were replaced, or the space was disposed. Must not run user code. */
  arraysReplaced(): void;
  /** Called when users' views were detached, after every space has new arrays. */
  viewsDetached(): void;
  /** Called when the map has changed. */
  mapChanged(): void;
}

/** Options of a new space. */
export interface SpaceOptions {
  /** The name of the memory in `tree()`. */
  name?: string;
  /** Whether addresses are returned as bigints. */
  bigint: boolean;
  /** Another space of the same machine. */
  sibling?: Space | undefined;
  /** Whether it is the machine's window, which goes with the last other space. */
  isWindow?: boolean;
}

/** The listener of a space whose GuestMemory does not exist yet. */
const NO_LISTENER: SpaceListener = { arraysReplaced() {}, viewsDetached() {}, mapChanged() {} };

/**
 * One address space. The parts of a GuestMemory hold its Space, and never the GuestMemory itself. The core's side is
 * freed by `dispose`, or when the Space is collected: after all parts, and all accessors that a user has copied off the
 * memory.
 */
export class Space implements Member {
  readonly linear: LinearMemory;
  readonly handle: number;
  /** Whether addresses are returned as bigints. */
  readonly bigint: boolean;
  /** The name of the memory in `tree()`. */
  readonly name: string;
  /** All of linear memory as 32-bit words, with the page table from `tableIndex` on; empty after disposal. */
  words: Uint32Array<ArrayBuffer>;
  /** The index in `words` of the page table's first entry. */
  readonly tableIndex: number;
  /** The control words, which follow the page table; empty after disposal. */
  control: Uint32Array<ArrayBuffer>;
  disposed = false;
  onUnmapped: OnUnmapped<U64Like> | undefined;
  onDenied: OnDenied<U64Like> | undefined;
  /** The listener for the host's writes. */
  hostWrites: HostWriteCall | undefined;
  listener: SpaceListener = NO_LISTENER;

  /** The regions, shared with the other address spaces of the machine. */
  readonly machine: Machine;
  /** The external memories of this linear memory. */
  readonly registry: ExternalRegistry;
  readonly flatView: FlatView;
  readonly placements: Placements;
  readonly changes: Changes;
  readonly mover: Mover;
  readonly holes: Holes;
  readonly resolver: Resolver;
  readonly externalRuns: ExternalRuns;
  readonly traps: Traps;
  /** A Piece to share, for code that is done with it before other code runs. */
  readonly piece: Piece;

  readonly #leave: () => void;
  readonly #isWindow: boolean;
  /** The generation at the last `mapChanged` of the listener. */
  #notifiedGeneration: number;
  /** The generations at disposal. */
  #lastGeneration = 0;
  #lastPermissions = 0;

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
    this.#isWindow = options.isWindow ?? false;
    if (!this.#isWindow) this.machine.spaces++;
    this.registry = ExternalRegistry.of(linear);
    this.flatView = new FlatView(this);
    this.placements = new Placements(this);
    this.changes = new Changes(this);
    this.mover = new Mover(this);
    this.holes = new Holes(this);
    this.resolver = new Resolver(this);
    this.externalRuns = new ExternalRuns(this);
    this.traps = new Traps(this);
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
    return words.subarray(this.tableIndex + ENTRIES, this.tableIndex + ENTRIES + 3);
  }

  /** Calls the listener if translations have changed since its last call, by this facade or by Rust code in the module. */
  notifyMapChanged(): void {
    const generation = this.mapGeneration;
    if (generation === this.#notifiedGeneration || this.disposed) return;
    this.#notifiedGeneration = generation;
    this.listener.mapChanged();
  }

  /**
   * Begins every call that leaves the fast path. Throws after disposal; replaces detached arrays; notices map changes.
   */
  enter(): void {
    if (this.disposed) throw new GuestMemoryError("DISPOSED", "the memory was disposed");
    this.linear.refresh();
    if (this.control[CONTROL_GENERATION] !== this.#notifiedGeneration) this.notifyMapChanged();
    if (this.traps.any) this.traps.drain();
  }

  /**
   * How often translations or permissions have changed, modulo 2^32. Undefined after disposal, so that no remembered run
   * matches.
   */
  get generation(): number {
    return this.control[CONTROL_CHANGES] as number;
  }

  /** How often permissions, watches and traps have changed, modulo 2^32. After disposal it keeps its last value. */
  get permissionGeneration(): number {
    if (this.disposed) return this.#lastPermissions;
    this.linear.replace();
    return this.control[CONTROL_PERMISSIONS] as number;
  }

  /**
   * How often translations have changed, modulo 2^32, also right after linear memory may have grown. After disposal it
   * keeps its last value.
   */
  get mapGeneration(): number {
    if (this.disposed) return this.#lastGeneration;
    this.linear.replace(); // not `refresh`, which runs listeners: callers are in the middle of an operation
    return this.control[CONTROL_GENERATION] as number;
  }

  /** The page table. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(this.tableIndex, this.tableIndex + ENTRIES);
  }

  /** The device of a region, by the region's id. */
  device(id: number): BoundDevice {
    const device = this.machine.get(id)?.device;
    if (device) return device;
    throw new GuestMemoryError("INVALID_HANDLER", "a device that Rust code has mapped has no handlers here");
  }

  /** The external memory of a region, by the region's id. */
  external(id: number): ExternalMemory {
    const external = this.machine.get(id)?.external;
    if (external) return external;
    throw new GuestMemoryError("INVALID_EXTERNAL", "external memory that Rust code has mapped is not known here");
  }

  /** Converts an address to this memory's kind of number. */
  toAddress(address: U64Like): U64Like {
    if (this.bigint) return typeof address === "bigint" ? address : BigInt(address);
    return typeof address === "number" ? address : Number(address); // a conversion of a number costs 20 ns in JavaScriptCore
  }

  /** Throws a RangeError for a region that ends past 2^53, if this memory's addresses are numbers. */
  expectEnd(start: U64Like, size: U64Like): void {
    u64.check(start, "start");
    if (this.bigint || BigInt(start) + BigInt(size) <= SAFE_END) return;
    const region = `the region at ${hex(start)}, ${size} bytes`;
    throw new RangeError(`${region}, ends past 2^53: make the memory with { addresses: "bigint" }`);
  }

  dispose(): void {
    if (this.disposed) return;
    this.#lastGeneration = this.mapGeneration;
    this.#lastPermissions = this.permissionGeneration;
    this.traps.dispose();
    this.disposed = true;
    abandoned.unregister(this);
    this.#leave();
    this.linear.raw.gm_dispose(this.handle);
    this.words = new Uint32Array(0);
    this.control = this.words; // `generation` is undefined from now on
    this.onUnmapped = undefined;
    this.onDenied = undefined;
    this.hostWrites = undefined;
    this.machine.listening.delete(this.handle);
    this.listener.arraysReplaced();
    if (!this.#isWindow && --this.machine.spaces === 0) this.machine.window?.dispose();
  }
}
