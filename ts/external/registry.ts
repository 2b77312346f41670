// ExternalRegistry: the external memories of one Wasm module, by number, for Rust code in it that reaches for their bytes.

import type { LinearMemory } from "../core/linear-memory.ts";
import { join } from "../core/u64.ts";
import type { ExternalMemory } from "./external-memory.ts";
import { StagingBuffer } from "./staging.ts";

const registries = new WeakMap<LinearMemory, ExternalRegistry>();

/** What the core calls: crate/src/bindings/external.rs. Neither throws, nor leaves anything of the core locked. */
export class ExternalRegistry {
  readonly #linear: LinearMemory;
  readonly #numbered = new Map<number, ExternalMemory>();
  #next = 1;
  #staging: StagingBuffer | undefined;

  private constructor(linear: LinearMemory) {
    this.#linear = linear;
    linear.raw.gm_connect(this);
  }

  /** The registry of a linear memory, made when it is first asked for. */
  static of(linear: LinearMemory): ExternalRegistry {
    let registry = registries.get(linear);
    if (registry === undefined) {
      registry = new ExternalRegistry(linear);
      registries.set(linear, registry);
    }
    return registry;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#numbered.size > 0;
  }

  /** Before the first is mapped, because linear memory may grow. @throws GuestMemoryError `OUT_OF_MEMORY`. */
  prepare(): void {
    this.#staging ??= new StagingBuffer(this.#linear);
  }

  /** Where bytes of theirs are put for the core. */
  get staging(): StagingBuffer {
    if (this.#staging) return this.#staging;
    throw new Error("external memory is searched before any was mapped"); // which the core does not say
  }

  /** Gives an external memory its number, until the core forgets it. */
  add(external: ExternalMemory): number {
    const number = this.#next++;
    this.#numbered.set(number, external);
    return number;
  }

  /** Copies between linear memory and an external memory; false, and nothing copied, where that is not all there. */
  moveBytes(number: number, low: number, high: number, host: number, length: number, write: boolean): boolean {
    const external = this.#numbered.get(number);
    if (external === undefined) return false;
    try {
      const offset = join(low, high);
      const bytes = external.current(offset, length).subarray(offset, offset + length);
      if (bytes.length < length) return false;
      this.#linear.replace(); // it may have grown; and nobody is told in the middle of a call of the core
      const ours = this.#linear.u8.subarray(host, host + length);
      if (write) bytes.set(ours);
      else ours.set(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Nobody has the region any more. */
  forget(number: number): void {
    this.#numbered.delete(number);
  }
}
