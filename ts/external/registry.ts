// ExternalRegistry: the external memories of one Wasm module by number, so that Rust code in it can access their bytes.

import type { LinearMemory } from "../core/linear-memory.ts";
import { join } from "../core/u64.ts";
import type { ExternalMemory } from "./external-memory.ts";
import { StagingBuffer } from "./staging.ts";
import { copyScalar, wordIn } from "./words.ts";

const registries = new WeakMap<LinearMemory, ExternalRegistry>();

/** The core calls `moveBytes` and `forget` (crate/src/bindings/external.rs), with nothing locked. Neither throws. */
export class ExternalRegistry {
  readonly #linear: LinearMemory;
  readonly #numbered = new Map<number, ExternalMemory>();
  #next = 1;
  #staging: StagingBuffer | undefined;

  private constructor(linear: LinearMemory) {
    this.#linear = linear;
    linear.raw.gm_connect(this);
  }

  /** The registry of a linear memory, made at the first call. */
  static of(linear: LinearMemory): ExternalRegistry {
    let registry = registries.get(linear);
    if (registry === undefined) {
      registry = new ExternalRegistry(linear);
      registries.set(linear, registry);
    }
    return registry;
  }

  /** Whether any external memory is registered. */
  get any(): boolean {
    return this.#numbered.size > 0;
  }

  /**
   * Makes the staging buffer. Linear memory may grow, so it comes before the first external region is mapped.
   *
   * @throws GuestMemoryError `OUT_OF_MEMORY`.
   */
  prepare(): void {
    this.#staging ??= new StagingBuffer(this.#linear);
  }

  /** The buffer through which the core sees external bytes. */
  get staging(): StagingBuffer {
    if (this.#staging) return this.#staging;
    throw new Error("external memory is searched before any was mapped"); // unreachable
  }

  /** Registers an external memory and returns its number, valid until the core calls `forget`. */
  add(external: ExternalMemory): number {
    const number = this.#next++;
    this.#numbered.set(number, external);
    return number;
  }

  /** Copies between linear memory and an external memory. Returns false, and copies nothing, if bytes are missing. */
  moveBytes(number: number, low: number, high: number, host: number, length: number, write: boolean): boolean {
    const external = this.#numbered.get(number);
    if (external === undefined) return false;
    try {
      const offset = join(low, high);
      const bytes = external.current(offset, length).subarray(offset, offset + length);
      if (bytes.length < length) return false;
      this.#linear.replace(); // it may have grown; `refresh` would run listeners in the middle of a call of the core
      const inside = this.#linear.u8.subarray(host, host + length);
      const words = external.words(length);
      if (words) {
        const word = wordIn(inside, 0);
        if (write) copyScalar(word, 0, words, offset, length);
        else copyScalar(words, offset, word, 0, length);
        return true;
      }
      if (write) bytes.set(inside);
      else inside.set(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Called when the core has dropped the region. */
  forget(number: number): void {
    this.#numbered.delete(number);
  }
}
