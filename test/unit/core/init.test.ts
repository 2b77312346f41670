// init(): its arguments, and what it says where the binary is not what it should be.
import { readFile } from "node:fs/promises";
import { GuestMemoryError, type WasmSource } from "guest-memory";
import { afterEach, expect, test, vi } from "vitest";
import { serve } from "../../support/server.ts";

const file = new URL("../../../pkg/guest_memory_bg.wasm", import.meta.url);
/** The smallest module that is valid. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

afterEach(() => vi.unstubAllGlobals());

/** The library before its module is loaded. */
async function fresh(): Promise<typeof import("guest-memory")> {
  vi.resetModules();
  return import("guest-memory");
}

/** A copy in memory that threads can share. */
function shared(bytes: Uint8Array): ArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer as unknown as ArrayBuffer; // TypeScript's BufferSource has none
}

/** What init() throws, and that it works afterwards. */
async function refusal(options: unknown): Promise<Error & { code?: string }> {
  const { init, GuestMemory } = await fresh();
  const error = await init(options as { wasm: WasmSource }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error(`not refused: ${error}`);
  await init();
  GuestMemory.fromRangesSync([[0, 0x1000]]).dispose();
  return error;
}

test("each kind of source is taken", async () => {
  const bytes = new Uint8Array(await readFile(file));
  const sources: (() => WasmSource | Promise<WasmSource>)[] = [
    () => file,
    () => file.href,
    () => bytes,
    () => bytes.buffer,
    () => new DataView(bytes.buffer),
    () => new Uint8Array(shared(bytes)),
    () => WebAssembly.compile(bytes),
    () => new Response(bytes),
    () => Promise.resolve(bytes),
  ];
  for (const source of sources) {
    const { init, GuestMemory } = await fresh();
    await init({ wasm: source() });
    GuestMemory.fromRangesSync([[0, 0x1000]]).dispose();
  }
});

test("what is no options object is a TypeError, which shows what is", async () => {
  for (const [given, text] of [
    ["x.wasm", "init takes an object, { wasm } or { glue, wasm }, not a string"],
    [file, "init takes an object, { wasm } or { glue, wasm }, not"],
    [EMPTY, "init takes an object, { wasm } or { glue, wasm }, not"],
    [null, "init takes an object, { wasm } or { glue, wasm }, not null"],
    [{ url: file }, 'init takes an object, { wasm } or { glue, wasm }, and no option "url"'],
  ] as const) {
    const error = await refusal(given);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(text);
  }
  for (const wasm of [5, {}, [], true, null]) expect(await refusal({ wasm })).toBeInstanceOf(TypeError);
});

test("a relative string is relative to the page; without one it is a TypeError, which shows the way", async () => {
  const error = await refusal({ wasm: "assets/guest_memory.wasm" });
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain('new URL("assets/guest_memory.wasm", import.meta.url)');

  const server = await serve(new URL("../../../", import.meta.url).pathname);
  try {
    vi.stubGlobal("location", { href: `${server.url}/examples/index.html` });
    const { init, GuestMemory } = await fresh();
    await init({ wasm: "../pkg/guest_memory_bg.wasm" });
    GuestMemory.fromRangesSync([[0, 0x1000]]).dispose();
  } finally {
    await server.close();
  }
});

test("LOAD_FAILED names the place, what came, and what to do", async () => {
  const server = await serve(new URL("../../../", import.meta.url).pathname, {
    "/index.wasm": "<!doctype html>",
    "/empty.wasm": "",
  });
  try {
    const missing = new URL("nowhere.wasm", file);
    const cases: [WasmSource, RegExp][] = [
      [
        `${server.url}/index.wasm`,
        /\/index\.wasm answers with status 200 and application\/wasm, which is not the Wasm/,
      ],
      [`${server.url}/README.md`, /\/README\.md answers with status 200 and application\/octet-stream/],
      [new URL(`${server.url}/nowhere`), /\/nowhere answers with status 404 and text\/plain/],
      [`${server.url}/empty.wasm`, /\/empty\.wasm answers with status 200/],
      ["http://127.0.0.1:1/x.wasm", /http:\/\/127\.0\.0\.1:1\/x\.wasm cannot be fetched/],
      [new Response("<html>", { headers: { "content-type": "text/html" } }), /the Response answers .* and text\/html/],
      [missing, /nowhere\.wasm cannot be read/],
      [Uint8Array.of(1, 2, 3), /the binary cannot be compiled/],
    ];
    for (const [wasm, text] of cases) {
      const error = await refusal({ wasm });
      expect(error).toMatchObject({ name: "GuestMemoryError", code: "LOAD_FAILED" });
      expect(error.message).toMatch(text);
      expect(error.message).toContain('import wasm from "guest-memory/inline" and await init({ wasm })');
    }
  } finally {
    await server.close();
  }
});

test("a URL of a bundler's own, which is relative, is one of the page's", async () => {
  class RelativeURL {
    readonly href = "/static/guest_memory.wasm";
    readonly [Symbol.toStringTag] = "URL"; // as Turbopack makes them
  }
  const wasm = new RelativeURL() as unknown as URL;
  expect(await refusal({ wasm })).toBeInstanceOf(TypeError); // there is no page here
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/app/page" });
  try {
    expect((await refusal({ wasm })).message).toContain(
      "http://127.0.0.1:1/static/guest_memory.wasm cannot be fetched",
    );
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a page's policy is named where it forbids compilation", async () => {
  const words = "Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not allowed";
  vi.spyOn(WebAssembly, "compile").mockRejectedValueOnce(new WebAssembly.CompileError(words));
  expect((await refusal({ wasm: EMPTY })).message).toContain("script-src 'wasm-unsafe-eval'");
});

test("ABI_MISMATCH: another module's binary, and a release with other imports", async () => {
  const other = await refusal({ wasm: EMPTY });
  expect(other).toMatchObject({ code: "ABI_MISMATCH", message: expect.stringContaining("another Wasm module's") });
  // (module (import "x" "f" (func)) (export "guest_memory_abi" (func 0)))
  const name = [...new TextEncoder().encode("guest_memory_abi")];
  const section = (id: number, content: number[]) => [id, content.length, ...content];
  const imports = section(2, [1, 1, 0x78, 1, 0x66, 0, 0]);
  const exports = section(7, [1, name.length, ...name, 0, 0]);
  const release = Uint8Array.of(...EMPTY, ...section(1, [1, 0x60, 0, 0]), ...imports, ...exports);
  expect(await refusal({ wasm: release })).toMatchObject({
    code: "ABI_MISMATCH",
    message: expect.stringContaining("another release"),
  });
});

test("a bundle without a URL of its own asks for the binary", async () => {
  vi.resetModules();
  vi.doMock("../../../ts/pkg.ts", async (original) => ({
    ...(await original<object>()),
    packagedWasm: () => [new URL("../pkg/guest_memory_bg.wasm", undefined)],
  }));
  try {
    const { init, GuestMemory } = await import("guest-memory");
    const error = await init().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('import wasm from "guest-memory/inline"');
    await init({ wasm: file });
    GuestMemory.fromRangesSync([[0, 0x1000]]).dispose();
  } finally {
    vi.doUnmock("../../../ts/pkg.ts");
  }
});

test("where a bundler has moved the code alone, the binary is found in the package", async () => {
  vi.resetModules();
  vi.doMock("../../../ts/pkg.ts", async (original) => ({
    ...(await original<object>()),
    packagedWasm: () => [new URL("moved/guest_memory_bg.wasm", import.meta.url), file],
  }));
  try {
    const { init, GuestMemory } = await import("guest-memory");
    await init();
    GuestMemory.fromRangesSync([[0, 0x1000]]).dispose();
  } finally {
    vi.doUnmock("../../../ts/pkg.ts");
  }
});

test("an error of init() is one that a program can tell from others", async () => {
  const { init, GuestMemoryError: FreshError } = await fresh();
  const error = await init({ wasm: EMPTY }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FreshError);
  expect(FreshError).not.toBe(GuestMemoryError); // of a library that was imported anew
});
