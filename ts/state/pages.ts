// Pages: the bytes of a region or of a section as a snapshot keeps them: its own pages, and else its base's.

import { GuestMemoryError } from "../core/errors.ts";
import { PAGE } from "../space/change-log.ts";
import { type Cells, cellsOf, isZero } from "./cells.ts";

/** The place of a page of zeros. */
const ZEROS = 0xffff_ffff;

/** Where the bytes of a page lie. */
export interface Place {
  readonly cells: Cells;
  readonly at: number;
}

/** A page of zeros. */
export const ZERO_PAGE: Place = { cells: cellsOf(new Uint8Array(PAGE)), at: 0 };

/**
 * Bytes in pages of 4096, from the first byte on. A page of zeros takes no room; the bytes of a page behind the
 * last byte do not count. Never changed once it is made.
 */
export class Pages {
  /** The number of bytes. */
  readonly size: number;
  /** Where a page is looked up that is not here; undefined if all such pages are zeros. */
  readonly base: Pages | undefined;
  /** The numbers of the pages that are here, ascending. */
  readonly numbers: Uint32Array;
  /** Where each of them lies, in pages of `cells`. */
  readonly #places: Uint32Array;
  readonly #cells: Cells;

  constructor(size: number, base: Pages | undefined, numbers: Uint32Array, places: Uint32Array, bytes: Uint8Array) {
    this.size = size;
    this.base = base;
    this.numbers = numbers;
    this.#places = places;
    this.#cells = cellsOf(bytes);
  }

  /** How many bytes of memory it takes, without its base. */
  get byteLength(): number {
    return this.#cells.u8.length + this.numbers.byteLength + this.#places.byteLength;
  }

  /** The bytes of a page; undefined if they are zeros. */
  find(number: number): Place | undefined {
    for (let pages: Pages | undefined = this; pages !== undefined; pages = pages.base) {
      if (number * PAGE >= pages.size) return undefined; // a section may have been shorter once
      const place = pages.#place(number);
      if (place !== undefined) return place === ZEROS ? undefined : { cells: pages.#cells, at: place * PAGE };
    }
    return undefined;
  }

  /** The numbers of the pages that are here or in a base before `end`, ascending. */
  numbersUpTo(end: Pages | undefined): Uint32Array {
    const all = new Set<number>();
    for (let pages: Pages | undefined = this; pages !== undefined && pages !== end; pages = pages.base) {
      for (const number of pages.numbers) all.add(number);
    }
    return Uint32Array.from(all).sort();
  }

  /** All bytes. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = bytesOf(this.size);
    for (const number of this.numbersUpTo(undefined)) {
      const start = number * PAGE;
      const place = this.find(number);
      if (place) bytes.set(place.cells.u8.subarray(place.at, place.at + Math.min(PAGE, this.size - start)), start);
    }
    return bytes;
  }

  #place(number: number): number | undefined {
    const { numbers } = this;
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return numbers[low] === number ? this.#places[low] : undefined;
  }
}

/** Where the bytes come from that new pages are made of. */
export interface PageSource {
  readonly size: number;
  /** Whether a page has no byte but 0. */
  isZero(number: number): boolean;
  /** Copies pages that follow each other; fewer bytes at the end. */
  copy(first: number, behind: number, into: Uint8Array): void;
}

/** Takes pages by their ascending numbers from a source: all others are the base's. */
export function takePages(source: PageSource, numbers: ArrayLike<number>, base: Pages | undefined): Pages {
  const taken = Uint32Array.from(numbers);
  const places = new Uint32Array(taken.length);
  let count = 0;
  for (let index = 0; index < taken.length; index++) {
    places[index] = source.isZero(taken[index] as number) ? ZEROS : count++;
  }
  const bytes = bytesOf(count * PAGE);
  for (let index = 0; index < taken.length; ) {
    const place = places[index] as number;
    let behind = index + 1;
    if (place !== ZEROS) {
      while (places[behind] === place + behind - index && taken[behind] === (taken[index] as number) + behind - index) {
        behind++;
      }
      const first = taken[index] as number;
      source.copy(first, first + behind - index, bytes.subarray(place * PAGE, (place + behind - index) * PAGE));
    }
    index = behind;
  }
  return new Pages(source.size, base, taken, places, bytes);
}

/** An array of so many bytes. */
function bytesOf(count: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(count);
  } catch (cause) {
    throw new GuestMemoryError("OUT_OF_MEMORY", `no array of this engine has ${count} bytes`, { length: count, cause });
  }
}

/** The pages of another `Pages`, for a source. */
export function sourceOf(pages: Pages): PageSource {
  return {
    size: pages.size,
    isZero: (number) => pages.find(number) === undefined,
    copy(first, behind, into) {
      for (let number = first; number < behind; number++) {
        const place = pages.find(number);
        if (place) into.set(place.cells.u8.subarray(place.at, place.at + PAGE), (number - first) * PAGE);
      }
    },
  };
}

/** The pages of an array that is not the caller's, for a source. */
export function sourceOfBytes(bytes: Uint8Array): PageSource & { readonly cells: Cells } {
  const cells = cellsOf(bytes);
  return {
    size: bytes.length,
    cells,
    isZero: (number) => isZero(cells, number * PAGE, Math.min(PAGE, bytes.length - number * PAGE)),
    copy: (first, behind, into) => into.set(bytes.subarray(first * PAGE, behind * PAGE)),
  };
}
