// World: one build with its inputs and all its answers. Two worlds get the same inputs.

import type { DirtyClient, DmaRange, GuestMemory, MappedRegion, Watch } from "guest-memory";
import type { Counts } from "./counts.ts";
import type { Random } from "./random.ts";
import { type Library, show, showError } from "./show.ts";

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** A region as the guard has placed it: where addresses are likely to find something. */
export interface Placed {
  readonly object: MappedRegion | undefined;
  start: bigint;
  readonly size: bigint;
  readonly kind: string;
  mapped: boolean;
  /** Whether it is enabled. */
  shown: boolean;
}

/** A region that the guard knows by its object. */
export function placedOf(object: MappedRegion): Placed {
  const { start, size, kind, enabled } = object;
  return { object, start: BigInt(start), size: BigInt(size), kind, mapped: true, shown: enabled };
}

/** A region that it knows by its place only. */
export function bare(start: bigint, size: bigint, kind = "ram"): Placed {
  return { object: undefined, start, size, kind, mapped: true, shown: true };
}

/** An external memory: its source as the library has it, and what may happen to it. */
export interface Owner {
  readonly name: string;
  readonly source: unknown;
  readonly buffer: () => ArrayBufferLike;
  readonly change: (random: Random) => void;
}

/** One memory and what was opened on it. */
export class Slot {
  readonly name: string;
  readonly memory: GuestMemory;
  /** Whether its addresses are bigints. */
  readonly wide: boolean;
  /** Memories of one machine have one list of regions that aliases may show. */
  readonly machine: Placed[];
  readonly placed: Placed[] = [];
  readonly clients: DirtyClient[] = [];
  readonly watches: Watch[] = [];
  readonly ranges: { readonly range: DmaRange; readonly access: unknown }[] = [];
  readonly views: Uint8Array[] = [];
  /** What its counters showed at first: only their movement is compared. */
  readonly mapGeneration: number;
  readonly viewGeneration: number;
  disposed = false;

  constructor(name: string, memory: GuestMemory, wide: boolean, machine: Placed[]) {
    this.name = name;
    this.memory = memory;
    this.wide = wide;
    this.machine = machine;
    this.mapGeneration = memory.mapGeneration;
    this.viewGeneration = memory.viewGeneration;
  }
}

/** How deep callbacks act in callbacks, and how often in one operation. */
const DEEPEST = 2;
const MOST_REACTIONS = 12;
/** Lines of one operation, beyond which they are only counted. */
const MOST_LINES = 400;

export class World {
  readonly lib: Library;
  readonly slots: Slot[] = [];
  readonly owners: Owner[] = [];
  /** What has happened in the operation that is running. */
  lines: string[] = [];
  /** What its last call came to: "ok", an error's code or its name. */
  outcome = "";
  /** The array that a call was given, for callbacks that change it. */
  array: Uint8Array | undefined;
  random!: Random;
  /** Where operations are counted, those in callbacks too. */
  counts: Counts | undefined;
  /** Names given so far. */
  count = 0;
  readonly #act: (world: World) => void;
  #depth = 0;
  #reactions = 0;
  #hidden = 0;

  /** @param act does a random operation. */
  constructor(lib: Library, act: (world: World) => void) {
    this.lib = lib;
    this.#act = act;
  }

  /** Runs an operation; gives what was seen of it. */
  run(random: Random, operation: (world: World) => void): string[] {
    this.random = random;
    this.lines = [];
    this.outcome = "";
    this.#reactions = MOST_REACTIONS;
    this.#hidden = 0;
    operation(this);
    if (this.#hidden > 0) this.lines.push(`and ${this.#hidden} lines`);
    this.array = undefined;
    return this.lines;
  }

  /** Does an operation of a kind with a memory. */
  perform(name: string, kind: (world: World, slot: Slot) => void, slot: Slot): void {
    this.outcome = "";
    kind(this, slot);
    if (this.outcome !== "") this.counts?.add(name, this.outcome);
  }

  note(line: string): void {
    if (this.lines.length < MOST_LINES) this.lines.push("  ".repeat(this.#depth) + line);
    else this.#hidden++;
  }

  show(value: unknown): string {
    return show(this.lib, value);
  }

  /** Does something, and notes what came of it; gives the result, or undefined where it threw. */
  attempt<T>(what: string, act: () => T): T | undefined {
    try {
      const result = act();
      this.outcome = "ok";
      this.note(`${what} = ${this.show(result)}`);
      return result;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { code } = error as { code?: unknown };
      this.outcome = typeof code === "string" ? code : error.name;
      this.note(`${what} ! ${showError(this.lib, error)}`);
      return undefined;
    }
  }

  /** Calls a method by its name, with any arguments. */
  call(name: string, target: object, method: string, args: readonly unknown[]): unknown {
    const what = `${name}.${method}(${args.map((arg) => this.show(arg)).join(", ")})`;
    return this.attempt(what, () => (target as Methods)[method]?.(...args));
  }

  /** A callback's own acts: mostly none, seldom any operation, or an error. */
  react(what: string): void {
    const { random } = this;
    if (this.#depth < DEEPEST && this.#reactions > 0 && random.once(10)) {
      this.#reactions--;
      this.#depth++;
      const { array, outcome } = this;
      try {
        this.#act(this);
      } finally {
        this.#depth--;
        this.array = array;
        this.outcome = outcome;
      }
    }
    if (random.once(60)) this.#shrink();
    if (random.once(50)) throw new Error(`thrown by ${what}`);
  }

  /** Takes bytes away from the array that the running call was given. */
  #shrink(): void {
    const buffer = this.array?.buffer;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0) return;
    if (buffer.resizable) buffer.resize(buffer.byteLength >> 1);
    else if (this.random.once(2)) structuredClone(buffer, { transfer: [buffer] });
  }
}
