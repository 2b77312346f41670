// The model: guest memory as one plain byte array for each region. Slow, short and obviously right; addresses are
// bigints throughout, so nothing here can wrap or lose a bit.

/** One past the last guest address. */
export const TOP = 1n << 64n;
const PAGE = 4096n;

export interface ModelRegion {
  readonly start: bigint;
  readonly bytes: Uint8Array;
}

/** A dirty client: the guest pages that were written in each region. */
export type ModelClient = Map<ModelRegion, Set<bigint>>;

/** Adjacent bytes of one region. */
interface Run {
  readonly region: ModelRegion;
  readonly offset: number;
  readonly length: number;
}

export const end = (region: ModelRegion) => region.start + BigInt(region.bytes.length);

/** The lesser of two numbers. */
export function least(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export class Model {
  readonly regions: ModelRegion[] = [];
  readonly clients = new Set<ModelClient>();

  constructor(ranges: Iterable<readonly [bigint, number]>) {
    for (const [start, size] of ranges) this.insert(start, size);
  }

  insert(start: bigint, size: number): void {
    this.regions.push({ start, bytes: new Uint8Array(size) });
    this.regions.sort((a, b) => (a.start < b.start ? -1 : 1));
    this.mark(start, BigInt(size)); // new to every open client
  }

  remove(region: ModelRegion): void {
    this.regions.splice(this.regions.indexOf(region), 1);
    for (const client of this.clients) client.delete(region);
  }

  find(address: bigint): ModelRegion | undefined {
    return this.regions.find((region) => region.start <= address && address < end(region));
  }

  get last(): bigint | undefined {
    const last = this.regions.at(-1);
    return last && end(last) - 1n;
  }

  overlaps(start: bigint, size: bigint): boolean {
    return this.regions.some((region) => region.start < start + size && start < end(region));
  }

  /** Why a range cannot be used as a whole; undefined if it can. */
  fault(address: bigint, length: bigint): string | undefined {
    if (this.backed(address, length) === length) return undefined;
    const hole = address + this.backed(address, length);
    if (hole === address) return "INVALID_GUEST_ADDRESS";
    return hole === TOP ? "GUEST_ADDRESS_OVERFLOW" : "PARTIAL_BUFFER";
  }

  /** Bytes from `address` on that are backed without a hole, `length` at most. */
  backed(address: bigint, length: bigint): bigint {
    return this.runs(address, length).reduce((sum, run) => sum + BigInt(run.length), 0n);
  }

  /** How many bytes of a range are mapped, wherever in it they are. */
  mapped(start: bigint, stop: bigint): bigint {
    const inside = this.regions.map((region) => {
      const first = region.start > start ? region.start : start;
      const bytes = least(end(region), stop) - first;
      return bytes > 0n ? bytes : 0n;
    });
    return inside.reduce((sum, bytes) => sum + bytes, 0n);
  }

  /** Where the hole at an address ends: `stop` at the latest. */
  next(address: bigint, stop: bigint): bigint {
    return this.regions.filter(({ start }) => start > address).reduce((first, { start }) => least(first, start), stop);
  }

  /** The regions' parts of a range, up to the first hole. */
  runs(address: bigint, length: bigint): Run[] {
    const runs: Run[] = [];
    let at = address;
    while (at < address + length) {
      const region = this.find(at);
      if (region === undefined) break;
      const stop = least(end(region), address + length);
      runs.push({ region, offset: Number(at - region.start), length: Number(stop - at) });
      at = stop;
    }
    return runs;
  }

  /** A copy of a range that is backed. */
  load(address: bigint, length: number): Uint8Array<ArrayBuffer> {
    const into = new Uint8Array(length);
    let done = 0;
    for (const { region, offset, length: count } of this.runs(address, BigInt(length))) {
      into.set(region.bytes.subarray(offset, offset + count), done);
      done += count;
    }
    return into;
  }

  /** Writes to a range that is backed. Does not mark: a write through a view does not either. */
  poke(address: bigint, bytes: Uint8Array): void {
    let done = 0;
    for (const { region, offset, length } of this.runs(address, BigInt(bytes.length))) {
      region.bytes.set(bytes.subarray(done, done + length), offset);
      done += length;
    }
  }

  /** Writes to a range that is backed, and marks it. */
  store(address: bigint, bytes: Uint8Array): void {
    this.poke(address, bytes);
    this.mark(address, BigInt(bytes.length));
  }

  mark(address: bigint, length: bigint): void {
    for (const { region, offset, length: count } of this.runs(address, length)) {
      const first = region.start + BigInt(offset);
      for (let page = first / PAGE; page * PAGE < first + BigInt(count); page++) {
        for (const client of this.clients) {
          const pages = client.get(region) ?? new Set();
          client.set(region, pages.add(page));
        }
      }
    }
  }

  /** What a client reports: whole pages clipped to their region, merged where they touch; and forgets it. */
  collect(client: ModelClient): [bigint, bigint][] {
    const ranges: [bigint, bigint][] = [];
    for (const region of this.regions) {
      const pages = [...(client.get(region) ?? [])].sort((a, b) => (a < b ? -1 : 1));
      for (const page of pages) {
        const start = page * PAGE < region.start ? region.start : page * PAGE;
        const stop = least((page + 1n) * PAGE, end(region));
        const previous = ranges.at(-1);
        if (previous !== undefined && previous[0] + previous[1] === start) previous[1] += stop - start;
        else ranges.push([start, stop - start]);
      }
    }
    client.clear();
    return ranges;
  }
}
