// External memory, another module's of 128 MiB: scalars against own RAM and against the raw buffer, bulk against
// TypedArray.set, and a search for a marker against a loop in plain JavaScript.

import { GuestMemory } from "guest-memory";
import { compare, type Effort, LITTLE } from "../clock.ts";
import type { Row } from "../row.ts";
import { copies } from "./bulk.ts";

const SIZE = 128 << 20;
const THEIRS = 0x1000_0000;
const ACCESSES = 1 << 16;
/** The number of bytes that the scalars touch: the same for all memories, and as many as an emulator's working set. */
const TOUCHED = 1 << 20;

export async function external(effort: Effort): Promise<Row[]> {
  const theirs = new WebAssembly.Memory({ initial: SIZE / 0x1_0000 });
  const memory = await GuestMemory.create([
    { kind: "ram", name: "ours", start: 0, size: SIZE },
    { kind: "external", name: "theirs", start: THEIRS, source: theirs },
  ]);
  const raw = new Uint8Array(theirs.buffer);
  const rows = [
    ...scalars(effort, memory, theirs),
    ...copies(effort, memory, THEIRS, raw, " in external memory"),
    ...search(effort, memory, raw),
  ];
  memory.dispose();
  return rows;
}

function scalars(effort: Effort, memory: GuestMemory, theirs: WebAssembly.Memory): Row[] {
  const data = new DataView(theirs.buffer);
  const rows: Row[] = [];
  for (const pattern of ["sequential", "random"] as const) {
    const offsets = Uint32Array.from({ length: ACCESSES }, (_, index) =>
      pattern === "sequential" ? (index * 4) % TOUCHED : ((Math.imul(index, 0x9e37_79b1) >>> 0) % TOUCHED) & ~3,
    );
    const there = offsets.map((offset) => offset + THEIRS);
    for (const kind of ["read", "write"] as const) {
      const [ours, theirLoop] = [loops[kind](memory, offsets), loops[kind](memory, there)];
      const rawLoop = kind === "read" ? readRaw(data, offsets) : writeRaw(data, offsets);
      const name = `u32 ${kind} in external memory, ${pattern}`;
      const note = ({ measured, baseline }: ReturnType<typeof compare>) =>
        `${measured.toFixed(2)} ns against ${baseline.toFixed(2)} ns`;
      const own = compare(effort, ACCESSES, theirLoop, ours);
      const bare = compare(effort, ACCESSES, theirLoop, rawLoop);
      rows.push({ name: `${name}, against own RAM`, value: own.ratio, unit: "x", most: 3, note: note(own) });
      rows.push({ name: `${name}, against the raw buffer`, value: bare.ratio, unit: "x", note: note(bare) });
    }
  }
  return rows;
}

// Each loop is a function of its own for its addresses: see scalars.ts.
const loops = {
  read: (memory: GuestMemory, addresses: Uint32Array) => () => {
    let sum = 0;
    for (let index = 0; index < addresses.length; index++) {
      sum = (sum + memory.readUint32(addresses[index] as number)) | 0;
    }
    return sum;
  },
  write: (memory: GuestMemory, addresses: Uint32Array) => () => {
    for (let index = 0; index < addresses.length; index++) memory.writeUint32(addresses[index] as number, index);
  },
};
const readRaw = (data: DataView, offsets: Uint32Array) => () => {
  let sum = 0;
  for (let index = 0; index < offsets.length; index++) {
    sum = (sum + data.getUint32(offsets[index] as number, true)) | 0;
  }
  return sum;
};
const writeRaw = (data: DataView, offsets: Uint32Array) => () => {
  for (let index = 0; index < offsets.length; index++) data.setUint32(offsets[index] as number, index, true);
};

/** A marker at the very end, in bytes that have its first letter all over. */
function search(effort: Effort, memory: GuestMemory, raw: Uint8Array): Row[] {
  const marker = new TextEncoder().encode("the marker of the guest's");
  const length = effort === LITTLE ? 1 << 20 : SIZE;
  for (let at = 0; at < length; at += 1000) raw[at] = marker[0] as number;
  memory.copyWithin(0, THEIRS, length);
  raw.set(marker, length - marker.length);
  memory.writeSlice(length - marker.length, marker);
  const once = { rounds: Math.min(effort.rounds, 5), milliseconds: 1 };
  return (["external memory", "own RAM"] as const).map((where) => {
    const [from, bytes] = where === "own RAM" ? [0, memory.view(0, length)] : [THEIRS, raw.subarray(0, length)];
    const expected = length - marker.length;
    const plain = () => expect(plainIndexOf(bytes, marker), expected);
    const ours = () => expect(memory.indexOf(marker, from, length) - from, expected);
    const { ratio, measured, baseline } = compare(once, 1, plain, ours);
    const note = `${(baseline / 1e6).toFixed(1)} ms against ${(measured / 1e6).toFixed(1)} ms`;
    return { name: `marker search over 128 MiB of ${where}, speed`, value: ratio, unit: "x", least: 5, note };
  });
}

function expect(found: number, expected: number): void {
  if (found !== expected) throw new Error(`found at ${found}, and is at ${expected}`);
}

function plainIndexOf(bytes: Uint8Array, marker: Uint8Array): number {
  const first = marker[0] as number;
  outer: for (let at = 0; at <= bytes.length - marker.length; at++) {
    if (bytes[at] !== first) continue;
    for (let index = 1; index < marker.length; index++) if (bytes[at + index] !== marker[index]) continue outer;
    return at;
  }
  return -1;
}
