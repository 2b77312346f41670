// CachedRun: a run of guest addresses, with what it showed in one generation of the map.

/**
 * A run of guest addresses that show adjacent bytes of one thing, a device, external or linear memory, as it was found in
 * one generation of the map.
 */
export class CachedRun<T> {
  readonly target: T;
  readonly #generation: number;
  /** The first guest-physical address. */
  readonly #start: number;
  /** Bytes; what lies 2 GiB behind `start`, or further, is not found. */
  readonly #length: number;
  /** Where in the target `start` lies. */
  readonly #offset: number;

  constructor(target: T, generation: number, start: number, length: number, offset: number) {
    this.target = target;
    this.#generation = generation;
    this.#start = start;
    // Up to 2^53 - 1, the last number that is an address: behind it sums are rounded.
    this.#length = Math.min(length, Number.MAX_SAFE_INTEGER - start);
    this.#offset = (offset | 0) === offset ? offset | 0 : offset;
  }

  /**
   * Where in the target an access lies, if that is known in this generation; else -1.
   *
   * By `| 0`, which also finds what is no integer: JavaScriptCore makes an access through a DataView of what it knows as an
   * int32, and a call that takes ten times as long of the same number as a double.
   */
  at(address: number, length: number, generation: number): number {
    const into = address - this.#start;
    const near = into | 0;
    if (near !== into || near < 0 || length > this.#length - near || generation !== this.#generation) return -1;
    return near + this.#offset;
  }
}
