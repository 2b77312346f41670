// loadFrom: reads a source chunk by chunk, and writes each chunk as a loader does.

import { byteLengthOf, kindOf } from "../core/byte-array.ts";
import { checkObject } from "../core/options.ts";
import { check, describe, type U64Like } from "../core/u64.ts";
import type { Space } from "../space/space.ts";
import { chunksAt } from "./chunks.ts";

/**
 * The bytes that {@link GuestMemory.loadFrom} loads. Chunks are Uint8Arrays. Streams of Node.js are async iterables.
 *
 * @example
 * ```ts
 * import { GuestMemory, type LoadSource } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const sources: LoadSource[] = [Uint8Array.of(1, 2), new Blob(["ab"]), new Response("ab"), [Uint8Array.of(1), Uint8Array.of(2)]];
 * for (const source of sources) console.assert((await memory.loadFrom(0x10, source)) === 2);
 * ```
 */
export type LoadSource =
  | Response
  | ReadableStream<Uint8Array>
  | Blob
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | Uint8Array;

/**
 * How far a load has come.
 *
 * @example
 * ```ts
 * import { GuestMemory, type LoadProgress } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const show = ({ loaded, total }: LoadProgress) => console.log(total ? `${loaded} of ${total} bytes` : `${loaded} bytes`);
 * await memory.loadFrom(0x10, new Blob(["abc"]), { onProgress: show });
 * ```
 *
 *     3 of 3 bytes
 */
export interface LoadProgress {
  /** The bytes that are in memory. */
  readonly loaded: number;
  /**
   * All bytes of the source, where they are known. A Uint8Array and a Blob have a length. A Response has its
   * Content-Length, but not with a Content-Encoding (which a server of another origin must expose).
   */
  readonly total: number | undefined;
}

/**
 * Options of {@link GuestMemory.loadFrom}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type LoadOptions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const options: LoadOptions = { signal: AbortSignal.timeout(60_000) };
 * await memory.loadFrom(0x10, new Response("abc"), options);
 * ```
 */
export interface LoadOptions {
  /**
   * Called after each chunk. If it throws, the load stops with its error.
   *
   * @example
   * ```ts
   * const bar = { value: 0 };
   * await memory.loadFrom(0x10, new Blob(["abc"]), {
   *   onProgress: ({ loaded, total }) => void (bar.value = total ? loaded / total : 0),
   * });
   * console.assert(bar.value === 1);
   * ```
   */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Ends the load when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A source, opened. */
interface Opened {
  /** A stream or an iterable. */
  readonly chunks: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** The bytes of the source, where they are known. */
  readonly length?: number;
  /** The same, or what was announced. */
  readonly total?: number | undefined;
  /** The reason to read nothing from it. */
  readonly refusal?: string | undefined;
}

/** An iterator over the chunks of a source, or the reader of a stream with the methods of one. */
interface Reader {
  next(): IteratorResult<Uint8Array> | Promise<IteratorResult<Uint8Array>>;
  /** Gives the source up. */
  return?(reason?: unknown): unknown;
  /** Gives a stream back after its end. */
  release?(): void;
}

/** Loads all bytes of `source` from `address` on; returns how many. */
export function loadFrom(
  space: Space,
  address: U64Like,
  source: LoadSource,
  options: LoadOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    check(address, "address");
    checkObject(options, "options");
    const { onProgress, signal } = options;
    if (onProgress !== undefined && typeof onProgress !== "function")
      throw new TypeError(`onProgress must be a function, not ${describe(onProgress)}`);
    if (signal !== undefined && !has(signal, "addEventListener"))
      throw new TypeError(`signal must be an AbortSignal, not ${describe(signal)}`);
    const { chunks, length, total = length, refusal } = open(source);
    const target = chunksAt(space, "loadFrom", address, length);

    let reader: Reader | undefined;
    let ended = false;
    /** Does not wait for the source: its next chunk may never come. */
    const fail = (error: unknown): void => {
      if (ended) return;
      ended = true;
      giveUp(reader, error);
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const ask = async <T>(act: () => T | Promise<T>): Promise<T> => {
      try {
        return await act();
      } catch (cause) {
        throw target.failure("SOURCE_FAILED", `the source failed: ${(cause as Error)?.message ?? cause}`, cause);
      }
    };
    const run = async (): Promise<number> => {
      signal?.addEventListener("abort", abort, { once: true });
      const from = await ask(() => (reader = readerOf(chunks)));
      if (signal?.aborted) abort();
      else target.expect(length ?? 0);
      if (refusal) throw target.failure("SOURCE_FAILED", refusal);
      let loaded = 0;
      while (!ended) {
        const { done, value } = await ask(() => from.next());
        if (ended) break;
        if (done) {
          target.expect(0); // the memory may be gone
          from.release?.();
          ended = true;
        } else {
          loaded = target.put(value);
          onProgress?.({ loaded, total: (total as number) < loaded ? undefined : total });
        }
      }
      return loaded;
    };
    run()
      .then(resolve, fail)
      .finally(() => signal?.removeEventListener("abort", abort));
  });
}

/** Finds the kind of a source by its methods, because its class may be another realm's. */
function open(source: LoadSource): Opened {
  if (ArrayBuffer.isView(source)) {
    const bytes = source as Uint8Array;
    return { chunks: [bytes], length: byteLengthOf(bytes, "source") };
  }
  if (typeof source === "object" && source !== null) {
    if ("ok" in source) return openResponse(source);
    if ("stream" in source) return { chunks: source.stream(), length: source.size };
    if (has(source, "getReader") || has(source, Symbol.asyncIterator) || has(source, Symbol.iterator))
      return { chunks: source as AsyncIterable<Uint8Array> };
  }
  const kinds = "a Response, a ReadableStream, a Blob, a Uint8Array or an iterable of Uint8Arrays";
  const kind = kindOf(source, "source");
  const given = kind === "an object" ? Object.prototype.toString.call(source) : kind;
  throw new TypeError(`source must be ${kinds}, not ${given}`);
}

function openResponse({ ok, status, url, body, bodyUsed, headers }: Response): Opened {
  const total = (!headers.get("content-encoding") && Number(headers.get("content-length"))) || undefined;
  if (bodyUsed) return { chunks: [], refusal: "the body of the response was read before" };
  const refusal = ok ? undefined : `${url || "the response"} has status ${status}`;
  return { chunks: body ?? [], total, refusal };
}

function readerOf(chunks: Opened["chunks"]): Reader {
  // Not every engine can iterate over a stream.
  if ("getReader" in chunks) {
    const reader = chunks.getReader();
    const release = () => reader.releaseLock();
    return {
      next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
      return(reason) {
        const cancelled = reader.cancel(reason);
        release();
        return cancelled;
      },
      release,
    };
  }
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
}

/** Tells a source that nothing more is read from it. The load has failed already, whatever it answers. */
async function giveUp(reader: Reader | undefined, reason: unknown): Promise<void> {
  try {
    await reader?.return?.(reason);
  } catch {
    // The failure of the load is the one to tell.
  }
}

function has(value: object, key: PropertyKey): boolean {
  return typeof (value as Record<PropertyKey, unknown>)[key] === "function";
}
