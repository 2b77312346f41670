// SlowPath: scalar accesses that the page table does not answer: partial pages, crossings, far addresses, holes.

import type { Space } from "./space.ts";
import type { Wide } from "./wide.ts";
import * as wide from "./wide.ts";

const INVALID_GUEST_ADDRESS = 1;
const PARTIAL_BUFFER = 2;

/**
 * Moves one scalar between guest memory and an eight-byte scratch area, in which the caller reads or writes it in the
 * type and byte order it wants. The core answers where the bytes are; a handler of the user's is called with no core
 * call on the stack, and nothing that was resolved before is used after it.
 */
export class SlowPath {
  readonly #space: Space;
  readonly #scratch: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(8));
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(space: Space) {
    this.#space = space;
    this.#bytes = new Uint8Array(this.#scratch.buffer);
  }

  /** Reads `size` bytes at `address`. The view is good until the next call. */
  load(address: Wide, size: number): DataView {
    if (!this.#move(address, size, false)) this.#loadUnmapped(address, size);
    return this.#scratch;
  }

  /** The scratch area, to be filled before `store`. */
  get scratch(): DataView {
    return this.#scratch;
  }

  /** Writes the scratch area's first `size` bytes to `address`. */
  store(address: Wide, size: number): void {
    if (!this.#move(address, size, true)) this.#storeUnmapped(address, size);
  }

  /** Moves the bytes if all of them are backed; false if not. */
  #move(address: Wide, size: number, write: boolean): boolean {
    wide.split(address, "address");
    const { low, high } = wide;
    const space = this.#space;
    space.enter();
    const { raw, u8, dirty, report } = space.linear;
    if (raw.gm_forward_run(space.handle, low, high, size) !== 0) return false;
    let host = report[0] as number;
    let length = report[1] as number;
    if (length < size && raw.gm_check(space.handle, low, high, size, 0) !== 0) return false;
    for (let done = 0; ; ) {
      for (let index = 0; index < length; index++, done++, host++) {
        if (write) {
          u8[host] = this.#bytes[done] as number;
          dirty[host >>> 12] = 0xff;
        } else {
          this.#bytes[done] = u8[host] as number;
        }
      }
      if (done === size) return true;
      const next = low + done;
      raw.gm_forward_run(space.handle, next >>> 0, high + (next > 0xffff_ffff ? 1 : 0), size - done);
      host = report[0] as number;
      length = report[1] as number;
    }
  }

  #loadUnmapped(address: Wide, size: number): void {
    const status = this.#missing(address, size);
    const handler = this.#space.onUnmapped;
    const value = handler?.read && this.#servable(status, address) ? handler.read(this.#own(address), size) : undefined;
    if (value === undefined) throw this.#failure(status, "read", address, size);
    if (typeof value !== "number" && typeof value !== "bigint") {
      throw new TypeError(`onUnmapped.read must give a number, a bigint or undefined, not ${wide.describe(value)}`);
    }
    this.#put(value, size);
  }

  #storeUnmapped(address: Wide, size: number): void {
    const status = this.#missing(address, size);
    const handler = this.#space.onUnmapped;
    if (!handler?.write || !this.#servable(status, address)) throw this.#failure(status, "write", address, size);
    const scratch = this.#scratch;
    const value =
      size === 8
        ? scratch.getBigUint64(0, true)
        : size === 4
          ? scratch.getUint32(0, true)
          : size === 2
            ? scratch.getUint16(0, true)
            : scratch.getUint8(0);
    handler.write(this.#own(address), size, value);
  }

  /** The status that says what is missing. */
  #missing(address: Wide, size: number): number {
    wide.split(address, "address");
    const { linear, handle } = this.#space;
    return linear.raw.gm_check(handle, wide.low, wide.high, size, 0);
  }

  #failure(status: number, what: string, address: Wide, size: number): Error {
    this.#missing(address, size); // a handler may have used the report since
    return this.#space.linear.failure(status, what, { address, length: size });
  }

  /**
   * A handler answers for holes, not for addresses that do not exist; nor for one that this memory's kind of number
   * cannot say: rounded, it would name another.
   */
  #servable(status: number, address: Wide): boolean {
    const hole = status === INVALID_GUEST_ADDRESS || status === PARTIAL_BUFFER;
    return hole && (this.#space.bigint || address <= Number.MAX_SAFE_INTEGER);
  }

  /** An address in this memory's kind of number. */
  #own(address: Wide): Wide {
    wide.split(address, "address");
    return this.#space.address(wide.low, wide.high);
  }

  #put(value: number | bigint, size: number): void {
    const scratch = this.#scratch;
    if (size === 8) scratch.setBigUint64(0, BigInt(value), true);
    else if (typeof value === "bigint") scratch.setBigUint64(0, value, true);
    else scratch.setUint32(0, value, true);
  }
}
