// LinearMemory: one Wasm module's memory, the typed arrays over it, and everybody who must hear that it grew.

import {
  DIRTY_MARK,
  FAULT_ADDRESS_LOW,
  FAULT_LENGTH_LOW,
  HOST_PAGES,
  LAYOUT_DIRTY_MAP,
  LAYOUT_REPORT,
  LAYOUT_TRANSFER,
  LAYOUT_TRANSFER_BYTES,
  PAGE_BITS,
  REPORT_WORDS,
  STATUS_CODES,
  STATUS_TEXTS,
} from "./abi.ts";
import { type ErrorDetails, GuestMemoryError, type GuestMemoryErrorCode, hex } from "./errors.ts";
import type { RawExports } from "./raw.ts";
import { joinBig } from "./u64.ts";

/** Up to so many pages, a loop marks faster than a call of the engine's. */
const FEW_PAGES = 32;

/** Who holds typed arrays over a linear memory, and needs new ones when it grew. */
export interface Member {
  /** The arrays were replaced: time to replace one's own. Runs no code of a user. */
  arraysReplaced(): void;
  /** Everybody has new arrays: time to tell users. */
  viewsDetached(): void;
}

/**
 * One linear memory. Growth detaches every typed array over it; the facade makes new ones at the calls that may grow
 * (creation, insertion, reservation, writes to what was discarded), and wherever it finds that somebody else, a Rust device say, made it grow.
 */
export class LinearMemory {
  readonly raw: RawExports;
  /** Which buffer the arrays below are over. */
  buffer!: ArrayBuffer;
  u8!: Uint8Array<ArrayBuffer>;
  u16!: Uint16Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  u64!: BigUint64Array<ArrayBuffer>;
  /** One byte a host page; see docs/page-table.md. */
  dirty!: Uint8Array<ArrayBuffer>;
  /** What the core says beside a status. */
  report!: Uint32Array<ArrayBuffer>;
  /** Needles to the core, dirty ranges from it. */
  transfer!: Uint8Array<ArrayBuffer>;
  /** How often the arrays were replaced. */
  generation = 0;

  readonly #reportOffset: number;
  readonly #transferOffset: number;
  readonly #transferBytes: number;
  readonly #dirtyOffset: number;
  /** Who has new arrays and was not told yet. */
  #untold: Member[] = [];
  readonly #members = new Set<WeakRef<Member>>();

  constructor(raw: RawExports) {
    this.raw = raw;
    this.#reportOffset = raw.gm_place(LAYOUT_REPORT) >>> 0;
    this.#transferOffset = raw.gm_place(LAYOUT_TRANSFER) >>> 0;
    this.#transferBytes = raw.gm_place(LAYOUT_TRANSFER_BYTES);
    this.#dirtyOffset = raw.gm_place(LAYOUT_DIRTY_MAP) >>> 0;
    this.#makeArrays();
  }

  /** Makes new arrays if the memory has grown since, and tells everybody. */
  refresh(): void {
    this.replace();
    this.notify();
  }

  /** The first half of `refresh`: runs no code of a user, so that what the core reported can be read after it. */
  replace(): void {
    // Growth detaches, and an array without its buffer has length 0. Asking the memory for its buffer takes 50 ns.
    if (this.u8.length !== 0) return;
    this.#makeArrays();
    this.generation++;
    const members: Member[] = [];
    for (const reference of this.#members) {
      const member = reference.deref();
      if (member) members.push(member);
      else this.#members.delete(reference);
    }
    for (const member of members) member.arraysReplaced();
    this.#untold = members;
  }

  /** The second half: users' listeners, who may use any memory. */
  notify(): void {
    const members = this.#untold;
    if (members.length === 0) return;
    this.#untold = [];
    for (const member of members) member.viewsDetached();
  }

  #makeArrays(): void {
    const buffer = this.raw.memory.buffer as ArrayBuffer;
    this.buffer = buffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.dirty = new Uint8Array(buffer, this.#dirtyOffset, HOST_PAGES);
    this.report = new Uint32Array(buffer, this.#reportOffset, REPORT_WORDS);
    this.transfer = new Uint8Array(buffer, this.#transferOffset, this.#transferBytes);
  }

  /** Marks the host pages of `bytes` bytes from a host offset on as written, for every dirty client. */
  markDirty(host: number, bytes: number): void {
    if (bytes === 0) return;
    const { dirty } = this;
    const first = host >>> PAGE_BITS;
    const last = (host + bytes - 1) >>> PAGE_BITS;
    if (last - first >= FEW_PAGES) dirty.fill(DIRTY_MARK, first, last + 1);
    else for (let page = first; page <= last; page++) dirty[page] = DIRTY_MARK;
  }

  /** Adds a member, held weakly. Gives what removes it. */
  join(member: Member): () => void {
    const reference = new WeakRef(member);
    this.#members.add(reference);
    return () => this.#members.delete(reference);
  }

  /** A word of what the core said last, beside a status. */
  reported(slot: number): number {
    return this.report[slot] as number;
  }

  /** A value of 64 bits, whose high half comes after the low one. */
  reported64(slotLow: number): bigint {
    return joinBig(this.reported(slotLow), this.reported(slotLow + 1));
  }

  /** Throws what a status says; `what` is the operation, for the message. 0 is no error. */
  expect(status: number, what: string, place: ErrorDetails = {}): void {
    if (status !== 0) throw this.failure(status, what, place);
  }

  /** The error for a status that is not 0. */
  failure(status: number, what: string, place: ErrorDetails): Error {
    this.replace(); // the report may lie behind detached arrays
    const range = place.address === undefined ? "" : ` at ${hex(place.address)}`;
    const length = place.length === undefined ? "" : `, ${place.length} bytes`;
    const start = `${what}${range}${length}: `;
    const code = (STATUS_CODES as Readonly<Record<number, GuestMemoryErrorCode>>)[status];
    if (code === undefined) return new Error(`${start}unknown status ${status}`);
    const text = (STATUS_TEXTS as Readonly<Record<number, string>>)[status] as string;
    const filled = text
      .replace("{address}", () => hex(this.reported64(FAULT_ADDRESS_LOW)))
      .replace("{length}", () => String(this.reported64(FAULT_LENGTH_LOW)));
    return new GuestMemoryError(code, start + filled, place);
  }
}
