// Fragmentation: machines of random sizes need at most 1.5 times the linear memory of the most that were alive at once,
// and every byte of each reads 0 at its creation.
import { expect, test } from "vitest";
import type { GuestMemory } from "../../ts/index.ts";
import { bytesOf, freshLibrary, isZero, MIB, PAGE, random, rawBytes, soil, soilThrough } from "./machines.ts";

const LIMIT = 512 * MIB;

/** Which one goes next. */
const ENDS = { "random ones": (next: (limit: number) => number, alive: number) => next(alive), "the oldest": () => 0 };

for (const [name, pick] of Object.entries(ENDS)) {
  for (const seed of [1, 2]) {
    test(`1,000 machines of 1 to 256 MiB, at most 512 MiB alive, ${name} go first, seed ${seed}`, async () => {
      const { GuestMemory } = await freshLibrary();
      const next = random(seed);
      const alive: { memory: GuestMemory; size: number; id: number }[] = [];
      const kept: Uint8Array[] = [];
      /** Host pages that somebody has written, or could have, since they were last seen to be zero. */
      const soiled = new Set<number>();
      const witness = GuestMemory.fromRangesSync([[0, PAGE]]); // its table of dirty pages is that of all machines
      let [sum, peak, looked, needed] = [0, 0, 0, 0];
      const wrong: string[] = [];
      for (let count = 0; count < 1000; count++) {
        const size = (1 + next(256)) * MIB - next(2) * next(PAGE);
        while (sum + size > LIMIT || (alive.length > 0 && next(4) === 0)) {
          const [gone] = alive.splice(pick(next, alive.length), 1);
          if (gone === undefined) break;
          sum -= gone.size;
          // Its bytes are its own until the end, whatever happened to others meanwhile.
          if (gone.memory.readUint32(gone.size - 4) !== gone.id) wrong.push(`machine ${gone.id} lost its last word`);
          gone.memory.dispose();
          soilThrough(kept);
        }
        const memory = GuestMemory.fromRangesSync([[0, size]]);
        alive.push({ memory, size, id: count });
        sum += size;
        peak = Math.max(peak, sum);
        needed = bytesOf(memory);

        const bytes = rawBytes(memory, size);
        const first = bytes.byteOffset / PAGE;
        for (const page of soiled) {
          const at = (page - first) * PAGE;
          if (at < 0 || at >= size) continue;
          if (!isZero(bytes.subarray(at, at + PAGE))) wrong.push(`page ${page} of machine ${count} is not zero`);
          soiled.delete(page);
          looked++;
        }
        if (count % 50 === 49 && !isZero(bytes)) wrong.push(`machine ${count} is not zero`);

        soil(memory, size, next, kept);
        memory.writeUint32(size - 4, count);
        const { dirty } = witness.tables;
        for (const { memory: one, size: length } of alive) {
          const start = rawBytes(one, length).byteOffset / PAGE;
          const marks = dirty.subarray(start, start + Math.ceil(length / PAGE));
          for (const mark of [0xff, 0x80]) {
            for (let at = marks.indexOf(mark); at >= 0; at = marks.indexOf(mark, at + 1)) soiled.add(start + at);
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(looked).toBeGreaterThan(10_000);
      expect(peak).toBeGreaterThan(0.97 * LIMIT);
      console.log(`${needed / MIB} MiB of linear memory, ${Math.round((100 * needed) / peak)} % of the peak`);
      expect(needed).toBeLessThanOrEqual(1.5 * peak);
    });
  }
}
