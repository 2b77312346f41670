// Helpers of the facade's tests: errors by code and place, memory that must stay as it was, forced collection.
import { expect } from "vitest";
import { type GuestMemory, GuestMemoryError, type GuestMemoryErrorCode } from "../../ts/index.ts";

/** What the error must say besides its code. */
interface Place {
  readonly address?: number | bigint;
  readonly length?: number | bigint;
}

/** Runs `act`, which must throw a GuestMemoryError with this code, address and length; gives the error. */
export function expectCode(act: () => unknown, code: GuestMemoryErrorCode, place: Place = {}): GuestMemoryError {
  const error = thrownBy(act);
  expect(error).toBeInstanceOf(GuestMemoryError);
  const { code: got, address, length } = error as GuestMemoryError;
  expect({ code: got, address, length }).toEqual({ address: undefined, length: undefined, ...place, code });
  return error as GuestMemoryError;
}

/** What `act` throws; a test that expects an error fails if it throws nothing. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown by ${act}`);
}

/** What a failed call must leave as it was: every byte, the regions, the map as data, both generations. */
export function stateOf(memory: GuestMemory<number | bigint>) {
  const regions = memory.regions.map(({ start, size }) => ({ start, size }));
  return {
    regions,
    bytes: regions.map(({ start, size }) => Buffer.from(memory.readBytes(start, size)).toString("base64")),
    viewGeneration: memory.viewGeneration,
    mapGeneration: memory.mapGeneration,
    lastAddress: memory.lastAddress,
    map: memory.toJSON(),
  };
}

/** Runs `act`, and fails if it changes any state, or marks a page as written. */
export function expectUntouched(memory: GuestMemory<number | bigint>, act: () => void): void {
  const client = memory.dirty.client("untouched");
  const before = stateOf(memory);
  act();
  expect(stateOf(memory)).toEqual(before);
  expect(client.collect()).toEqual([]);
  client.dispose();
}

/** Bytes that count up from `first`. */
export function counting(length: number, first = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => first + index);
}

/** Collects garbage until `done` is true: finalisers run some turns after a collection. */
export async function collectUntil(done: () => boolean): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run Node with --expose-gc: without a collection this test proves nothing");
  for (let round = 0; round < 50 && !done(); round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Some forced collections, with time for finalisers: for what must not be collected. */
export async function collect(): Promise<void> {
  let rounds = 0;
  await collectUntil(() => ++rounds > 8);
}
