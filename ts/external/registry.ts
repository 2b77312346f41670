// Externals: the external memories of one Wasm module, by number, for Rust code in it that reaches for their bytes.

import type { LinearMemory } from "../core/linear-memory.ts";
import { join } from "../core/u64.ts";
import type { ExternalBytes } from "./external-memory.ts";
import { Bench } from "./staging.ts";

/** What the core calls: crate/src/bindings/external.rs. Neither throws, nor leaves anything of the core locked. */
export class Externals {
  readonly #linear: LinearMemory;
  readonly #numbered = new Map<number, ExternalBytes>();
  #next = 1;
  #bench: Bench | undefined;

  constructor(linear: LinearMemory) {
    this.#linear = linear;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#numbered.size > 0;
  }

  /** Before the first is mapped, because linear memory may grow. @throws GuestMemoryError `OUT_OF_MEMORY`. */
  prepare(): void {
    this.#bench ??= new Bench(this.#linear);
  }

  /** Where bytes of theirs are put for the core. */
  get bench(): Bench {
    if (this.#bench) return this.#bench;
    throw new Error("external memory is searched before any was mapped"); // which the core does not say
  }

  /** Gives an external memory its number, until the core forgets it. */
  add(external: ExternalBytes): number {
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
