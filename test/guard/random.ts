// Random: numbers from a seed, the same on every engine.

/** A sequence of random numbers (sfc32). Two of the same seeds draw the same. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...seeds: [number, number, number]) {
    [this.#a, this.#b, this.#c] = seeds;
    for (let index = 0; index < 12; index++) this.bits();
  }

  /** 32 bits. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer from 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor((this.bits() / 2 ** 32) * end);
  }

  /** An integer from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True once in `often` times. */
  once(often: number): boolean {
    return this.below(often) === 0;
  }

  /** 64 bits. */
  big(): bigint {
    return (BigInt(this.bits()) << 32n) | BigInt(this.bits());
  }

  /** A bigint from 0 to `end` - 1. */
  bigBelow(end: bigint): bigint {
    return end <= 0n ? 0n : this.big() % end;
  }

  pick<T>(list: readonly [T, ...T[]]): T;
  pick<T>(list: readonly T[]): T | undefined;
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}
