// loadFrom: every kind of source, the progress, and what is written.
import { createReadStream, mkdtempSync, openAsBlob, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { GuestMemory, init, type LoadProgress, type LoadSource } from "../../../ts/index.ts";
import { counting } from "../support.ts";
import { failureOf, machine, watched, watchedIterator } from "./sources.ts";

await init();

const folder = mkdtempSync(join(tmpdir(), "guest-memory-load-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "image");

/** Two halves of some bytes. */
const halves = (bytes: Uint8Array) => [bytes.subarray(0, 3), bytes.subarray(3)];

function streamOf(chunks: Iterable<unknown>, type?: "bytes"): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  const pull = (controller: ReadableStreamDefaultController<unknown>) => {
    const { done, value } = iterator.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new ReadableStream({ type, pull } as UnderlyingDefaultSource, {
    highWaterMark: 0,
  }) as ReadableStream<Uint8Array>;
}

async function* later(chunks: Iterable<Uint8Array>) {
  for (const chunk of chunks) yield chunk;
}

const known = 6;
const SOURCES: Record<string, [make: (bytes: Uint8Array<ArrayBuffer>) => unknown, total?: number]> = {
  "a Uint8Array": [(bytes) => bytes, known],
  "a Buffer": [(bytes) => Buffer.from(bytes), known],
  "a part of a shared buffer": [
    (bytes) => {
      const shared = new Uint8Array(new SharedArrayBuffer(64), 8, bytes.length);
      shared.set(bytes);
      return shared;
    },
    known,
  ],
  "another realm's Uint8Array": [(bytes) => runInNewContext(`Uint8Array.of(${bytes})`), known],
  "a Blob": [(bytes) => new Blob([bytes]), known],
  "a file as a Blob": [
    (bytes) => {
      writeFileSync(file, bytes);
      return openAsBlob(file);
    },
    known,
  ],
  "a Response": [(bytes) => new Response(bytes)],
  "a Response with a length": [(bytes) => new Response(bytes, { headers: { "Content-Length": "6" } }), known],
  "a Response with a length of other bytes": [
    (bytes) => new Response(bytes, { headers: { "Content-Length": "9", "Content-Encoding": "gzip" } }),
  ],
  "a Response with no number as its length": [(bytes) => new Response(bytes, { headers: { "Content-Length": "?" } })],
  "a ReadableStream": [(bytes) => streamOf(halves(bytes))],
  "a byte stream": [
    (bytes) =>
      streamOf(
        halves(bytes.slice()).flatMap((half) => (half.length > 0 ? half.slice() : [])), // it takes no empty chunk
        "bytes",
      ),
  ],
  "another library's stream": [
    (bytes) => {
      const stream = streamOf(halves(bytes));
      return { getReader: () => stream.getReader() };
    },
  ],
  "an array of chunks": [halves],
  "a generator": [
    function* (bytes) {
      yield* halves(bytes);
    },
  ],
  "an async generator": [(bytes) => later(halves(bytes))],
  "an iterator with two methods": [(bytes) => watchedIterator(...halves(bytes)).source],
  "a stream of Node.js": [(bytes) => Readable.from(halves(bytes))],
  "a file as a stream of Node.js": [
    (bytes) => {
      writeFileSync(file, bytes);
      return createReadStream(file, { highWaterMark: 4 });
    },
  ],
};

describe.each(Object.entries(SOURCES))("%s", (_, [make, total]) => {
  test("is loaded, over two regions and into ROM", async () => {
    using memory = machine();
    const seen: LoadProgress[] = [];
    const onProgress = (progress: LoadProgress) => void seen.push(progress);
    const source = (await make(counting(6))) as LoadSource;
    expect(await memory.loadFrom(0x1ffd, source, { onProgress })).toBe(6);
    expect(memory.readBytes(0x1ffc, 8)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 0));
    expect(seen.at(-1)).toEqual({ loaded: 6, total });
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).toSorted((a, b) => a - b));
  });

  test("may be empty, at any address", async () => {
    using memory = machine();
    expect(await memory.loadFrom(0x9999, (await make(new Uint8Array())) as LoadSource)).toBe(0);
  });
});

test("a total that the bytes have passed is no total", async () => {
  using memory = machine();
  const source = new Response(streamOf(halves(counting(6))), { headers: { "Content-Length": "4" } });
  const totals: unknown[] = [];
  await memory.loadFrom(0, source, { onProgress: ({ total }) => totals.push(total) });
  expect(totals).toEqual([4, undefined]);
});

test("a Response without a body is empty", async () => {
  using memory = machine();
  expect(await memory.loadFrom(0, new Response(null, { status: 204 }))).toBe(0);
});

test("addresses may be bigints, up to the last", async () => {
  const start = 2n ** 64n - 0x1000n;
  using memory = GuestMemory.createSync([{ kind: "ram", start, size: 0x1000 }], { addresses: "bigint" });
  expect(await memory.loadFrom(2n ** 64n - 4n, [counting(4), counting(0)])).toBe(4);
  expect(memory.readUint32(2n ** 64n - 4n)).toBe(0x0403_0201);
  const { stream, cancelled } = watched(counting(4), counting(1));
  const failure = await failureOf(memory.loadFrom(2n ** 64n - 4n, stream));
  expect(failure).toMatchObject({ code: "GUEST_ADDRESS_OVERFLOW", address: 2n ** 64n - 4n, completed: 4 });
  expect(cancelled).toHaveLength(1);
});

test("a load writes as poke does: whatever protect says; marks, traps and listeners; no watch", async () => {
  using memory = machine();
  memory.protect(0x1000, 0x1000, "---");
  const told: unknown[] = [];
  memory.onHostWrite = (address, length, [written]) => told.push([address, length, written?.region.name]);
  memory.trapWrites(0x10, 1, (address) => told.push(["trap", address]));
  memory.watch(0, 0x100, { write: true }, () => told.push("watch"));
  using client = memory.dirty.client("loads");
  await memory.loadFrom(0x10, [counting(2), counting(1)]);
  await memory.loadFrom(0x1ffe, [counting(4)]);
  expect(told).toEqual([
    ["trap", 0],
    [0x10, 2, "RAM"],
    [0x12, 1, "RAM"],
    [0x1ffe, 4, "RAM"],
  ]);
  expect(client.collect()).toEqual([[0, 0x3000]]);
});

test("64 MiB come chunk by chunk: no more are asked for than are written", async () => {
  const [chunk, chunks] = [new Uint8Array(1 << 16).fill(7), 1024];
  using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: chunks << 16 }]);
  let pulled = 0;
  let ahead = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ < chunks) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const onProgress = ({ loaded }: LoadProgress) => {
    ahead = Math.max(ahead, pulled - (loaded >> 16));
  };
  expect(await memory.loadFrom(0, stream, { onProgress })).toBe(chunks << 16);
  expect(ahead).toBeLessThanOrEqual(2);
  expect(memory.readUint8((chunks << 16) - 1)).toBe(7);
});

test("pages that come and go between two chunks: a discard, growth, and memory that was discarded", async () => {
  using memory = machine();
  const others: GuestMemory[] = [];
  memory.fill(0, 0xff, 0x2000);
  const view = memory.view(0, 16);
  async function* chunks() {
    yield counting(0x1000, 1);
    memory.discard(0, 0x2000);
    yield counting(0x800, 2);
    others.push(GuestMemory.fromRangesSync([[0, 0x1000_0000]])); // linear memory grows
    yield counting(0x800, 3);
  }
  expect(await memory.loadFrom(0, chunks())).toBe(0x2000);
  expect(view.length).toBe(0);
  expect([memory.readUint8(0), memory.readUint8(0x1000), memory.readUint8(0x1800)]).toEqual([0, 2, 3]);
  for (const other of others) other.dispose();
});

test("a view of the memory itself is a source, even where it overlaps", async () => {
  using memory = machine();
  memory.writeSlice(0, counting(8));
  await memory.loadFrom(4, memory.view(0, 8));
  expect(memory.readBytes(0, 12)).toEqual(Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8));
});
