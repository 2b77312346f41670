// Checks of streams: a load from a Response, a range read as a stream, and one that is written.

import { bytes, same, withMemory } from "./expect.js";
import { hasByteStreams } from "./features.js";

/** The code of the GuestMemoryError that a promise rejects with, or the name of another error's class. @param {Promise<unknown>} promise */
const rejection = (promise) =>
  promise.then(
    () => "nothing was thrown",
    (error) => error.code ?? error.name,
  );

/** A stream of two chunks. */
const chunks = () => {
  const all = [bytes.slice(0, 2), bytes.slice(2)];
  return new ReadableStream({
    pull(controller) {
      const chunk = all.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
};

/** @type {import("./expect.js").Checks} */
export const checks = {
  "loadFrom a Response, a stream, a Blob and an iterable": withMemory(async (memory) => {
    /** @type {unknown[]} */
    const progress = [];
    const response = new Response(bytes, { headers: { "Content-Length": "5" } });
    const loaded = await memory.loadFrom(0xffe, response, {
      onProgress: ({ loaded, total }) => progress.push(loaded, total),
    });
    same([loaded, progress, memory.readBytes(0xffe, 5).join()], [5, [5, 5], bytes.join()]);
    for (const source of [new Response(chunks()), chunks(), new Blob([bytes]), [bytes.slice(0, 1), bytes.slice(1)]]) {
      memory.fill(0x10, 0, 8);
      same([await memory.loadFrom(0x10, source), memory.readBytes(0x10, 5).join()], [5, bytes.join()]);
    }
  }),
  "loadFrom that fails says how far it came": withMemory(async (memory) => {
    const error = await memory.loadFrom(0x1ffe, chunks()).catch((error) => error);
    same([error.code, error.completed, memory.readUint16(0x1ffe)], ["PARTIAL_BUFFER", 2, 0x201]);
    same(await rejection(memory.loadFrom(0, new Response("", { status: 404 }))), "SOURCE_FAILED");
    same(await rejection(memory.loadFrom(0, /** @type {never} */ ("text"))), "TypeError");
  }),
  "loadFrom ends with its signal, though its source never answers": withMemory(async (memory) => {
    const controller = new AbortController();
    let cancelled = 0;
    const stream = new ReadableStream({ cancel: () => void cancelled++ });
    const load = rejection(memory.loadFrom(0, stream, { signal: controller.signal }));
    controller.abort(new RangeError("enough"));
    same([await load, cancelled, stream.locked], ["RangeError", 1, false]);
  }),
  "readable and writable, piped into each other": withMemory(async (memory) => {
    memory.writeSlice(0xffe, bytes);
    await memory.readable(0xffe, 5).pipeTo(memory.writable(0x1_0000, 5));
    same(memory.readBytes(0x1_0000, 5), bytes);
    same(await rejection(memory.readable(0, 5).pipeTo(memory.writable(0x1_0000, 4))), "PARTIAL_BUFFER");
    same([...new Uint8Array(await new Response(memory.readable(0xffe, 5)).arrayBuffer())], [...bytes]);
    const reader = memory.readable(0xffe, 5).getReader();
    const [first, second] = await Promise.all([reader.read(), reader.read()]);
    same([first.value?.length, second.done], [5, true]);
  }),
  "a large range comes in chunks of at most 64 KiB": async ({ GuestMemory }) => {
    const memory = await GuestMemory.fromRanges([[0, 0x4_0000]]);
    const reader = memory.readable(1, 0x2_0001).getReader();
    const lengths = [];
    for (let read = await reader.read(); !read.done; read = await reader.read()) lengths.push(read.value.length);
    same(lengths, [0x1_0000, 0x1_0000, 1]);
    memory.dispose();
  },
  "a reader's own array, where the engine has byte streams": withMemory(async (memory) => {
    if (!hasByteStreams()) return;
    memory.writeSlice(0xffe, bytes);
    const reader = memory.readable(0xffe, 5).getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(3));
    const second = await reader.read(new Uint8Array(3));
    const { done } = await reader.read(new Uint8Array(3));
    same([[...(first.value ?? []), ...(second.value ?? [])], done], [[...bytes], true]);
  }),
};
