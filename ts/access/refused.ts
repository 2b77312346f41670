// Refused: accesses that the map refuses. The handlers onDenied and onUnmapped serve them, or an error is thrown.

import {
  ACCESS_EXECUTE,
  ACCESS_READ,
  ACCESS_WRITE,
  FOUND_DEVICE,
  STATUS_INVALID_GUEST_ADDRESS,
  STATUS_PARTIAL_BUFFER,
  STATUS_PERMISSION_DENIED,
  STATUS_READ_ONLY,
} from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import { type BoundDevice, type Value, valueAt } from "../device/bound-device.ts";
import type { OnDenied } from "../device/on-denied.ts";
import { checkAnswer, type OnUnmapped } from "../device/on-unmapped.ts";
import type { Transfer } from "../device/transfer.ts";
import type { Access, Mover } from "../space/mover.ts";
import type { Space } from "../space/space.ts";
import { DENIED, HOLE } from "./section.ts";

/** The handlers of one kind of refusal. */
type Handlers = OnDenied<U64Like> | OnUnmapped<U64Like>;

/**
 * Asks the handlers of a space for accesses that protection, ROM or a hole refuses. A handler for holes may map the bytes:
 * then the access is made, and the handler is not asked again.
 */
export class Refused {
  readonly #space: Space;
  readonly #mover: Mover;

  constructor(space: Space) {
    this.#space = space;
    this.#mover = space.mover;
  }

  /** Reads `size` bytes that `status` refuses. */
  load(status: number, address: U64Like, size: number, access: Access): Value {
    const { onDenied, onUnmapped } = this.#space;
    const handlers = isDenied(status) ? onDenied : onUnmapped;
    const handler = isDenied(status) && access === ACCESS_EXECUTE ? onDenied?.fetch : handlers?.read;
    const served = handler !== undefined && this.#servable(status, address);
    const { generation } = this.#space;
    const value: unknown = served ? handler.call(handlers, this.#space.toAddress(address), size) : undefined;
    return this.#expectValue(value, status, generation, address, size, access);
  }

  /** Reads a section of kind `DENIED` or `HOLE` that no watch sees, as an unsigned number. */
  loadSection(kind: number, address: U64Like, size: 1 | 2 | 4): number {
    const { generation } = this.#space;
    const handlers = kind === DENIED ? this.#space.onDenied : this.#space.onUnmapped;
    let value: unknown = handlers?.read?.(this.#space.toAddress(address), size);
    if (typeof value !== "number") {
      const answer = this.#expectValue(value, statusOf(kind), generation, address, size, ACCESS_READ);
      value = typeof answer === "bigint" ? Number(BigInt.asUintN(32, answer)) : answer;
    }
    return toUnsigned(value as number, size);
  }

  /** Writes a section of kind `DENIED` or `HOLE` that no watch sees; returns false if there is no handler for it. */
  storeSection(kind: number, address: U64Like, size: number, value: Value): boolean {
    const { generation } = this.#space;
    const handlers = kind === DENIED ? this.#space.onDenied : this.#space.onUnmapped;
    if (!handlers?.write) return false;
    handlers.write(this.#space.toAddress(address), size, value);
    if (kind === DENIED || this.#space.generation === generation) return true;
    if (this.#hasMapped(STATUS_INVALID_GUEST_ADDRESS, generation, address, size, ACCESS_WRITE))
      this.storeMapped(address, bytesOf(value, size), value);
    return true;
  }

  /** Undefined if a store is possible; else the handlers that serve it. Throws its error if none do. */
  handlersOf(address: U64Like, size: number): Handlers | undefined {
    const status = this.#mover.status(address, size, ACCESS_WRITE);
    if (status === 0) return undefined;
    const handlers = isDenied(status) ? this.#space.onDenied : this.#space.onUnmapped;
    if (handlers?.write && this.#servable(status, address)) return handlers;
    throw this.#failure(address, size, ACCESS_WRITE, "write", status);
  }

  /** Lets handlers serve a write; returns whether they have mapped its bytes instead. */
  store(handlers: Handlers, address: U64Like, size: number, value: Value): boolean {
    const { generation } = this.#space;
    const status = this.#mover.status(address, size, ACCESS_WRITE);
    handlers.write?.(this.#space.toAddress(address), size, value);
    return this.#hasMapped(status, generation, address, size, ACCESS_WRITE);
  }

  /** Writes a range that is mapped, and that nothing forbids. Does not ask a handler for holes. */
  storeMapped(address: U64Like, bytes: Uint8Array<ArrayBuffer>, value: Value): void {
    const size = bytes.length;
    const alone = this.single(address, size, ACCESS_WRITE);
    if (alone) alone.device.write(alone.offset, size, value, "cpu", address);
    else {
      const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
      this.#mover.write(bytes, ACCESS_WRITE, transfer);
      if (transfer.done < size) throw this.#mover.mapChangedError(ACCESS_WRITE, transfer, "write");
    }
  }

  /** Reads a range that is mapped, and that nothing forbids. Does not ask a handler for holes. */
  loadMapped(address: U64Like, size: number, access: Access): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    const transfer: Transfer = { who: "cpu", address, length: size, done: 0 };
    this.#mover.read(bytes, access, transfer);
    if (transfer.done < size) throw this.#mover.mapChangedError(access, transfer, "read");
    return bytes;
  }

  /** The device that holds all bytes of an access, if one does. */
  single(address: U64Like, size: number, access: Access): { device: BoundDevice; offset: number } | undefined {
    const { piece } = this.#space;
    if (piece.find(address, size, access) !== FOUND_DEVICE || piece.bytes < size) return undefined;
    return { device: this.#space.device(piece.region), offset: piece.offset };
  }

  /**
   * The value that a handler has given for an access that `status` refuses. If it has given none, but has mapped the
   * bytes since `generation`, the access is made; else it fails.
   */
  #expectValue(
    value: unknown,
    status: number,
    generation: number,
    address: U64Like,
    size: number,
    access: Access,
  ): Value {
    const what = access === ACCESS_EXECUTE ? "fetch" : "read";
    const name = isDenied(status) ? `onDenied.${what}` : "onUnmapped.read";
    const answer = checkAnswer(value, size, name);
    if (answer !== undefined) return answer;
    if (!this.#hasMapped(status, generation, address, size, access))
      throw this.#failure(address, size, access, what, status);
    const alone = this.single(address, size, access);
    if (alone) return alone.device.read(alone.offset, size, "cpu", address);
    return valueAt(this.loadMapped(address, size, access), 0, size);
  }

  /** Whether a handler for holes, called at `generation`, has mapped all bytes of the access. */
  #hasMapped(status: number, generation: number, address: U64Like, size: number, access: Access): boolean {
    const space = this.#space;
    if (isDenied(status) || space.generation === generation || space.disposed) return false;
    return this.#mover.status(address, size, access) === 0;
  }

  /** The error of an access. Checks again, because a handler may have used the report block, or changed the map. */
  #failure(address: U64Like, size: number, access: Access, what: string, before: number): Error {
    const status = this.#mover.status(address, size, access);
    return this.#space.linear.failure(status === 0 ? before : status, what, { address, length: size });
  }

  /**
   * Whether a handler may serve the access: it is forbidden or touches a hole, but does not pass 2^64. The address must
   * be exact in this memory's kind of number, because a rounded one would be another address.
   */
  #servable(status: number, address: U64Like): boolean {
    const known = isDenied(status) || status === STATUS_INVALID_GUEST_ADDRESS || status === STATUS_PARTIAL_BUFFER;
    return known && (this.#space.bigint || address <= Number.MAX_SAFE_INTEGER);
  }
}

/** Whether a status is a refusal by protection or ROM, and not by a hole. */
function isDenied(status: number): boolean {
  return status === STATUS_READ_ONLY || status === STATUS_PERMISSION_DENIED;
}

/** The status with which the core refuses a section's accesses. */
export function statusOf(kind: number): number {
  return kind === HOLE ? STATUS_INVALID_GUEST_ADDRESS : STATUS_PERMISSION_DENIED;
}

/** The low bits of a number, as the unsigned value of so many bytes. */
export function toUnsigned(value: number, size: 1 | 2 | 4): number {
  return size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff;
}

/** The bytes of a value, least significant first. */
function bytesOf(value: Value, size: number): Uint8Array<ArrayBuffer> {
  const all = BigInt(value);
  return Uint8Array.from({ length: size }, (_, index) => Number((all >> BigInt(8 * index)) & 0xffn));
}
