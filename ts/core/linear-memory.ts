// LinearMemory: one Wasm module's memory, the typed arrays over it, and the members that are told when it grows.

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
  STATUS_OUT_OF_MEMORY,
  STATUS_TEXTS,
} from "./abi.ts";
import { isAttached } from "./byte-array.ts";
import { type ErrorDetails, GuestMemoryError, type GuestMemoryErrorCode, hex } from "./errors.ts";
import type { RawExports } from "./raw.ts";
import { joinBig } from "./u64.ts";

/** Up to this many pages, a loop marks faster than `TypedArray.fill`. */
const FEW_PAGES = 32;

/** The end of the message about memory that cannot be had. */
const LIMIT = " (it has at most 4 GiB for all memories together; external memory lies outside it)";

/** A part of the facade that holds typed arrays over a linear memory, and needs new ones when it grows. */
export interface Member {
  /** Called first, when the arrays below were replaced: the member replaces its own. Must not run user code. */
  arraysReplaced(): void;
  /** Called when every member has new arrays: the member tells its user's listeners. */
  viewsDetached(): void;
}

/**
 * One linear memory. Growth detaches every typed array over it. The facade makes new ones after each call that may grow
 * it (creation, insertion, reservation, writes to discarded memory), and when it finds that other code in the module,
 * such as a Rust device, has made it grow.
 */
export class LinearMemory {
  readonly raw: RawExports;
  /** The buffer of the arrays below. */
  buffer!: ArrayBuffer;
  u8!: Uint8Array<ArrayBuffer>;
  u16!: Uint16Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  u64!: BigUint64Array<ArrayBuffer>;
  /** The dirty map, one byte for each host page; see docs/page-table.md. */
  dirty!: Uint8Array<ArrayBuffer>;
  /** The report block: the core's results beside a status. */
  report!: Uint32Array<ArrayBuffer>;
  /** The transfer buffer: needles and names to the core, dirty ranges and names from it. */
  transfer!: Uint8Array<ArrayBuffer>;
  /** How often the arrays were replaced. */
  generation = 0;

  readonly #reportOffset: number;
  readonly #transferOffset: number;
  readonly #transferBytes: number;
  readonly #dirtyOffset: number;
  /** Members whose arrays were replaced and whose listeners were not told yet. */
  #toNotify: Member[] = [];
  readonly #members = new Set<WeakRef<Member>>();

  constructor(raw: RawExports) {
    this.raw = raw;
    this.#reportOffset = raw.gm_layout(LAYOUT_REPORT) >>> 0;
    this.#transferOffset = raw.gm_layout(LAYOUT_TRANSFER) >>> 0;
    this.#transferBytes = raw.gm_layout(LAYOUT_TRANSFER_BYTES);
    this.#dirtyOffset = raw.gm_layout(LAYOUT_DIRTY_MAP) >>> 0;
    this.#makeArrays();
  }

  /** Makes new arrays if the memory has grown since the last call, and tells all members. */
  refresh(): void {
    this.replace();
    this.notify();
  }

  /** The first half of `refresh`. Runs no user code, so that the report block can still be read afterwards. */
  replace(): void {
    // Growth detaches the arrays. Reading `memory.buffer` would take 50 ns.
    if (isAttached(this.u8)) return;
    this.#makeArrays();
    this.generation++;
    const members: Member[] = [];
    for (const reference of this.#members) {
      const member = reference.deref();
      if (member) members.push(member);
      else this.#members.delete(reference);
    }
    for (const member of members) member.arraysReplaced();
    this.#toNotify = members;
  }

  /** The second half of `refresh`: calls users' listeners, which may use any memory. */
  notify(): void {
    const members = this.#toNotify;
    if (members.length === 0) return;
    this.#toNotify = [];
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

  /** Marks the host pages of a range of linear memory as written, for every dirty client. */
  markDirty(host: number, bytes: number): void {
    if (bytes === 0) return;
    const { dirty } = this;
    const first = host >>> PAGE_BITS;
    const last = (host + bytes - 1) >>> PAGE_BITS;
    if (last - first >= FEW_PAGES) dirty.fill(DIRTY_MARK, first, last + 1);
    else for (let page = first; page <= last; page++) dirty[page] = DIRTY_MARK;
  }

  /** Adds a member, held weakly. Returns a function that removes it. */
  join(member: Member): () => void {
    const reference = new WeakRef(member);
    this.#members.add(reference);
    return () => this.#members.delete(reference);
  }

  /** A word of the core's last report. */
  reported(slot: number): number {
    return this.report[slot] as number;
  }

  /** A 64-bit value of the report: the low half is in this word, the high half in the next. */
  reported64(slotLow: number): bigint {
    return joinBig(this.reported(slotLow), this.reported(slotLow + 1));
  }

  /** Throws the error for a status other than 0. `what` names the operation in the message. */
  expect(status: number, what: string, place: ErrorDetails = {}): void {
    if (status !== 0) throw this.failure(status, what, place);
  }

  /** The error for a status other than 0. */
  failure(status: number, what: string, place: ErrorDetails): Error {
    this.replace(); // the call may have grown linear memory and so detached the report's array
    const range = place.address === undefined ? "" : ` at ${hex(place.address)}`;
    const length = place.length === undefined ? "" : `, ${place.length} bytes`;
    const start = `${what}${range}${length}: `;
    const code = (STATUS_CODES as Readonly<Record<number, GuestMemoryErrorCode>>)[status];
    if (code === undefined) return new Error(`${start}unknown status ${status}`);
    const text = (STATUS_TEXTS as Readonly<Record<number, string>>)[status] as string;
    const filled = text
      .replace("{address}", () => hex(this.reported64(FAULT_ADDRESS_LOW)))
      .replace("{length}", () => String(this.reported64(FAULT_LENGTH_LOW)));
    return new GuestMemoryError(code, start + filled + (status === STATUS_OUT_OF_MEMORY ? LIMIT : ""), place);
  }
}
