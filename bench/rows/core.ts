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
  store_bytes(host: number, mask: number, count: number): number;
}

const COUNT = 100_000;
const SETS: [mask: number, name: string][] = [
  [(64 << 10) - 1, "64 KiB"],
  [(8 << 20) - 1, "8 MiB"],
  [(128 << 20) - 1, "128 MiB"],
];

export async function core(effort: Effort, wasm: Uint8Array<ArrayBuffer>): Promise<Row[]> {
  const { instance } = await WebAssembly.instantiate(wasm, {});
  const loops = instance.exports as unknown as Loops;
  const host = loops.prepare();
  const rows: Row[] = [];
  for (const kind of ["load", "store"] as const) {
    for (const [mask, name] of SETS) {
      const raw = (): number => loops[`${kind}_raw`](host, mask, COUNT);
      for (const [way, most] of [
        ["core", 4],
        ["bytes", undefined],
      ] as const) {
        const result = compare(effort, COUNT, () => loops[`${kind}_${way}`](host, mask, COUNT), raw);
        const through = way === "core" ? "AddressSpace" : "Bytes on a snapshot";
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
  return rows;
}
