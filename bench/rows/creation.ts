// The time until the library is ready, and the cost of an unused guest of 1 GiB. A process can measure it only once.

import { GuestMemory, init } from "guest-memory";
import type { Row } from "../row.ts";

const GUEST = 1 << 30;

export async function creation(): Promise<Row[]> {
  const [ready] = await timed(() => init());
  // The bound is for Node: Deno also asks for permissions and starts more of itself.
  const node = !("deno" in process.versions || "bun" in process.versions);
  const rows: Row[] = [{ name: "ready after init()", value: ready, unit: "ms", ...(node ? { most: 10 } : {}) }];
  for (const which of ["first", "second"]) {
    const before = process.memoryUsage().rss;
    const [milliseconds, memory] = await timed(() => GuestMemory.fromRanges([[0, GUEST]]));
    const resident = (process.memoryUsage().rss - before) / 2 ** 20;
    rows.push({ name: `1 GiB guest, ${which}`, value: milliseconds, unit: "ms", most: 20 });
    rows.push({ name: `1 GiB guest, ${which}, resident`, value: resident, unit: "MiB", most: 16 });
    memory.dispose();
  }
  return rows;
}

async function timed<T>(work: () => Promise<T>): Promise<[milliseconds: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}
