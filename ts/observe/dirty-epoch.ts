// DirtyEpoch: dirty pages that a client has taken, until it has made use of them.

/**
 * The result of {@link DirtyClient.take}: ranges that are clean for the client, and are given back by disposal unless
 * {@link DirtyEpoch.commit} came first. So no page is lost where a consumer fails half-way.
 *
 * @example
 * ```ts
 * import { type DirtyEpoch, GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x4000]]);
 * const client = memory.dirty.client("migration");
 * memory.writeUint8(0x1000, 1);
 * const epoch: DirtyEpoch = client.take();
 * const sent = epoch.ranges.map(([address, length]) => memory.readBytes(address, length));
 * epoch.commit(); // all of it was sent
 * console.assert(sent.length === 1 && client.collect().length === 0);
 * ```
 */
export class DirtyEpoch<A extends number | bigint = number> {
  /** The ranges, as {@link DirtyClient.collect} returns them. */
  readonly ranges: readonly [start: A, length: number][];
  #giveBack: (() => void) | undefined;

  static {
    // Not every engine has the symbol.
    if (Symbol.dispose) DirtyEpoch.prototype[Symbol.dispose] = DirtyEpoch.prototype.dispose;
  }

  /**
   * Gives the pages back unless they were committed; `using` calls it.
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * {
   *   using epoch = client.take();
   *   epoch.commit();
   * }
   * console.assert(client.collect().length === 0);
   * ```
   */
  declare [Symbol.dispose]: () => void;

  /** For this library: users call `client.take`. */
  constructor(ranges: readonly [A, number][], giveBack: () => void) {
    this.ranges = ranges;
    this.#giveBack = giveBack;
  }

  /**
   * Lets go of the pages: the client has made use of them. Disposal then has no effect.
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * client.take().commit();
   * console.assert(client.collect().length === 0);
   * ```
   */
  commit(): void {
    this.#giveBack = undefined;
  }

  /**
   * Makes the pages of the ranges dirty for the client again, unless they were committed: also a page that another collection
   * has reported meanwhile. No other client is concerned, and no trap and
   * no listener. Disposing again has no effect.
   * @example
   * ```ts
   * const client = memory.dirty.client("display");
   * memory.writeUint8(0x10, 1);
   * client.take().dispose();
   * console.assert(client.collect().length === 1);
   * ```
   */
  dispose(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}
