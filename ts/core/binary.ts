// The Wasm binary: reads and compiles it from wherever a caller says, and tells what was there instead.

import { lengthOfBuffer } from "./byte-array.ts";
import { GuestMemoryError } from "./errors.ts";
import type { WasmSource } from "./raw.ts";
import { describe } from "./u64.ts";
import type { WasmModule } from "./wasm-types.ts";

/** The first bytes of a Wasm binary. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** The part of Node.js' `process` that is needed here; Deno and Bun have it too. No package of types has to be there. */
interface NodeProcess {
  getBuiltinModule(name: "node:fs/promises"): { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> };
}

/** Compiles the binary that a source gives. Throws a TypeError for a source of another type, and `LOAD_FAILED`. */
export async function compile(source: WasmSource): Promise<WasmModule> {
  if (tagOf(source) === "WebAssembly.Module") return source as WasmModule;
  const [bytes, from] = await read(source);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw refusal(`${from} cannot be compiled: ${message(cause)}${policyHint(message(cause))}`, cause);
  }
}

/** The bytes of a source, and words for its place. An object may come from another realm: a frame, or a test's globals. */
async function read(source: WasmSource): Promise<[BufferSource, string]> {
  if (typeof source === "string") return readUrl(resolve(source));
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source;
    // A copy, because not every engine compiles from a DataView, or from shared memory.
    return [new Uint8Array(buffer, byteOffset, byteLength).slice(), "the binary"];
  }
  if (lengthOfBuffer(source) !== undefined) return read(new Uint8Array(source as ArrayBuffer));
  if (tagOf(source) === "URL") return readUrl(resolve((source as URL).href)); // Turbopack's may be relative
  if (tagOf(source) === "Response") return readResponse(source as Response);
  throw new TypeError(
    `wasm must be a URL, a string, a Response, the binary's bytes or a WebAssembly.Module, not ${describe(source)}`,
  );
}

/** The name of an object's class, as the class itself states it. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** The URL that a string names. In a page and in a worker it may be relative, as for `fetch`. */
function resolve(text: string): URL {
  const base = globalThis.location?.href;
  try {
    return new URL(text, base);
  } catch {
    const place = base === undefined ? "there is no page here that it could be relative to" : `this page is ${base}`;
    throw new TypeError(`wasm: "${text}" is no URL, and ${place}: give new URL("${text}", import.meta.url)`);
  }
}

async function readUrl(url: URL): Promise<[BufferSource, string]> {
  if (url.protocol === "file:") {
    const path = new URL(url);
    path.search = ""; // removes `?no-inline`, which is for bundlers
    // Not the name `process` by itself, for which a bundler would bring a stand-in.
    const { process } = globalThis as unknown as { process: NodeProcess };
    const { readFile } = process.getBuiltinModule("node:fs/promises");
    try {
      return [await readFile(path), path.href];
    } catch (cause) {
      throw refusal(`${path.href} cannot be read: ${message(cause)}`, cause);
    }
  }
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw refusal(`${url.href} cannot be fetched: ${message(cause)}`, cause);
  }
  return readResponse(response, url.href);
}

async function readResponse(response: Response, url = response.url): Promise<[BufferSource, string]> {
  const from = url === "" ? "the Response" : url;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw refusal(`${from} cannot be read: ${message(cause)}`, cause);
  }
  if (response.ok && MAGIC.every((byte, index) => bytes[index] === byte)) return [bytes, from];
  const type = response.headers.get("content-type") ?? "no content type";
  // A development server answers with its page for a path that it does not know.
  const plugin = type.includes("html") ? " (in Vite's development server, use the plugin of guest-memory/vite)" : "";
  throw refusal(`${from} answers with status ${response.status} and ${type}, which is not the Wasm binary${plugin}`);
}

/** An error that says where the binary can be given. */
function refusal(what: string, cause?: unknown): GuestMemoryError {
  const help =
    'import wasm from "guest-memory/inline" and await init({ wasm }), or serve guest-memory/guest_memory.wasm and' +
    " await init({ wasm: its URL })";
  return new GuestMemoryError("LOAD_FAILED", `${what}. ${help}`, { cause });
}

/** Engines name the page's policy in their message, each in its own words. */
function policyHint(text: string): string {
  const blocked = /unsafe-eval|content security policy|\bcsp\b/i.test(text);
  return blocked ? " (the page's Content-Security-Policy needs script-src 'wasm-unsafe-eval')" : "";
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
