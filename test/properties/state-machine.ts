// A machine with every kind of memory, whose states are copied whole: what snapshots must bring back.
import { expect } from "vitest";
import {
  type DirtyClient,
  GuestMemory,
  type MapAsData,
  type MappedRegion,
  type Snapshot,
  type Watch,
} from "../../ts/index.ts";

/** A whole copy of a state. */
export interface Copy {
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  readonly map: MapAsData;
  /** The state of a device. */
  readonly cpu?: Uint8Array;
}

/** A snapshot, and the state that it is of. */
export interface Saved {
  readonly snapshot: Snapshot;
  readonly copy: Copy;
}

const PAGE = 0x1000;
/** The regions that have bytes. The sizes of two are no multiples of a page, and one begins inside a page. */
const SIZES = {
  RAM: 0x9800,
  odd: 0x2345,
  "bank 0": 0x3000,
  "bank 1": 0x3000,
  ROM: 0x2000,
  flash: 0x1800,
  VRAM: 0x2abc,
};

export class StateMachine {
  readonly external = new Uint8Array(SIZES.VRAM + 8);
  readonly memory: GuestMemory;
  readonly sibling: GuestMemory;
  readonly log: string[] = [];
  readonly saved: Saved[] = [];
  /** Other dirty clients, and the pages of RAM that each has still to report. */
  readonly clients: { client: DirtyClient; pages: Set<number> }[] = [];
  readonly told: { region: string; offset: number; length: number }[] = [];
  readonly sprung: number[] = [];
  #trap: Watch | undefined;

  /** Whether memory is ever discarded. A restoration gives such memory pages again, which moves generations. */
  readonly #discards: boolean;

  constructor(discards: boolean) {
    this.#discards = discards;
    const device = { peek: () => undefined };
    this.memory = GuestMemory.createSync([
      { kind: "ram", name: "RAM", start: 0, size: SIZES.RAM },
      { kind: "ram", name: "odd", start: 0xc123, size: SIZES.odd },
      { kind: "ram", name: "bank 0", start: 0x1_0000, size: SIZES["bank 0"] },
      { kind: "ram", name: "bank 1", start: 0x1_0000, size: SIZES["bank 1"], enabled: false },
      { kind: "rom", name: "ROM", start: 0x2_0000, size: SIZES.ROM, contents: Uint8Array.of(1, 2, 3) },
      { kind: "romDevice", name: "flash", start: 0x2_8000, size: SIZES.flash, device },
      { kind: "mmio", name: "UART", start: 0x3_0000, size: 0x100, device },
      { kind: "external", name: "VRAM", start: 0x4_0000, source: this.external.buffer, offset: 4, size: SIZES.VRAM },
      { kind: "alias", name: "window", start: 0x5_0000, of: "RAM", size: 0x2000 },
      { kind: "reserved", name: "hole", start: 0x5_8000, size: 0x1000 },
    ]);
    const ram = this.region("RAM");
    this.sibling = this.memory.space([{ kind: "alias", name: "RAM", start: 0x100_0000, of: ram }]);
    this.memory.onHostWrite = (_address, _length, runs) => {
      for (const { region, offset, length } of runs) this.told.push({ region: region.name, offset, length });
    };
  }

  region(name: string): MappedRegion {
    return this.memory.region(name) as MappedRegion;
  }

  discard(address: number, length: number): void {
    if (this.#discards) this.memory.discard(address, length);
  }

  copy(): Copy {
    const bytes = new Map<string, Uint8Array>();
    for (const [name, size] of Object.entries(SIZES)) {
      const into = new Uint8Array(size);
      this.region(name).read(0, into);
      bytes.set(name, into);
    }
    return { bytes, map: this.memory.toJSON() };
  }

  /** Restores, and checks everything that the documentation says. */
  restore({ snapshot, copy }: Saved, by: "marks" | "bytes"): void {
    const { memory } = this;
    const before = this.copy();
    const trap = this.#arm();
    const sameMap = JSON.stringify(before.map) === JSON.stringify(copy.map);
    const generations = [memory.mapGeneration, memory.permissionGeneration];
    const views = memory.viewGeneration;
    this.told.length = 0;
    this.sprung.length = 0;
    memory.restore(snapshot, { by });
    const after = this.copy();
    this.expectCopy(after, copy);
    if (!this.#discards) {
      expect(memory.viewGeneration).toBe(views);
      if (sameMap && trap === undefined)
        expect([memory.mapGeneration, memory.permissionGeneration]).toEqual(generations);
    }
    const changed = changedBytes(before, after);
    for (const [region, offset] of changed) {
      const isTold = this.told.some(
        (run) => run.region === region && run.offset <= offset && offset < run.offset + run.length,
      );
      if (this.#shows(region, offset)) expect(isTold, `${region} ${offset.toString(16)} is told`).toBe(true);
    }
    if (trap !== undefined) {
      const touched = changed.some(([region, offset]) => region === "RAM" && offset >= trap && offset < trap + 16);
      if (touched) expect(this.sprung).toEqual([trap]);
    }
    for (const { pages } of this.clients) {
      for (const [region, offset] of changed) if (region === "RAM") pages.add(Math.floor(offset / PAGE));
    }
  }

  expectCopy(now: Copy, wanted: Copy): void {
    for (const [name, bytes] of wanted.bytes) {
      const found = now.bytes.get(name) as Uint8Array;
      if (Buffer.compare(found, bytes) === 0) continue;
      const at = bytes.findIndex((byte, index) => byte !== found[index]);
      throw new Error(`${name} at ${at.toString(16)}: ${found[at]} where ${bytes[at]} was`);
    }
    expect(now.map).toEqual(wanted.map);
  }

  /** A client finds each page of RAM that a restoration has changed, at least. */
  collect(index: number): void {
    const entry = this.clients[index];
    if (entry === undefined) return;
    const ranges = entry.client.collect(this.region("RAM"));
    const reported = new Set<number>();
    for (const [offset, length] of ranges) {
      for (let at = offset; at < offset + length; at += PAGE) reported.add(Math.floor(at / PAGE));
    }
    expect([...entry.pages].filter((page) => !reported.has(page))).toEqual([]);
    entry.pages.clear();
  }

  dispose(): void {
    this.sibling.dispose();
    this.memory.dispose();
  }

  /** Sets an exact trap on 16 bytes of RAM, in one restoration of three. */
  #arm(): number | undefined {
    this.#trap?.dispose();
    if (this.log.length % 3 !== 0) return undefined;
    const at = ((this.log.length * 0x2f0) % (SIZES.RAM - 16)) & ~15;
    this.#trap = this.sibling.trapWrites(0x100_0000 + at, 16, () => this.sprung.push(at), { exact: true });
    return at;
  }

  #shows(region: string, offset: number): boolean {
    const found = this.region(region);
    if (!found.enabled) return false;
    const at = this.memory.regionAt(found.start + offset);
    return at?.region.name === region;
  }
}

/** The bytes that differ, one of each run of 64. */
function changedBytes(before: Copy, after: Copy): [string, number][] {
  const changed: [string, number][] = [];
  for (const [name, bytes] of after.bytes) {
    const old = before.bytes.get(name) as Uint8Array;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === old[at]) continue;
      changed.push([name, at]);
      at |= 63;
    }
  }
  return changed;
}
