// The dirty log: clients that ask which guest pages were written.

import * as abi from "../core/abi.ts";
import { GuestMemoryError, hex } from "../core/errors.ts";
import type { LinearMemory } from "../core/linear-memory.ts";
import { check, describe, high, low, type U64Like } from "../core/u64.ts";
import { type MappedRegion, recordOf } from "../map/mapped-region.ts";
import { collectAddresses, collectRegion } from "../space/dirty-ranges.ts";
import { regionsOf } from "../space/host-writes.ts";
import type { Space } from "../space/space.ts";
import { DirtyEpoch } from "./dirty-epoch.ts";

/** The last address. */
const TOP = (1n << 64n) - 1n;

const abandoned = new FinalizationRegistry<{ linear: LinearMemory; handle: number; bit: number }>((client) => {
  client.linear.raw.gm_dirty_close(client.handle, client.bit);
});

/**
 * The dirty log of a memory, {@link GuestMemory.dirty}: opens dirty clients, of which a machine has at most seven at a
 * time.
 *
 * @example
 * ```ts
 * import { type DirtyLog, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x4000]]);
 * const log: DirtyLog = memory.dirty;
 * const display = log.client("display");
 * memory.writeUint8(0x1234, 1);
 * console.assert(JSON.stringify(display.collect()) === "[[4096,4096]]");
 * ```
 */
export class DirtyLog<A extends number | bigint = number> {
  readonly #space: Space;

  /** For this library: users take `memory.dirty`. */
  constructor(space: object) {
    this.#space = space as Space;
  }

  /**
   * Opens a client. At first no page of the machine is dirty for it, hidden ones included, and what it collects does not
   * affect other clients.
   *
   * @param name - for messages; two clients may have the same name.
   * @throws GuestMemoryError `TOO_MANY_CLIENTS` if seven are open, `DISPOSED`; TypeError for a name that is not a
   * string.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * console.assert(client.collect().length === 0);
   * ```
   */
  client(name: string): DirtyClient<A> {
    if (typeof name !== "string") throw new TypeError(`name must be a string, not ${describe(name)}`);
    this.#space.enter();
    const { linear, handle, machine } = this.#space;
    let status = linear.raw.gm_dirty_open(handle);
    // Snapshots can do without the client that they have taken.
    if (status !== 0 && machine.changeLog?.release(this.#space)) status = linear.raw.gm_dirty_open(handle);
    linear.expect(status, `dirty.client("${name}")`);
    return new DirtyClient<A>(name, this.#space, linear.reported(abi.DIRTY_CLIENT));
  }
}

/**
 * A client of the dirty log, such as a display, a JIT or a live migration: it collects the pages that were written
 * since it last collected. `dispose` closes the client; so does `using`, or garbage collection.
 *
 * @example
 * ```ts
 * import { type DirtyClient, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x800, 0x4000]]);
 * using client: DirtyClient = memory.dirty.client("migration");
 * memory.fill(0x1fff, 0xaa, 2); // the last byte of one page, the first of the next
 * const written = client.collect();
 * console.assert(written[0]![0] === 0x1000 && written[0]![1] === 0x2000);
 * ```
 */
export class DirtyClient<A extends number | bigint = number> {
  /** The name that it was opened with. */
  readonly name: string;
  readonly #space: Space;
  readonly #bit: number;
  #open = true;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) DirtyClient.prototype[Symbol.dispose] = DirtyClient.prototype.dispose;
  }

  /**
   * Closes the client; `using` calls it.
   * @example
   * ```ts
   * {
   *   using client = memory.dirty.client("display");
   *   memory.writeUint8(0x10, 1);
   *   console.assert(client.collect().length === 1);
   * } // closed
   * ```
   */
  declare [Symbol.dispose]: () => void;

  /** For this library: users call `memory.dirty.client`. */
  constructor(name: string, space: object, bit: number) {
    this.name = name;
    this.#space = space as Space;
    this.#bit = bit;
    const { linear, handle } = this.#space;
    abandoned.register(this, { linear, handle, bit }, this);
  }

  /**
   * Returns the ranges that were written since the last call, and marks them clean for this client. A range is
   * `[address, length in bytes]`: whole 4 KiB pages, clipped to regions. Ranges ascend, and adjacent ones are merged.
   * Scalars, atomics, bulk writes, fills, copies, DMA, `poke` and `discard` count by themselves, and so do writes from
   * another address space of the machine. Writes through a view or by a JIT count if the writer calls `markDirty`, or
   * marks the dirty map itself.
   *
   * Memory that enters the machine, by `map` or `insertRegion`, is dirty as a whole, as a new RAM block is in QEMU. A
   * region that is hidden, shown, moved or shown again by an alias is as clean as before: the event `mapchanged` tells
   * of that. Pages that no address shows stay dirty until they are shown. A page that shows at several addresses is
   * reported at each of them that is needed to cover all its bytes, from the lowest on.
   *
   * @param address - with `length`, the range to collect, of a framebuffer for example; all addresses if both are left
   * out. Every page with a byte in the range is reported whole. A page stays dirty if addresses outside the range show
   * bytes of it that no address inside shows.
   * @param length - bytes.
   * @throws GuestMemoryError `DISPOSED` after the client or its memory was disposed, `GUEST_ADDRESS_OVERFLOW` for a range
   * that passes 2^64; TypeError if only one of the two is given.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * console.assert(client.collect(0x0, 0x1000).length === 1 && client.collect().length === 0);
   * ```
   */
  collect(address?: U64Like, length?: U64Like): [address: A, length: number][];
  /**
   * Returns the ranges of a region that were written since the last call, wherever the region is shown, hidden regions
   * included, and marks them clean for this client. A range is `[offset in the region, length in bytes]`: whole pages of
   * the region, which begin where its guest pages began when it was made.
   *
   * @param region - RAM, ROM or a `romDevice` of this machine.
   * @param offset - the first byte, 0 unless given.
   * @param length - bytes, up to the region's end unless given.
   * @throws GuestMemoryError `NOT_MEMORY` for a device, an alias (collect its target), external memory, and for bytes that
   * the region does not have; `NO_MEMORY_REGION` for a region of another machine; `DISPOSED`.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", start: 0x8000, size: 0x2000 });
   * const client = memory.dirty.client("snapshot");
   * memory.writeUint8(0x9000, 1);
   * bank.disable();
   * console.assert(JSON.stringify(client.collect(bank)) === "[[4096,4096]]");
   * ```
   */
  collect(region: MappedRegion<A>, offset?: U64Like, length?: U64Like): [offset: number, length: number][];
  collect(from?: U64Like | MappedRegion<A>, second?: U64Like, third?: U64Like): [number | A, number][] {
    if (!this.#open) throw new GuestMemoryError("DISPOSED", `the dirty client "${this.name}" was disposed`);
    this.#space.enter();
    if (typeof from === "object" && from !== null) return this.#collectRegion(from, second ?? 0, third);
    if (from === undefined && second === undefined) return this.#collectRange(0n, TOP);
    return this.#collectWithin(from as U64Like, second as U64Like);
  }

  /**
   * Collects as {@link DirtyClient.collect} does, for a consumer that may fail before it is done: until
   * {@link DirtyEpoch.commit}, disposal gives the pages back, and the next collection reports them again.
   *
   * @throws as {@link DirtyClient.collect}.
   *
   * @example
   * ```ts
   * const client = memory.dirty.client("migration");
   * memory.writeUint8(0x10, 1);
   * {
   *   using epoch = client.take();
   *   console.assert(epoch.ranges.length === 1); // and then the connection fails
   * }
   * console.assert(client.collect().length === 1);
   * ```
   */
  take(address?: U64Like, length?: U64Like): DirtyEpoch<A>;
  take(region: MappedRegion<A>, offset?: U64Like, length?: U64Like): DirtyEpoch;
  take(from?: U64Like | MappedRegion<A>, second?: U64Like, third?: U64Like): DirtyEpoch<A> | DirtyEpoch {
    const space = this.#space;
    const ranges = this.collect(from as MappedRegion<A>, second, third) as [number | A, number][];
    const region = typeof from === "object" && from !== null ? recordOf(space, from, "region").id : undefined;
    const runs = ranges.flatMap(([start, length]) =>
      region === undefined ? regionsOf(space, start, length) : { region, start: BigInt(start), length },
    );
    return new DirtyEpoch<A>(ranges as [A, number][], () => {
      if (!this.#open || space.disposed) return;
      const { raw } = space.linear;
      for (const { region, start, length } of runs) {
        raw.gm_dirty_give_back(this.#bit, region, low(start), high(start), low(length), high(length));
      }
    });
  }

  #collectWithin(address: U64Like, length: U64Like): [A, number][] {
    check(address, "address");
    check(length, "length");
    const [first, last] = [BigInt(address), BigInt(address) + BigInt(length) - 1n];
    if (last < first) return [];
    if (last <= TOP) return this.#collectRange(first, last);
    const message = `collect at ${hex(address)}, ${length} bytes: the range passes 2^64`;
    throw new GuestMemoryError("GUEST_ADDRESS_OVERFLOW", message, { address, length });
  }

  #collectRange(first: bigint, last: bigint): [A, number][] {
    const { linear, handle } = this.#space;
    const [firstLow, firstHigh, lastLow, lastHigh] = [low(first), high(first), low(last), high(last)];
    const ranges = collectAddresses(linear, first, (next) => {
      const [nextLow, nextHigh] = [low(next), high(next)];
      const { raw } = linear;
      return raw.gm_dirty_collect(handle, this.#bit, nextLow, nextHigh, firstLow, firstHigh, lastLow, lastHigh);
    });
    return ranges.map(([start, bytes]) => [this.#space.toAddress(start) as A, bytes]);
  }

  #collectRegion(region: MappedRegion<A>, offset: U64Like, length: U64Like | undefined): [number, number][] {
    const { id, name, kind, size, target } = recordOf(this.#space, region, "collect");
    check(offset, "offset");
    const rest = BigInt(size) - BigInt(offset);
    length ??= rest < 0n ? 0 : rest;
    check(length, "length");
    const end = BigInt(offset) + BigInt(length);
    const refused = (text: string) => new GuestMemoryError("NOT_MEMORY", `collect: region "${name}" ${text}`);
    if (target) throw refused(`is an alias: collect its target, "${target.name}"`);
    if (kind !== "ram" && kind !== "rom" && kind !== "romDevice")
      throw refused(`is of kind ${kind}, which has no pages`);
    if (end > BigInt(size)) throw refused(`has ${size} bytes, and byte ${end - 1n} is asked for`);
    return collectRegion(this.#space.linear, this.#bit, id, BigInt(offset), end);
  }

  /**
   * Closes the client. Closing it again has no effect.
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * client.dispose();
   * client.dispose();
   * ```
   */
  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    abandoned.unregister(this);
    const { linear, handle } = this.#space;
    linear.raw.gm_dirty_close(handle, this.#bit);
  }
}
