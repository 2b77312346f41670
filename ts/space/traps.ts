// Traps: the write traps of one space. Springs the traps that a write touches, and calls their callbacks.

import {
  ACCESS_WRITE,
  FAULT_ADDRESS_LOW,
  LAYOUT_SPRUNG,
  STATUS_NOT_MEMORY,
  TRAP_FOUND,
  TRAP_ID,
  TRAPPED_COUNT,
  TRAPPED_PAGE_HIGH,
  TRAPPED_PAGE_LOW,
  TRAPPED_TRAP,
  TRAPPED_WORDS,
} from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "./space.ts";

const PAGE = 4096n;

/** Called with the part of the trap's range in one page, in the addresses at which the trap was set. */
export type TrapCallback = (address: U64Like, length: number) => void;

/** A trap on a range. It springs on each page by itself. */
interface Trap {
  readonly first: bigint;
  readonly end: bigint;
  /** Whether the trap is for the range alone, and not for all bytes of its pages. */
  readonly exact: boolean;
  readonly callback: TrapCallback;
  /** On how many pages it is still set. */
  pages: number;
  /** Whether it was ended as a whole, by its callback for example. */
  isRemoved: boolean;
}

/** A page on which a trap springs. */
interface SprungPage {
  readonly trap: number;
  readonly page: bigint;
}

/** The traps of all spaces of one linear memory: a write in one space springs the traps of its siblings. */
class TrapOwners {
  /** The spaces' traps by number, held weakly: a trap does not keep its memory alive. */
  readonly byTrap = new Map<number, WeakRef<Traps>>();
  /** Forgets the traps of a space that was collected without `dispose`: else every memory would go on asking for traps. */
  readonly #collected = new FinalizationRegistry<ReadonlySet<number>>((numbers) => {
    for (const trap of numbers) this.byTrap.delete(trap);
  });
  readonly #linear: LinearMemory;
  /** The index in `linear.u32` of the word that counts the pages that Rust stores have sprung. */
  readonly #word: number;
  #seen: number;
  #pending: SprungPage[] = [];

  constructor(linear: LinearMemory) {
    this.#linear = linear;
    this.#word = (linear.raw.gm_layout(LAYOUT_SPRUNG) >>> 0) / 4;
    this.#seen = linear.u32[this.#word] as number;
  }

  /** Takes note of a space's traps; `numbers` are those that it has. */
  join(traps: Traps, numbers: ReadonlySet<number>): void {
    this.#collected.register(traps, numbers);
  }

  /** Calls the callbacks for the pages that Rust stores have sprung since the last call. */
  drain(): void {
    const count = this.#linear.u32[this.#word];
    if (count === this.#seen && this.#pending.length === 0) return;
    this.#seen = count as number;
    for (let taken: SprungPage[] | undefined; taken?.length !== 0; this.#pending.push(...taken)) {
      this.#linear.raw.gm_sprung();
      this.#linear.replace();
      taken = reportedPages(this.#linear);
    }
    // A callback may throw: the next call goes on with the rest.
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.byTrap.get(next.trap)?.deref()?.ended(next.trap, next.page)?.();
    }
  }
}

const owners = new WeakMap<LinearMemory, TrapOwners>();

/** The write traps of one space. */
export class Traps {
  readonly #space: Space;
  readonly #owners: TrapOwners;
  readonly #traps = new Map<number, Trap>();
  /** The keys of `#traps`, apart from the callbacks, which may hold the space. */
  readonly #numbers = new Set<number>();
  readonly #self = new WeakRef(this);

  constructor(space: Space) {
    this.#space = space;
    const known = owners.get(space.linear);
    this.#owners = known ?? new TrapOwners(space.linear);
    if (known === undefined) owners.set(space.linear, this.#owners);
    this.#owners.join(this, this.#numbers);
  }

  /** Whether any space of the linear memory has a trap. */
  get any(): boolean {
    return this.#owners.byTrap.size > 0;
  }

  /** Calls the callbacks of the traps that Rust stores have sprung. */
  drain(): void {
    this.#owners.drain();
  }

  /** Sets a trap, and returns its number. */
  add(address: U64Like, length: U64Like, exact: boolean, callback: TrapCallback): number {
    u64.check(address, "address");
    u64.check(length, "length");
    this.#space.enter();
    const trap = this.#arm(address, length, exact);
    const [start, stop] = [BigInt(address), BigInt(address) + BigInt(length)];
    const first = exact ? start : start & ~(PAGE - 1n);
    const end = exact ? stop : (stop + PAGE - 1n) & ~(PAGE - 1n);
    const pages = Number(((stop - 1n) >> 12n) - (start >> 12n)) + 1;
    this.#keep(trap, { first, end, exact, callback, pages, isRemoved: false });
    return trap;
  }

  /** Ends a trap on all pages. */
  remove(trap: number): void {
    const entry = this.#traps.get(trap);
    if (entry === undefined) return;
    entry.isRemoved = true;
    this.#forget(trap);
    const { linear, handle, disposed } = this.#space;
    if (disposed) return;
    linear.raw.gm_untrap(handle, trap);
    linear.refresh();
  }

  /** Ends all traps, before the space is disposed. */
  dispose(): void {
    for (const trap of [...this.#traps.keys()]) this.remove(trap);
  }

  /** Whether a write to any byte of a range would spring a trap. */
  touches(address: U64Like, length: U64Like): boolean {
    return this.any && !this.#space.disposed && this.#touched(address, length, ACCESS_WRITE, 0xffff_ffff).length > 0;
  }

  /**
   * Springs the traps that a guest's write to a range touches, or a loader's, in the order in which they were set. Each
   * ends on the page, and then its callback runs. If that throws, the trap is set again, unless the write has happened.
   */
  spring(address: U64Like, length: U64Like, access: number = ACCESS_WRITE, hasHappened = false): void {
    if (!this.any || this.#space.disposed) return;
    const { linear, handle } = this.#space;
    linear.raw.gm_newest_trap(); // a callback may set new traps, for what follows the write
    const newest = linear.reported(TRAP_ID);
    for (;;) {
      const pages = this.#touched(address, length, access, newest);
      if (pages.length === 0) return;
      for (const { trap, page } of pages) {
        if (this.#space.disposed) return;
        linear.raw.gm_suspend_trap(handle, trap, u64.low(page), u64.high(page));
        linear.replace();
        if (linear.reported(TRAP_FOUND) === 0) continue; // two regions of one page, or a callback has ended it
        this.#call(trap, page, hasHappened);
      }
    }
  }

  /** Calls the callback for a page on which a trap has ended. Sets it again if that throws and the write has not happened. */
  #call(trap: number, page: bigint, hasHappened: boolean): void {
    const { linear, handle } = this.#space;
    const owner = this.#owners.byTrap.get(trap)?.deref();
    const entry = owner?.entry(trap);
    let again = false;
    try {
      owner?.ended(trap, page)?.();
    } catch (error) {
      again = !hasHappened && entry !== undefined && !entry.isRemoved;
      if (again) owner?.restore(trap, entry as Trap);
      throw error;
    } finally {
      if (!this.#space.disposed) linear.raw.gm_resume_trap(handle, trap, u64.low(page), u64.high(page), again);
    }
  }

  /** Takes note that a trap has ended on a page. Returns the call of its callback. */
  ended(trap: number, page: bigint): (() => void) | undefined {
    const entry = this.#traps.get(trap);
    if (entry === undefined) return undefined;
    if (--entry.pages === 0) this.#forget(trap);
    const [first, end] = part(entry, page);
    return () => entry.callback(this.#space.toAddress(first), Number(end - first));
  }

  /** A trap, by its number. */
  entry(trap: number): Trap | undefined {
    return this.#traps.get(trap);
  }

  /** Takes note that a trap is set again on a page. */
  restore(trap: number, entry: Trap): void {
    entry.pages++;
    this.#keep(trap, entry);
  }

  #keep(trap: number, entry: Trap): void {
    this.#traps.set(trap, entry);
    this.#numbers.add(trap);
    this.#owners.byTrap.set(trap, this.#self);
  }

  #forget(trap: number): void {
    this.#traps.delete(trap);
    this.#numbers.delete(trap);
    this.#owners.byTrap.delete(trap);
  }

  #arm(address: U64Like, length: U64Like, exact: boolean): number {
    const { linear, handle } = this.#space;
    const [low, high] = [u64.low(address), u64.high(address)];
    const status = linear.raw.gm_trap(handle, low, high, u64.low(length), u64.high(length), exact);
    linear.replace(); // thousands of traps make linear memory grow
    const trap = linear.reported(TRAP_ID);
    const place = { address, length };
    let failure = status === 0 ? undefined : linear.failure(status, "trapWrites", place);
    if (status === STATUS_NOT_MEMORY) {
      const where = `trapWrites at ${hex(address)}, ${length} bytes`;
      const at = hex(linear.reported64(FAULT_ADDRESS_LOW));
      failure = new GuestMemoryError("NOT_MEMORY", `${where}: neither RAM nor ROM is at guest address ${at}`, place);
    }
    linear.refresh();
    if (failure) throw failure;
    return trap;
  }

  /** The next pages on which a write springs traps, of traps up to the number `newest`. */
  #touched(address: U64Like, length: U64Like, access: number, newest: number): SprungPage[] {
    const { linear, handle } = this.#space;
    const [low, high] = [u64.low(address), u64.high(address)];
    linear.raw.gm_trapped(handle, low, high, u64.low(length), u64.high(length), access, newest);
    linear.replace();
    const pages = reportedPages(linear);
    return pages.sort((a, b) => a.trap - b.trap || (a.page < b.page ? -1 : 1));
  }
}

/** The part of a trap's range in a page. */
function part({ first, end }: Trap, page: bigint): [bigint, bigint] {
  return [first > page ? first : page, end < page + PAGE ? end : page + PAGE];
}

/** The pages that the core has left in the transfer buffer. */
function reportedPages(linear: LinearMemory): SprungPage[] {
  const count = linear.reported(TRAPPED_COUNT);
  const words = new Uint32Array(linear.buffer, linear.transfer.byteOffset, count * TRAPPED_WORDS);
  const word = (index: number) => words[index] as number;
  return Array.from({ length: count }, (_, index) => {
    const at = index * TRAPPED_WORDS;
    return {
      trap: word(at + TRAPPED_TRAP),
      page: u64.joinBig(word(at + TRAPPED_PAGE_LOW), word(at + TRAPPED_PAGE_HIGH)),
    };
  });
}
