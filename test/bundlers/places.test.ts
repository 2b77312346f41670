// Where a bundled program runs: classic scripts, workers, service workers, pages with a strict policy, CommonJS.
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { names } from "../runtimes/suite/index.js";
import { withPage } from "../support/chromium.ts";
import { engine } from "../support/engines.ts";
import { HANG } from "../support/hang.ts";
import { serve } from "../support/server.ts";

const script = join(root, "test", "bundlers", "bundlers.mjs");
const everyCheckPasses = names.map((name) => ({ name }));
const imports = `import * as library from "guest-memory"; import { suite } from "./suite/index.js";`;
const withBytes = `${imports} import wasm from "guest-memory/inline";
const results = () => suite({ ...library, init: () => library.init({ wasm }) });`;
const show = `.then((value) => { document.querySelector("pre").textContent = JSON.stringify(value); })`;
const page = (script: string, head = "") =>
  `<!doctype html><meta charset="utf-8">${head}<title>consumer</title><link rel="icon" href="data:,"><pre></pre>${script}`;

let consumer: Consumer;
let server: Awaited<ReturnType<typeof serve>>;

/** Bundles a program of the consumer as a classic script, or as CommonJS for Node. */
function bundle(name: string, kind: "iife" | "cjs" | "vite-iife", text: string): void {
  consumer.write(`${name}.js`, text);
  const args = [script, kind, "bundle", consumer.folder, name];
  execFileSync(process.execPath, args, { cwd: consumer.folder, timeout: HANG });
}

beforeAll(async () => {
  consumer = consume();
  cpSync(join(root, "test", "runtimes", "suite"), join(consumer.folder, "suite"), { recursive: true });
  server = await serve(consumer.folder);
});
afterAll(async () => {
  await server?.close();
  consumer?.remove();
});

/** What a page of the consumer says, and what it writes to the console as an error. */
async function open(html: string): Promise<{ said: unknown; problems: readonly string[] } | undefined> {
  consumer.write("page.html", html);
  return withPage(`${server.url}/page.html`, async (page, { messages }) => {
    await page.waitForFunction(() => document.querySelector("pre")?.textContent);
    return { said: JSON.parse((await page.locator("pre").textContent()) ?? ""), problems: messages };
  });
}

const passes = { said: everyCheckPasses, problems: [] };

test.each(["iife", "vite-iife"] as const)("a classic script, %s", async (kind) => {
  bundle("script", kind, `${withBytes} results()${show};`);
  expect(await open(page(`<script src="built/script.js"></script>`))).toEqual(passes);
});

test("a classic script without the bytes is evaluated, and says what init() needs", async () => {
  const said = `library.init().then(() => "loaded", (error) => [error instanceof TypeError, error.message])`;
  bundle("bare", "iife", `${imports} ${said}${show};`);
  const opened = await open(page(`<script src="built/bare.js"></script>`));
  expect(opened?.said).toEqual([true, expect.stringContaining('import wasm from "guest-memory/inline"')]);
});

test("a classic worker", async () => {
  bundle("worker", "iife", `${withBytes} results().then((value) => postMessage(value));`);
  const start = `new Promise((done) => { new Worker("built/worker.js").onmessage = ({ data }) => done(data); })${show}`;
  expect(await open(page(`<script>${start}</script>`))).toEqual(passes);
});

test("a module worker, of the package's own files", async () => {
  const library = `import * as library from "./node_modules/guest-memory/dist/index.js";`;
  const text = `${library} import { suite } from "./suite/index.js"; postMessage(await suite(library));`;
  consumer.write("module-worker.js", text);
  const worker = `new Worker("module-worker.js", { type: "module" })`;
  const start = `new Promise((done) => { ${worker}.onmessage = ({ data }) => done(data); })${show}`;
  expect(await open(page(`<script>${start}</script>`))).toEqual(passes);
});

test.each([
  ["classic", "built/service.js"],
  ["module", "service-module.js"],
])("a %s service worker", async (type, file) => {
  const answer = (results: string) =>
    `addEventListener("message", (event) => event.waitUntil(${results}.then((value) => event.source.postMessage(value))));`;
  if (type === "classic") bundle("service", "iife", `${withBytes} ${answer("results()")}`);
  else {
    const library = `import * as library from "./node_modules/guest-memory/dist/index.js";`;
    consumer.write(file, `${library} import { suite } from "./suite/index.js"; ${answer("suite(library)")}`);
  }
  const start = `(async () => {
    const registration = await navigator.serviceWorker.register("${file}", { type: "${type}" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    if (worker.state !== "activated")
      await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
    const value = await new Promise((done) => {
      navigator.serviceWorker.onmessage = ({ data }) => done(data);
      navigator.serviceWorker.startMessages();
      worker.postMessage("start");
    });
    await registration.unregister();
    return value;
  })()${show}`;
  expect(await open(page(`<script>${start}</script>`))).toEqual(passes);
});

test("a page whose policy allows WebAssembly, and nothing more", async () => {
  const policy = (source: string) => `<meta http-equiv="Content-Security-Policy" content="script-src ${source}">`;
  const text = `import * as library from "./node_modules/guest-memory/dist/index.js";
import { suite } from "./suite/index.js";`;
  consumer.write("policy.js", `${text} suite(library)${show};`);
  const start = `<script type="module" src="policy.js"></script>`;
  expect(await open(page(start, policy("'self' 'wasm-unsafe-eval'")))).toEqual(passes);

  consumer.write("refused.js", `${text} library.init().catch((error) => [error.code, error.message])${show};`);
  const refused = await open(page(`<script type="module" src="refused.js"></script>`, policy("'self'")));
  expect(refused?.said).toEqual(["LOAD_FAILED", expect.stringContaining("script-src 'wasm-unsafe-eval'")]);
});

test("CommonJS for Node", () => {
  bundle("node", "cjs", `${withBytes} results().then((value) => console.log(JSON.stringify(value)));`);
  const printed = execFileSync(process.execPath, [join(consumer.folder, "built", "node.js")], { encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual(everyCheckPasses);
});

test.runIf(engine("bun"))("one executable of Bun's, with the bytes inside", () => {
  consumer.write("single.js", `${withBytes} results().then((value) => console.log(JSON.stringify(value)));`);
  const executable = join(consumer.folder, "built", "single");
  const args = ["build", "--compile", "single.js", "--outfile", executable];
  execFileSync(engine("bun")?.path ?? "", args, { cwd: consumer.folder, timeout: HANG, stdio: "pipe" });
  const printed = execFileSync(executable, { encoding: "utf8", cwd: root, timeout: HANG });
  expect(JSON.parse(printed)).toEqual(everyCheckPasses);
});

test("two entries in one program share one linear memory and one class of errors", () => {
  consumer.write(
    "both.mjs",
    `import { GuestMemory, GuestMemoryError, init } from "guest-memory";
import * as again from "guest-memory";
import wasm from "guest-memory/inline";
import plugin from "guest-memory/vite";
await init({ wasm });
const [one, two] = [GuestMemory.fromRangesSync([[0, 4096]]), await again.GuestMemory.fromRanges([[0, 4096]])];
one.writeUint8(0, 7);
let code;
try { two.writeUint8(4096, 1); } catch (error) { code = error instanceof GuestMemoryError && error.code; }
console.log(JSON.stringify([one.view(0, 1).buffer === two.view(0, 1).buffer, code, plugin().name]));`,
  );
  const printed = execFileSync(process.execPath, [join(consumer.folder, "both.mjs")], { encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual([true, "INVALID_GUEST_ADDRESS", "guest-memory"]);
});
