// CachedRun: remembers a run of guest addresses and its target, for one generation of the map.

/**
 * A run of guest addresses that shows adjacent bytes of one target: a device, an external memory, or linear memory.
 * Valid for the generation of the map in which it was found.
 */
export class CachedRun<T> {
  readonly target: T;
  readonly #generation: number;
  /** The first guest-physical address. */
  readonly #start: number;
  /** Bytes. Addresses 2 GiB or more after `start` are never found. */
  readonly #length: number;
  /** The byte of the target that `start` shows. */
  readonly #offset: number;

  constructor(target: T, generation: number, start: number, length: number, offset: number) {
    this.target = target;
    this.#generation = generation;
    this.#start = start;
    // The run ends at 2^53 - 1, the last address that is a number, because sums beyond it are rounded.
    this.#length = Math.min(length, Number.MAX_SAFE_INTEGER - start);
    this.#offset = (offset | 0) === offset ? offset | 0 : offset;
  }

  /**
   * The target's byte at which an access begins, or -1 if the run does not hold the access or is of another generation.
   *
   * Uses `| 0` to make the result an int32, which also rejects fractions: JavaScriptCore inlines a DataView's access at
   * an int32 offset, and makes a call, ten times as slow, if the same number is a double.
   */
  at(address: number, length: number, generation: number): number {
    const into = address - this.#start;
    const near = into | 0;
    if (near !== into || near < 0 || length > this.#length - near || generation !== this.#generation) return -1;
    return near + this.#offset;
  }
}
