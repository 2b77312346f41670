// Loops of u32 loads and stores inside Wasm: through the core against raw ones (bench/core).

import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

interface Loops {
  prepare(): number;
  load_raw(host: number, mask: number, count: number): number;
  load_core(host: number, mask: number, count: number): number;
  load_bytes(host: number, mask: number, count: number): number;
  store_raw(host: number, mask: number, count: number): number;
  store_core(host: number, mask: number, count: number): number;
  load_pieces(host: number, mask: number, count: number): number;
  store_bytes(host: number, mask: number, count: number): number;
  store_pieces(host: number, mask: number, count: number): number;
  chains(count: number): number;
}

const COUNT = 100_000;
const SETS: [mask: number, name: string][] = [
  [(64 << 10) - 1, "64 KiB"],
  [(8 << 20) - 1, "8 MiB"],
  [(128 << 20) - 1, "128 MiB"],
];

const WAYS = [
  ["core", "AddressSpace"],
  ["bytes", "Bytes on a snapshot"],
  ["pieces", "Bytes on a snapshot of 16 regions"],
] as const;
const BYTES_AT_MOST = { load: 6, store: 8 };

export async function core(effort: Effort, wasm: Uint8Array<ArrayBuffer>): Promise<Row[]> {
  const { instance } = await WebAssembly.instantiate(wasm, {});
  const loops = instance.exports as unknown as Loops;
  const host = loops.prepare();
  const rows: Row[] = [];
  for (const kind of ["load", "store"] as const) {
    for (const [mask, name] of SETS) {
      const raw = (): number => loops[`${kind}_raw`](host, mask, COUNT);
      for (const [way, through] of WAYS) {
        // Where the working set fits the processor's caches; the sixteen regions are as large.
        const small = mask === SETS[0][0];
        if (way === "pieces" && !small) continue;
        const most = way === "core" ? 4 : small ? BYTES_AT_MOST[kind] : undefined;
        const result = compare(effort, COUNT, () => loops[`${kind}_${way}`](host, mask, COUNT), raw);
        rows.push({
          name: `Wasm u32 ${kind} by ${through}, ${name}`,
          value: result.ratio,
          unit: "x",
          ...(most === undefined ? {} : { most }),
          note: `${result.measured.toFixed(2)} ns against ${result.baseline.toFixed(2)} ns`,
        });
      }
    }
  }
  const raw = (): number => loops.load_raw(host, SETS[0][0], COUNT);
  const chains = compare(effort, COUNT, () => loops.chains(COUNT), raw);
  rows.push({
    name: "virtqueue in Wasm: a chain of 4 KiB against a raw load",
    value: chains.ratio,
    unit: "x",
    most: 84, // twice as many chains as before `Bytes` guessed the range
    note: `${(1000 / chains.measured).toFixed(1)} million chains a second`,
  });
  return rows;
}
