// Sources that take note of what a load does to them, the memory that they are loaded into, and the errors of loads.
import { expect } from "vitest";
import { GuestMemory, GuestMemoryError } from "../../../ts/index.ts";

/** RAM, and ROM right behind it; a device at 0x4000. */
export const machine = () =>
  GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0, size: 0x2000 },
    { kind: "rom", name: "ROM", start: 0x2000, size: 0x1000 },
    { kind: "mmio", name: "UART", start: 0x4000, size: 0x1000, device: { read8: () => 0, write8: () => {} } },
  ]);

/** What a promise rejects with; a test that expects an error fails if it does not. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error("it was fulfilled")),
    (error: unknown) => error,
  );

/** The code and the place of the error that a load rejects with. */
export async function failureOf(promise: Promise<unknown>) {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(GuestMemoryError);
  const { code, address, completed, message, cause } = error as GuestMemoryError;
  return { code, address, completed, message, cause };
}

/** A stream of chunks that takes note of its cancellation; an Error among the chunks is thrown. */
export function watched(...chunks: unknown[]) {
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk instanceof Error) throw chunk;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk as Uint8Array);
      },
      cancel: (reason) => void cancelled.push(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled };
}

/** The same as an async iterator. */
export function watchedIterator(...chunks: unknown[]) {
  const calls: string[] = [];
  const iterator = {
    async next() {
      calls.push("next");
      const value = chunks.shift();
      if (value instanceof Error) throw value;
      return { done: value === undefined, value: value as Uint8Array };
    },
    async return() {
      calls.push("return");
      return { done: true as const, value: undefined };
    },
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, calls };
}
