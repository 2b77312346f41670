// Words: values of 1, 2, 4 and 8 bytes in external memory. In shared memory an aligned one is read and written at once.

import type { Cells } from "./external-memory.ts";

/** A DataView's methods for unsigned values. */
export type Words = Pick<DataView, `${"get" | "set"}${"Uint8" | "Uint16" | "Uint32" | "BigUint64"}`>;

/**
 * The words of shared external memory. Other threads never see a part of an aligned word, nor does the library: by
 * JavaScript's memory model elements of typed arrays up to 4 bytes do not tear, nor do atomics of 8, but a DataView's
 * values may. All are little-endian.
 */
export class SharedWords implements Words {
  readonly #cells: Cells;
  readonly #lead: number;
  readonly #data: DataView;

  /** @param lead - the index in `cells` of the byte at which `data` begins. */
  constructor(cells: Cells, lead: number, data: DataView) {
    this.#cells = cells;
    this.#lead = lead;
    this.#data = data;
  }

  getUint8(at: number): number {
    return this.#data.getUint8(at);
  }

  setUint8(at: number, value: number): void {
    this.#data.setUint8(at, value);
  }

  getUint16(at: number): number {
    const index = this.#lead + at;
    return index % 2 === 0 ? (this.#cells.u16[index / 2] as number) : this.#data.getUint16(at, true);
  }

  setUint16(at: number, value: number): void {
    const index = this.#lead + at;
    if (index % 2 === 0) this.#cells.u16[index / 2] = value;
    else this.#data.setUint16(at, value, true);
  }

  getUint32(at: number): number {
    const index = this.#lead + at;
    return index % 4 === 0 ? (this.#cells.u32[index / 4] as number) : this.#data.getUint32(at, true);
  }

  setUint32(at: number, value: number): void {
    const index = this.#lead + at;
    if (index % 4 === 0) this.#cells.u32[index / 4] = value;
    else this.#data.setUint32(at, value, true);
  }

  getBigUint64(at: number): bigint {
    const index = this.#lead + at;
    return index % 8 === 0 ? Atomics.load(this.#cells.u64, index / 8) : this.#data.getBigUint64(at, true);
  }

  setBigUint64(at: number, value: bigint): void {
    const index = this.#lead + at;
    if (index % 8 === 0) Atomics.store(this.#cells.u64, index / 8, value);
    else this.#data.setBigUint64(at, value, true);
  }
}

/** Copies a scalar of 1, 2, 4, 8 or 16 bytes; 8 bytes of private memory as two halves, which need no bigint. */
export function copyScalar(from: Words, at: number, into: Words, to: number, size: number): void {
  if (size === 1) into.setUint8(to, from.getUint8(at));
  else if (size === 2) into.setUint16(to, from.getUint16(at, true), true);
  else if (size === 8 && (from instanceof SharedWords || into instanceof SharedWords)) {
    into.setBigUint64(to, from.getBigUint64(at, true), true);
  } else {
    for (let done = 0; done < size; done += 4) into.setUint32(to + done, from.getUint32(at + done, true), true);
  }
}

/** A word in an array that is not the caller's. */
export function wordIn(bytes: Uint8Array, at: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at);
}
