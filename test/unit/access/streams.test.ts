// readable and writable: a range of guest memory as byte streams, with backpressure.
import { afterEach, describe, expect, test, vi } from "vitest";
import { GuestMemory, GuestMemoryError, init } from "../../../ts/index.ts";
import { counting, expectCode } from "../support.ts";
import { failureOf, machine, rejection } from "./sources.ts";

await init();
afterEach(() => vi.unstubAllGlobals());

const CHUNK = 1 << 16;
const large = () => GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x10_0000 }]);

/** The lengths of a stream's chunks, and its bytes. */
async function chunksOf(stream: ReadableStream<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { lengths: chunks.map(({ length }) => length), bytes: Buffer.concat(chunks) };
    chunks.push(value);
  }
}

/** An engine without byte streams. */
function withoutByteStreams(): void {
  const { ReadableStream: Native } = globalThis;
  function Stream(source: UnderlyingDefaultSource & { type?: unknown }, strategy?: QueuingStrategy) {
    if (source.type !== undefined) throw new TypeError("no byte streams");
    return new Native(source, strategy);
  }
  vi.stubGlobal("ReadableStream", Stream);
}

describe.each([
  ["a byte stream", () => {}],
  ["a default stream, where the engine has no byte streams", withoutByteStreams],
])("%s", (_, prepare) => {
  test("gives a range in chunks of 64 KiB, the last one shorter", async () => {
    prepare();
    using memory = large();
    const bytes = Uint8Array.from({ length: 2 * CHUNK + 5 }, (_, index) => index * 7);
    memory.writeSlice(3, bytes);
    const read = await chunksOf(memory.readable(3, bytes.length));
    expect(read.lengths).toEqual([CHUNK, CHUNK, 5]);
    expect(read.bytes.equals(bytes)).toBe(true);
    expect((await chunksOf(memory.readable(3, CHUNK))).lengths).toEqual([CHUNK]);
    expect((await chunksOf(memory.readable(0x99_9999, 0))).lengths).toEqual([]);
    expect((await chunksOf(memory.readable(3n, 2n))).bytes).toEqual(Buffer.of(0, 7));
  });

  test("reads when the consumer asks, and not before", async () => {
    prepare();
    using memory = large();
    let read = 0;
    memory.watch(0, 0x10_0000, { read: true }, ({ size }) => {
      read += Number(size);
    });
    const reader = memory.readable(0, 0x10_0000).getReader();
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBe(0);
    for (const chunk of [1, 2, 3]) {
      memory.fill((chunk - 1) * CHUNK, chunk, CHUNK);
      const { value } = await reader.read();
      expect([value?.at(0), value?.at(-1), read]).toEqual([chunk, chunk, chunk * CHUNK]);
    }
    await reader.cancel();
    expect(read).toBe(3 * CHUNK);
  });

  test("ends with the error of the chunk that cannot be read", async () => {
    prepare();
    const breaks: [string, (memory: GuestMemory) => void][] = [
      ["INVALID_GUEST_ADDRESS", (memory) => memory.unmap("ram")],
      ["PERMISSION_DENIED", (memory) => memory.protect(CHUNK, CHUNK, "---")],
      ["DISPOSED", (memory) => memory.dispose()],
    ];
    for (const [code, act] of breaks) {
      using memory = GuestMemory.createSync([{ kind: "ram", name: "ram", start: 0, size: 2 * CHUNK }]);
      const reader = memory.readable(0, 2 * CHUNK).getReader();
      expect((await reader.read()).value?.length).toBe(CHUNK);
      act(memory);
      const error = await rejection(reader.read());
      expect(error).toBeInstanceOf(GuestMemoryError);
      expect(error).toMatchObject({ code });
      expect(await rejection(reader.closed)).toBe(error);
    }
  });

  test("reads from discarded and moved pages, and from a device by its handler", async () => {
    prepare();
    using memory = GuestMemory.createSync([
      { kind: "ram", start: 0, size: 2 * CHUNK },
      { kind: "mmio", start: 2 * CHUNK, size: 4, device: { read8: (offset) => 0x40 + offset } },
    ]);
    memory.fill(0, 1, 2 * CHUNK);
    const reader = memory.readable(0, 2 * CHUNK + 4).getReader();
    expect((await reader.read()).value?.at(-1)).toBe(1);
    memory.discard(CHUNK, CHUNK);
    using other = GuestMemory.fromRangesSync([[0, 0x1000_0000]]); // linear memory grows
    expect((await reader.read()).value?.every((byte) => byte === 0)).toBe(true);
    expect((await reader.read()).value).toEqual(Uint8Array.of(0x40, 0x41, 0x42, 0x43));
    expect([(await reader.read()).done, other.readUint8(0)]).toEqual([true, 0]);
  });

  test("answers several readers' requests at once, the last ones with the end", async () => {
    prepare();
    using memory = large();
    const reader = memory.readable(0, CHUNK + 1).getReader();
    const read = await Promise.all([reader.read(), reader.read(), reader.read(), reader.read()]);
    expect(read.map(({ value }) => value?.length)).toEqual([CHUNK, 1, undefined, undefined]);
    await reader.closed;
  });
});

test("a reader brings its own array: it gets the bytes, as many as fit, and its array back at the end", async () => {
  using memory = large();
  memory.writeSlice(0, counting(200));
  const reader = memory.readable(0, 200).getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(128));
  expect([first.done, first.value]).toEqual([false, counting(128)]);
  const part = await reader.read(new Uint8Array(new ArrayBuffer(100), 10, 50));
  expect([part.value, part.value?.byteOffset]).toEqual([counting(50, 129), 10]);
  const rest = await Promise.all([1, 2, 3].map(() => reader.read(new Uint8Array(100))));
  expect(rest.map(({ done, value }) => [done, value?.length])).toEqual([
    [false, 22],
    [true, 0],
    [true, 0],
  ]);
  const empty = memory.readable(0, 0).getReader({ mode: "byob" });
  expect(await empty.read(new Uint8Array(4))).toMatchObject({ done: true, value: { length: 0 } });
  const words = memory.readable(0, 8).getReader({ mode: "byob" });
  expect((await words.read(new Uint32Array(2))).value).toEqual(Uint32Array.of(0x0403_0201, 0x0807_0605));
});

test("a range is checked when the stream is made", () => {
  using memory = machine();
  expectCode(() => memory.readable(0x2ffe, 4), "PARTIAL_BUFFER", { address: 0x2ffe, length: 4 });
  expectCode(() => memory.writable(0x2ffe, 4), "PARTIAL_BUFFER", { address: 0x2ffe, length: 4 });
  expectCode(() => memory.writable(0x4000, 4), "NOT_MEMORY", { address: 0x4000, length: 4 });
  memory.protect(0, 0x1000, "---");
  expectCode(() => memory.readable(0, 4), "PERMISSION_DENIED", { address: 0, length: 4 });
  memory.writable(0, 4);
  for (const name of ["readable", "writable"] as const) {
    expect(() => memory[name]("0" as never, 4)).toThrow(TypeError);
    expect(() => memory[name](0, undefined as never)).toThrow(TypeError);
    expect(() => memory[name](0, -1)).toThrow(RangeError);
  }
});

test("a stream that is written loads its chunks: into ROM too, with marks and listeners", async () => {
  using memory = machine();
  memory.protect(0x1000, 0x1000, "---");
  const told: unknown[] = [];
  memory.onHostWrite = (address, length) => told.push([address, length]);
  using client = memory.dirty.client("loads");
  const writer = memory.writable(0x1ffe, 0x100).getWriter();
  await writer.write(counting(3));
  await writer.write(counting(0));
  await writer.write(Buffer.from(counting(2, 4)));
  await writer.close(); // before the range is full
  expect(memory.peek(0x1ffe, 6).bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0));
  expect(told).toEqual([
    [0x1ffe, 3],
    [0x2001, 2],
  ]);
  expect(client.collect()).toEqual([[0x1000, 0x2000]]);
});

test("a chunk that cannot be written is the stream's error, with the bytes before it", async () => {
  const cases: [string, Uint8Array, (memory: GuestMemory) => void][] = [
    ["PARTIAL_BUFFER", counting(5), () => {}],
    ["PARTIAL_BUFFER", counting(4), (memory) => memory.unmap("RAM")],
    ["DISPOSED", counting(4), (memory) => memory.dispose()],
  ];
  for (const [code, chunk, act] of cases) {
    using memory = machine();
    const writer = memory.writable(0, 8).getWriter();
    await writer.write(counting(4));
    act(memory);
    const failure = await failureOf(writer.write(chunk));
    expect(failure).toMatchObject({ code, address: 0, completed: 4 });
    expect(failure.message).toMatch(/^writable at 0x0, after 4 bytes: /);
    expect(await rejection(writer.closed)).toMatchObject({ code });
    if (chunk.length > 4) expect([memory.readUint32(0), memory.readUint32(4)]).toEqual([0x0403_0201, 0]);
  }
  using memory = machine();
  expect(
    await rejection(
      memory
        .writable(0, 8)
        .getWriter()
        .write("text" as never),
    ),
  ).toBeInstanceOf(TypeError);
});

test("a pipe holds no more than a few chunks, and stops where either end fails", async () => {
  using memory = large();
  let [pulled, written, ahead] = [0, 0, 0];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ < 16) controller.enqueue(new Uint8Array(CHUNK).fill(9));
      else controller.close();
    },
  });
  memory.onHostWrite = () => {
    ahead = Math.max(ahead, pulled - ++written);
  };
  await source.pipeTo(memory.writable(0, 16 * CHUNK));
  expect([written, memory.readUint8(16 * CHUNK - 1)]).toEqual([16, 9]);
  expect(ahead).toBeLessThanOrEqual(4);
  memory.onHostWrite = undefined;

  using other = large();
  await memory
    .readable(0, 16 * CHUNK)
    .pipeThrough(
      new CompressionStream("gzip") as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>,
    )
    .pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>)
    .pipeTo(other.writable(0, 16 * CHUNK));
  expect(Buffer.from(other.readBytes(0, 16 * CHUNK)).equals(Buffer.alloc(16 * CHUNK, 9))).toBe(true);
  const short = await failureOf(memory.readable(0, 2 * CHUNK).pipeTo(other.writable(0, CHUNK + 1)));
  expect(short).toMatchObject({ code: "PARTIAL_BUFFER", completed: CHUNK });
  const request = new Request("https://example.org", {
    method: "POST",
    body: memory.readable(0, 5),
    duplex: "half",
  } as RequestInit);
  expect(await request.text()).toBe("\t".repeat(5));
});
