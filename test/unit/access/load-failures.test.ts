// loadFrom that fails, or is aborted: how far it came, and what becomes of its source.
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { GuestMemory, init, type LoadProgress, type LoadSource } from "../../../ts/index.ts";
import { counting } from "../support.ts";
import { failureOf, machine, rejection, watched, watchedIterator } from "./sources.ts";

await init();

describe("a signal", () => {
  test("that was aborted before: nothing is written, and the source is cancelled", async () => {
    using memory = machine();
    const { stream, cancelled } = watched(counting(4));
    expect(await rejection(memory.loadFrom(0x9000, stream, { signal: AbortSignal.abort("why") }))).toBe("why");
    expect([cancelled, stream.locked, memory.readUint8(0)]).toEqual([["why"], false, 0]);
    const { source, calls } = watchedIterator(counting(4));
    const error = await rejection(memory.loadFrom(0, source, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ name: "AbortError" });
    expect([calls, memory.readUint8(0)]).toEqual([["return"], 0]);
  });

  test("ends the wait for a chunk that never comes", async () => {
    using memory = machine();
    const never = () => new Promise<never>(() => {});
    const returned: unknown[] = [];
    const iterators = [
      { next: never },
      { next: never, return: () => returned.push("never") && never() },
      { next: never, return: () => returned.push("rejects") && Promise.reject(new Error("no")) },
      {
        next: never,
        return() {
          returned.push("throws");
          throw new Error("no");
        },
      },
    ];
    const cancelled: unknown[] = [];
    const stream = new ReadableStream<Uint8Array>({ pull: never, cancel: (why) => void cancelled.push(why) });
    const pulling = [...iterators.map((iterator) => ({ [Symbol.asyncIterator]: () => iterator })), stream];
    for (const source of pulling) {
      const controller = new AbortController();
      const load = rejection(memory.loadFrom(0, source as LoadSource, { signal: controller.signal }));
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort(source);
      expect(await load).toBe(source);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    }
    expect([returned, cancelled, stream.locked]).toEqual([["never", "rejects", "throws"], [stream], false]);
  });

  test("ends the load between two chunks: from onProgress, from a trap, and where the source fails with it", async () => {
    using memory = machine();
    for (const place of ["onProgress", "trap", "source"]) {
      const controller = new AbortController();
      const { stream, cancelled } = watched(counting(4), counting(4, 9), counting(4));
      let loaded = 0;
      const onProgress = (progress: LoadProgress) => {
        loaded = progress.loaded;
        if (place === "onProgress" && loaded === 8) controller.abort("stop");
      };
      using trap = memory.trapWrites(4, 4, () => place === "trap" && controller.abort("stop"), { exact: true });
      const { signal } = controller;
      async function* failing() {
        yield counting(8);
        controller.abort("stop");
        throw signal.reason;
      }
      const load = memory.loadFrom(0, place === "source" ? failing() : stream, { signal, onProgress });
      expect(await rejection(load), place).toBe("stop");
      expect([loaded, memory.readUint8(8)], place).toEqual([8, 0]);
      if (place !== "source") expect([cancelled, stream.locked], place).toEqual([["stop"], false]);
      trap.dispose();
    }
  });

  test("ends the load, whatever the source gives after it", async () => {
    using memory = machine();
    const controller = new AbortController();
    let give: (result: IteratorResult<Uint8Array>) => void = () => {};
    const next = () => new Promise<IteratorResult<Uint8Array>>((resolve) => (give = resolve));
    const source = { [Symbol.asyncIterator]: () => ({ next }) };
    const load = rejection(memory.loadFrom(0, source, { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort("stop");
    give({ done: false, value: counting(4) });
    await new Promise((resolve) => setImmediate(resolve));
    expect([await load, memory.readUint8(0)]).toEqual(["stop", 0]);
  });

  test("is let go of at the end, and has no effect then", async () => {
    using memory = machine();
    const controller = new AbortController();
    const { signal } = controller;
    const { source, calls } = watchedIterator(counting(4));
    expect(await memory.loadFrom(0, source, { signal })).toBe(4);
    controller.abort();
    expect([getEventListeners(signal, "abort"), calls]).toEqual([[], ["next", "next"]]);
    const { stream } = watched(counting(4));
    expect([await memory.loadFrom(0, stream), stream.locked]).toEqual([4, false]);
    const other = new AbortController().signal;
    await rejection(memory.loadFrom(0x9000, counting(4), { signal: other }));
    expect(getEventListeners(other, "abort")).toEqual([]);
  });
});

describe("a failure says how far the load came, and cancels the source:", () => {
  const chunk = counting(4);
  const boom = new Error("boom");
  type Break = (memory: GuestMemory) => void;
  const CASES: Record<string, [at: number, chunks: unknown[], after: Break, expected: object]> = {
    "the source, at once": [0, [boom], () => {}, { code: "SOURCE_FAILED", completed: 0, cause: boom }],
    "the source, later": [0, [chunk, boom], () => {}, { code: "SOURCE_FAILED", completed: 4, cause: boom }],
    "a hole, at once": [0x3000, [chunk], () => {}, { code: "INVALID_GUEST_ADDRESS", completed: 0 }],
    "a hole in the first chunk": [0x2ffe, [chunk], () => {}, { code: "PARTIAL_BUFFER", completed: 0 }],
    "a hole at the end of a chunk": [0x2ffc, [chunk, chunk], () => {}, { code: "PARTIAL_BUFFER", completed: 4 }],
    "a hole in a later chunk": [0x2ffa, [chunk, chunk], () => {}, { code: "PARTIAL_BUFFER", completed: 4 }],
    "a device": [0x4000, [chunk], () => {}, { code: "NOT_MEMORY", completed: 0 }],
    "a device later": [0x3ffc, [chunk, chunk], (memory) => memory.unmap("UART"), { code: "PARTIAL_BUFFER" }],
    "a region that goes": [
      0,
      [chunk, chunk],
      (memory) => memory.unmap("RAM"),
      { code: "PARTIAL_BUFFER", completed: 4 },
    ],
    "the memory's end": [0, [chunk, chunk], (memory) => memory.dispose(), { code: "DISPOSED", completed: 4 }],
    "the memory's end before the source's": [
      0,
      [chunk],
      (memory) => memory.dispose(),
      { code: "DISPOSED", completed: 4 },
    ],
  };
  test.each(Object.entries(CASES))("%s", async (name, [at, chunks, after, expected]) => {
    for (const iterates of [false, true]) {
      using memory = machine();
      if (name === "a device later") memory.map({ kind: "ram", start: 0x3000, size: 0x1000 });
      let first = true;
      const onProgress = () => {
        if (first) after(memory);
        first = false;
      };
      const { stream, cancelled } = watched(...chunks);
      const { source, calls } = watchedIterator(...chunks);
      const failure = await failureOf(memory.loadFrom(at, iterates ? source : stream, { onProgress }));
      expect(failure).toMatchObject({ address: at, ...expected });
      expect(failure.message).toMatch(`loadFrom at 0x${at.toString(16)}, after ${failure.completed} bytes: `);
      if (iterates) expect(calls.at(-1)).toBe("return");
      // A stream that has ended, well or not, is not cancelled any more.
      else expect([cancelled.length, stream.locked]).toEqual([/the source/.test(name) ? 0 : 1, false]);
    }
  });

  test("a range that is too short for all of a Uint8Array or of a Blob, before the first byte is written", async () => {
    using memory = GuestMemory.createSync([{ kind: "ram", start: 0, size: 0x2_0000 }]);
    const chunk = new Uint8Array(0x1_0000).fill(1);
    for (const source of [new Uint8Array(0x3_0000).fill(1), new Blob([chunk, chunk, chunk])]) {
      const failure = await failureOf(memory.loadFrom(4, source));
      expect(failure).toMatchObject({ code: "PARTIAL_BUFFER", address: 4, completed: 0 });
      expect(memory.readUint32(4)).toBe(0);
    }
  });

  test("a chunk that is not one, and a chunk without its bytes", async () => {
    using memory = machine();
    for (const value of ["text", 5, [1, 2], new Uint16Array(2), new ArrayBuffer(4), Promise.resolve(chunk)]) {
      const { stream, cancelled } = watched(chunk, value);
      const error = await rejection(memory.loadFrom(0, stream));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch("chunk must be a Uint8Array, not ");
      expect([cancelled, stream.locked]).toEqual([[error], false]);
    }
    const detached = counting(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const failure = await failureOf(memory.loadFrom(0, [chunk, detached]));
    expect(failure).toMatchObject({ code: "DETACHED_BUFFER", address: 0, completed: 4 });
  });

  test("the caller's own error: of onProgress, of a trap, of a listener", async () => {
    for (const place of ["onProgress", "trap", "listener"]) {
      using memory = machine();
      const fail = () => {
        throw boom;
      };
      if (place === "trap") memory.trapWrites(0, 1, fail);
      if (place === "listener") memory.onHostWrite = fail;
      const { stream, cancelled } = watched(chunk, chunk);
      const load = memory.loadFrom(0, stream, { onProgress: place === "onProgress" ? fail : undefined });
      expect(await rejection(load), place).toBe(boom);
      expect([cancelled, stream.locked], place).toEqual([[boom], false]);
      expect(memory.readUint8(4)).toBe(0);
    }
  });

  test("a listener's GuestMemoryError: the chunk before it is written, and counted", async () => {
    using memory = machine();
    memory.onHostWrite = () => memory.readUint8(0x9000);
    const failure = await failureOf(memory.loadFrom(0, [chunk]));
    expect([failure.completed, memory.readUint32(0)]).toEqual([4, 0x0403_0201]);
  });

  test("a Response that is not ok, whose body was read before, or is locked", async () => {
    using memory = machine();
    const { stream, cancelled } = watched(chunk);
    const missing = new Response(stream, { status: 404 });
    Object.defineProperty(missing, "url", { value: "https://example.org/image" });
    const failure = await failureOf(memory.loadFrom(0, missing));
    expect(failure).toMatchObject({ code: "SOURCE_FAILED", completed: 0 });
    expect(failure.message).toMatch("https://example.org/image has status 404");
    expect([cancelled.length, memory.readUint8(0)]).toEqual([1, 0]);

    const used = new Response("abcd");
    const reader = used.body?.getReader();
    const locked = await failureOf(memory.loadFrom(0, used));
    expect(locked).toMatchObject({ code: "SOURCE_FAILED", completed: 0, cause: expect.any(TypeError) });
    await reader?.read();
    reader?.releaseLock();
    expect((await failureOf(memory.loadFrom(0, used))).message).toMatch("was read before");
  });
});

test("arguments of a wrong type reject, and leave the source alone", async () => {
  using memory = machine();
  const { stream, cancelled } = watched();
  const wrong = (...args: unknown[]) => rejection(memory.loadFrom(...(args as Parameters<typeof memory.loadFrom>)));
  for (const source of [
    null,
    undefined,
    5,
    "text",
    {},
    Promise.resolve(stream),
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    new Uint16Array(2),
  ])
    expect(String(await wrong(0, source))).toMatch(/^TypeError: source must be /);
  expect(String(await wrong(0, Promise.resolve(stream)))).toMatch("not [object Promise]");
  for (const address of ["0", undefined, null]) expect(await wrong(address, stream)).toBeInstanceOf(TypeError);
  expect(await wrong(-1, stream)).toBeInstanceOf(RangeError);
  for (const options of [
    null,
    5,
    { onProgress: 5 },
    { onProgress: null },
    { signal: {} },
    { signal: null },
    { signal: "x" },
  ])
    expect(await wrong(0, stream, options)).toBeInstanceOf(TypeError);
  expect(await rejection(GuestMemory.prototype.loadFrom.call({} as GuestMemory, 0, stream))).toBeInstanceOf(TypeError);
  expect([cancelled, stream.locked]).toEqual([[], false]);
});
