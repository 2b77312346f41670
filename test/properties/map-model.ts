// The model of a memory map: for every byte it walks the list of regions for the highest priority. Slow, short and
// obviously right; addresses are bigints throughout.
import { least, TOP } from "./model.ts";

export const [READ, WRITE, EXECUTE] = [1, 2, 4];
const PAGE = 4096n;

export type Kind = "ram" | "rom" | "romDevice" | "mmio" | "alias" | "reserved" | "external";

export interface MapRegion {
  readonly name: string;
  readonly kind: Kind;
  readonly space: MapModel;
  readonly size: bigint;
  readonly priority: number;
  /** What RAM, ROM and external memory hold, and a device's registers. */
  readonly bytes: Uint8Array;
  readonly registers: Uint8Array;
  /** Whether its device has `peek`. */
  readonly peeks: boolean;
  /** Where it was made: its bytes lie as far from a page's start as this, or, external memory, from their buffer's. */
  readonly made: bigint;
  start: bigint;
  enabled: boolean;
  /** What an alias shows. */
  target: MapRegion | undefined;
  offset: bigint;
  /** Whether something of it was discarded: its bytes need not be adjacent any more, or be anywhere. */
  torn: boolean;
}

export interface ModelWatch {
  readonly id: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly access: number;
  /** Whether its callback throws. */
  readonly stops: boolean;
}

/** Bytes of a region. */
export interface Bytes {
  readonly region: MapRegion;
  readonly offset: bigint;
  readonly size: bigint;
}

/** A write trap of a space: the bytes of each page on which it still waits, and the part of its range there. */
export interface ModelTrap {
  readonly id: number;
  readonly pages: Map<bigint, { bytes: Bytes[]; first: bigint; end: bigint }>;
  readonly stops: boolean;
}

export const meet = (one: Bytes, other: Bytes) =>
  one.region === other.region && one.offset < other.offset + other.size && other.offset < one.offset + one.size;

/** What an address shows: a byte of a region that is no alias. */
export interface Seen {
  readonly region: MapRegion;
  readonly offset: bigint;
  readonly priority: number;
}

/** How far an access goes, and why no further. */
interface Reach {
  readonly count: number;
  readonly fault: string | undefined;
}

export interface FlatPiece extends Seen {
  readonly start: bigint;
  size: bigint;
}

export class MapModel {
  /** What is mapped, in that order. */
  placed: MapRegion[] = [];
  /** Told of each byte that is written. */
  wrote: (region: MapRegion, offset: bigint) => void = () => {};
  watches: ModelWatch[] = [];
  /** What is forbidden, by page. */
  forbidden = new Map<bigint, number>();

  /** The one enabled region of the highest priority that holds an address; aliases followed to what they show. */
  see(address: bigint): Seen | undefined {
    let best: MapRegion | undefined;
    for (const region of this.placed) {
      if (!region.enabled || address < region.start || address >= region.start + region.size) continue;
      if (best === undefined || region.priority > best.priority) best = region;
    }
    if (best === undefined) return undefined;
    let [region, offset] = [best, address - best.start];
    while (region.target !== undefined) [region, offset] = [region.target, region.offset + offset];
    return { region, offset, priority: best.priority };
  }

  /**
   * How many bytes of a range allow an access (0: anything), one by one, and the error of the whole range: what is not
   * mapped comes first, then what is forbidden, then a wrong kind.
   */
  reach(address: bigint, length: number, access: number, onlyMemory = false, skipsHoles = false): Reach {
    let reached = length;
    let fault: string | undefined;
    for (let count = 0; count < length; count++) {
      const found = this.#faultAt(address + BigInt(count), count, access, onlyMemory);
      if (found === undefined || (skipsHoles && rankOf(found) === 0)) continue;
      reached = Math.min(reached, count);
      if (fault === undefined || rankOf(found) < rankOf(fault)) fault = found;
      if (rankOf(found) === 0) break;
    }
    return { count: reached, fault };
  }

  /** How many bytes from an address on are in a hole, `most` at most. */
  hole(address: bigint, most: number): number {
    let count = 0;
    while (count < most && (this.see(address + BigInt(count))?.region.kind ?? "reserved") === "reserved") count++;
    return count;
  }

  #faultAt(at: bigint, before: number, access: number, onlyMemory: boolean): string | undefined {
    if (at >= TOP) return "GUEST_ADDRESS_OVERFLOW";
    const seen = this.see(at);
    if (seen === undefined || seen.region.kind === "reserved")
      return before === 0 ? "INVALID_GUEST_ADDRESS" : "PARTIAL_BUFFER";
    if (((this.forbidden.get(at / PAGE) ?? 0) & access) !== 0) return "PERMISSION_DENIED";
    if (seen.region.kind === "rom" && (access & WRITE) !== 0) return "READ_ONLY";
    return onlyMemory && isDevice(seen.region, access) ? "NOT_MEMORY" : undefined;
  }

  /** Whether a range that was reached is in one run of one region, as an atomic needs it. */
  isOneRun(address: bigint, length: number): boolean {
    const first = this.see(address);
    for (let index = 1n; index < length; index++) {
      const next = this.see(address + index);
      if (next?.region !== first?.region || next?.priority !== first?.priority) return false;
      if (next?.offset !== (first?.offset ?? 0n) + index) return false;
    }
    return true;
  }

  /** What memory holds in a range; undefined where a device, or nothing, is. */
  current(address: bigint, length: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.reach(address, length, 0, true).fault !== undefined) return undefined;
    return this.load(address, length);
  }

  /** The bytes of a range that was reached; `told` hears of a device's. */
  load(address: bigint, length: number, told: (region: MapRegion, offset: bigint) => void = () => {}) {
    return Uint8Array.from({ length }, (_, index) => {
      const { region, offset } = this.see(address + BigInt(index)) as Seen;
      if (region.kind !== "mmio") return region.bytes[Number(offset)] as number;
      told(region, offset);
      return region.registers[Number(offset)] as number;
    });
  }

  /** Writes a range that was reached; `told` hears of a device's bytes. `loader`: into ROM, and to no device. */
  store(
    address: bigint,
    bytes: Uint8Array,
    told: (region: MapRegion, offset: bigint, byte: number) => void,
    loader = false,
  ): void {
    for (const [index, byte] of bytes.entries()) {
      const { region, offset } = this.see(address + BigInt(index)) as Seen;
      if (loader || !isDevice(region, WRITE)) {
        region.bytes[Number(offset)] = byte;
        this.wrote(region, offset);
      } else {
        region.registers[Number(offset)] = byte;
        told(region, offset, byte);
      }
    }
  }

  /** Why a range cannot be discarded: it is written as RAM, but nothing is forbidden. */
  undiscardable(address: bigint, length: number): string | undefined {
    const faults = new Set<string>();
    for (let index = 0; index < length; index++) {
      const at = address + BigInt(index);
      const fault = this.#faultAt(at, index, 0, false);
      if (fault !== undefined) return fault;
      const kind = this.see(at)?.region.kind;
      if (kind === "rom") faults.add("READ_ONLY");
      else if (kind !== "ram") faults.add("NOT_MEMORY");
    }
    return faults.has("READ_ONLY") ? "READ_ONLY" : [...faults][0];
  }

  /** Makes a range 0 that can be discarded. */
  discard(address: bigint, length: number): void {
    for (let index = 0n; index < length; index++) {
      const { region, offset } = this.see(address + index) as Seen;
      region.bytes[Number(offset)] = 0;
      region.torn = true;
      this.wrote(region, offset);
    }
  }

  /** The bytes of regions that a range shows. */
  bytesOf(address: bigint, length: bigint): Bytes[] {
    return this.flat().flatMap(({ region, offset, start, size }) => {
      const [first, end] = [start > address ? start : address, start + size];
      const stop = least(end, address + length);
      return first < stop ? [{ region, offset: offset + (first - start), size: stop - first }] : [];
    });
  }

  /** The addresses that show bytes of a region, in ascending order. */
  addressesOf({ region, offset, size }: Bytes): { start: bigint; size: bigint }[] {
    const shown = this.flat().flatMap((piece) => {
      const from = piece.offset > offset ? piece.offset : offset;
      const end = least(piece.offset + piece.size, offset + size);
      if (piece.region !== region || from >= end) return [];
      return [{ start: piece.start + (from - piece.offset), size: end - from }];
    });
    const runs: { start: bigint; size: bigint }[] = [];
    for (const { start, size } of shown) {
      const last = runs.at(-1);
      if (last && last.start + last.size === start) last.size += size;
      else runs.push({ start, size });
    }
    return runs;
  }

  /** Two enabled regions of the same priority that share a byte. */
  clashes(): boolean {
    const shown = this.placed.filter(({ enabled }) => enabled);
    return shown.some((one, index) =>
      shown
        .slice(index + 1)
        .some(
          (two) =>
            one.priority === two.priority && one.start < two.start + two.size && two.start < one.start + one.size,
        ),
    );
  }

  /** What is seen, in pieces that go on as long as one region does; between two edges nothing changes. */
  flat(): FlatPiece[] {
    const edges = new Set(this.placed.flatMap(({ start, size }) => [start, start + size]));
    const sorted = [...edges].sort((a, b) => (a < b ? -1 : 1));
    const pieces: FlatPiece[] = [];
    for (const [index, start] of sorted.entries()) {
      const seen = this.see(start);
      const next = sorted[index + 1];
      if (seen === undefined || next === undefined) continue;
      const last = pieces.at(-1);
      const goesOn =
        last?.region === seen.region &&
        last.priority === seen.priority &&
        last.start + last.size === start &&
        last.offset + last.size === seen.offset;
      if (last && goesOn) last.size += next - start;
      else pieces.push({ ...seen, start, size: next - start });
    }
    return pieces;
  }
}

/** Whether an access to a region is a device's. */
function isDevice({ kind }: MapRegion, access: number): boolean {
  return kind === "mmio" || (kind === "romDevice" && (access & WRITE) !== 0);
}

/** How grave an error is: the gravest of a range is the one that is told. */
function rankOf(fault: string): number {
  return ["PERMISSION_DENIED", "READ_ONLY", "NOT_MEMORY"].indexOf(fault) + 1;
}
