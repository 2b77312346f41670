// Snapshots, resets and rewinds against plain copies of the same pages, and the dirty log of a large guest.

import { GuestMemory, type Snapshot } from "guest-memory";
import { Rewind } from "guest-memory/rewind";
import { compare, type Effort, FULL, median } from "../clock.ts";
import type { Row } from "../row.ts";

const PAGE = 4096;

export async function states(effort: Effort): Promise<Row[]> {
  const pages = effort === FULL ? 65_536 : 2_048; // 256 MiB
  const memory = await filled(pages);
  const rows = [...snapshots(effort, memory, pages), resets(effort, memory, pages)];
  memory.dispose();
  return [...rows, ...(await rewinds(effort)), ...(await dirtyLog(effort))];
}

/** A guest whose pages all have bytes. */
async function filled(pages: number): Promise<GuestMemory> {
  const memory = await GuestMemory.fromRanges([[0, pages * PAGE]]);
  for (let page = 0; page < pages; page++) memory.fill(page * PAGE, (page % 255) + 1, PAGE);
  return memory;
}

function snapshots(effort: Effort, memory: GuestMemory, pages: number): Row[] {
  let kept: Snapshot | Uint8Array = memory.snapshot();
  const take = () => {
    kept = memory.snapshot();
  };
  const copy = () => {
    kept = memory.readBytes(0, pages * PAGE);
  };
  const full = compare(effort, 1, take, copy);
  const since = memory.snapshot();
  const changed = Math.floor(pages / 100);
  let round = 0;
  const delta = compare(
    effort,
    1,
    () => {
      touch(memory, changed, 100, ++round);
      kept = memory.snapshot({ since });
    },
    take,
  );
  if (kept === undefined) throw new Error("nothing was kept");
  return [
    {
      name: "full snapshot of 256 MiB, against a copy of its pages",
      value: full.ratio,
      unit: "x",
      most: 1.5,
      note: milliseconds(full),
    },
    {
      name: "the changes of 1 % of its pages, times as fast as the full one",
      value: 1 / delta.ratio,
      unit: "x",
      least: 30,
      note: milliseconds(delta),
    },
  ];
}

function resets(effort: Effort, memory: GuestMemory, pages: number): Row {
  const booted = memory.snapshot();
  const count = Math.min(176, pages >> 2); // 704 KiB
  const bytes = memory.readBytes(0, count * PAGE);
  const raw = memory.view(0, pages * PAGE);
  let round = 0;
  const reset = compare(
    effort,
    1,
    () => {
      touch(memory, count, 3, ++round);
      memory.restore(booted);
    },
    () => {
      touch(memory, count, 3, ++round);
      copyPages(bytes, raw, count, 3);
    },
  );
  const note = `${(reset.measured / 1000).toFixed(0)} us against ${(reset.baseline / 1000).toFixed(0)} us`;
  return {
    name: "reset with 704 KiB written, against a copy of these pages",
    value: reset.ratio,
    unit: "x",
    most: 3,
    note,
  };
}

/** A guest of 170 MiB, with 1,500 pages written in each frame; and the same with 1 GiB. */
async function rewinds(effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  const [count, frames] = effort === FULL ? [1_500, 7] : [50, 7];
  for (const [name, mebibytes] of [
    ["170 MiB", 170],
    ["1 GiB", 1024],
  ] as const) {
    const memory = await GuestMemory.fromRanges([[0, effort === FULL ? mebibytes << 20 : 16 << 20]]);
    for (let page = 0; page < count * frames; page++) memory.writeUint32(page * PAGE, 1);
    const rewind = new Rewind(memory, { budget: 512 << 20 });
    const raw = memory.view(0, count * frames * PAGE);
    const spare = new Uint8Array(count * frames * PAGE);
    const times = { mark: [] as number[], back: [] as number[], frame: [] as number[], all: [] as number[] };
    for (let round = 0; round < (effort === FULL ? 20 : 3); round++) {
      for (let frame = 0; frame < frames; frame++) {
        for (let page = 0; page < count; page++) memory.writeUint32((frame * count + page) * PAGE, round * 8 + frame);
        times.mark.push(timed(() => rewind.mark()));
        times.frame.push(timed(() => spare.set(raw.subarray(frame * count * PAGE, (frame + 1) * count * PAGE))));
      }
      times.all.push(timed(() => raw.set(spare)));
      times.back.push(timed(() => rewind.back(frames)));
    }
    const [mark, back, frame, all] = [times.mark, times.back, times.frame, times.all].map(median) as [
      number,
      number,
      number,
      number,
    ];
    rows.push(
      {
        name: `rewind of ${name}: a mark after 1,500 pages, against a copy of them`,
        value: mark / frame,
        unit: "x",
        most: 2,
        note: `${mark.toFixed(2)} ms against ${frame.toFixed(2)} ms`,
      },
      {
        name: `rewind of ${name}: seven marks back, against a copy of the pages written since`,
        value: back / all,
        unit: "x",
        most: 2,
        note: `${back.toFixed(2)} ms against ${all.toFixed(2)} ms`,
      },
    );
    memory.dispose();
  }
  return rows;
}

/** Opening a dirty client of 1 GiB, and collecting a few pages. */
async function dirtyLog(effort: Effort): Promise<Row[]> {
  const memory = await GuestMemory.fromRanges([[0, effort === FULL ? 1 << 30 : 16 << 20]]);
  const [opened, collected]: number[][] = [[], []];
  for (let round = 0; round < (effort === FULL ? 50 : 3); round++) {
    opened?.push(timed(() => memory.dirty.client("measured").dispose()));
    const client = memory.dirty.client("measured");
    touch(memory, 8, 400, round);
    collected?.push(timed(() => client.collect()));
    client.dispose();
  }
  memory.dispose();
  return [
    { name: "dirty client of 1 GiB, opened and closed", value: median(opened ?? []), unit: "ms", most: 0.1 },
    { name: "8 dirty pages of 1 GiB collected", value: median(collected ?? []), unit: "ms", most: 0.5 },
  ];
}

function touch(memory: GuestMemory, count: number, step: number, value: number): void {
  for (let page = 0; page < count; page++) memory.writeUint32(page * step * PAGE, value);
}

function copyPages(from: Uint8Array, to: Uint8Array, count: number, step: number): void {
  for (let page = 0; page < count; page++) to.set(from.subarray(page * PAGE, (page + 1) * PAGE), page * step * PAGE);
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function milliseconds({ measured, baseline }: { measured: number; baseline: number }): string {
  return `${(measured / 1e6).toFixed(1)} ms against ${(baseline / 1e6).toFixed(1)} ms`;
}
