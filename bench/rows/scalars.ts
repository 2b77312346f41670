// u32 reads and writes below 4 GiB against a raw DataView at the same host addresses, over 1 to 64 regions.

import { GuestMemory, type RegionSpec } from "guest-memory";
import { compare, type Effort, median } from "../clock.ts";
import type { Row } from "../row.ts";

export const REGIONS = 64;
const SIZE = 1 << 20;
/** The distance of two regions' starts: between them are holes, and the last one ends below 4 GiB. */
const DISTANCE = 60 << 20;
export const ACCESSES = 1 << 16;
/** How many of the regions the rows use. */
export const REGION_COUNTS = [1, 2, 8, REGIONS];

export type Pattern = "sequential" | "random" | "page stride" | "random, unaligned";
export const PATTERNS: Pattern[] = ["sequential", "random", "page stride", "random, unaligned"];

/**
 * One memory, as an emulator has; a pattern uses its first regions. They are more than linear memory has at first, so that
 * it has grown, as large guests make it, and the raw DataView is not the faster one of a memory that never does.
 */
export async function scalars(effort: Effort): Promise<Row[]> {
  const memory = await GuestMemory.create(layout());
  const all = loops(memory, new DataView(memory.wasmMemory.buffer));
  const rows: Row[] = [];
  for (const kind of ["read", "write"] as const) {
    for (const regions of REGION_COUNTS) {
      for (const pattern of PATTERNS) {
        const guest = addresses(regions, pattern);
        const host = guest.map((address) => memory.hostOffset(address, 1, kind) ?? 0);
        const { ratio, measured, baseline } =
          kind === "read"
            ? compare(effort, ACCESSES, all.read(guest), all.readRaw(host))
            : compare(effort, ACCESSES, all.write(guest), all.writeRaw(host));
        const note = `${measured.toFixed(2)} ns against ${baseline.toFixed(2)} ns`;
        rows.push({ name: `u32 ${kind}, ${pattern}, ${regions} regions`, value: ratio, unit: "x", most: 4.5, note });
      }
    }
  }
  memory.dispose();
  const middle = median(rows.map(({ value }) => value));
  return [{ name: "u32 reads and writes, median of all patterns", value: middle, unit: "x" }, ...rows];
}

/** The regions. All have the same size, with holes between them. */
export function layout(): RegionSpec[] {
  return Array.from({ length: REGIONS }, (_, index) => {
    return { kind: "ram", name: `RAM ${index}`, start: index * DISTANCE, size: SIZE };
  });
}

export function addresses(regions: number, pattern: Pattern): Uint32Array {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  return Uint32Array.from({ length: ACCESSES }, (_, index) => {
    const turn = index % regions;
    switch (pattern) {
      case "sequential": {
        const word = (index * 4) % (SIZE * regions);
        return Math.floor(word / SIZE) * DISTANCE + (word % SIZE);
      }
      case "page stride":
        return turn * DISTANCE + (((Math.floor(index / regions) * 4100) % SIZE) & ~3);
      case "random":
        return random(regions) * DISTANCE + random(SIZE / 4) * 4;
      default:
        return random(regions) * DISTANCE + random(SIZE / 4 - 1) * 4 + 1 + random(2);
    }
  });
}

/**
 * The four loops. Each is a function of its own for its addresses, and holds what it accesses: V8's middle compiler would
 * put a loop that a short function calls into that function, and leave it there, ten times slower for a DataView.
 */
export function loops(memory: GuestMemory, data: DataView) {
  return {
    read: (addresses: Uint32Array) => () => {
      let sum = 0;
      for (let index = 0; index < addresses.length; index++) {
        sum = (sum + memory.readUint32(addresses[index] as number)) | 0;
      }
      return sum;
    },
    readRaw: (offsets: Uint32Array) => () => {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) {
        sum = (sum + data.getUint32(offsets[index] as number, true)) | 0;
      }
      return sum;
    },
    write: (addresses: Uint32Array) => () => {
      for (let index = 0; index < addresses.length; index++) memory.writeUint32(addresses[index] as number, index);
    },
    writeRaw: (offsets: Uint32Array) => () => {
      for (let index = 0; index < offsets.length; index++) data.setUint32(offsets[index] as number, index, true);
    },
  };
}
