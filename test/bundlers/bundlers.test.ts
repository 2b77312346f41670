// Each bundler builds a consumer of the packed package, without settings of our own, and the page passes the suite.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { names } from "../runtimes/suite/index.js";
import { withPage } from "../support/chromium.ts";
import { HANG } from "../support/hang.ts";
import { serve } from "../support/server.ts";
import { bundlers } from "./bundlers.mjs";

const script = join(root, "test", "bundlers", "bundlers.mjs");
/** These are rows of `npm test`; the others of `npm run test:all`. */
const SAMPLE = ["vite7", "webpack", "esbuild"];
const tagsOf = (name: string) => ({ tags: SAMPLE.includes(name) ? ["sample"] : [] });
const everyCheckPasses = names.map((name) => ({ name }));
const show = (library: string) => `document.querySelector("pre").textContent = JSON.stringify(await suite(${library}))`;

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  cpSync(join(root, "test", "runtimes", "suite"), join(consumer.folder, "suite"), { recursive: true });
  const imports = `import * as library from "guest-memory"; import { suite } from "./suite/index.js";`;
  const start = "(async () => {";
  const end = `})().catch((error) => { document.querySelector("pre").textContent = error.stack; });`;
  consumer.write("main.js", `${imports} ${start} ${show("library")}; ${end}`);
  consumer.write(
    "inline.js",
    `${imports} import wasm from "guest-memory/inline"; ${start} ${show("{ ...library, init: () => library.init({ wasm }) }")}; ${end}`,
  );
  consumer.write(
    "index.html",
    `<!doctype html><meta charset="utf-8"><title>consumer</title><link rel="icon" href="data:,">
<pre></pre><script type="module" src="./main.js"></script>`,
  );
});
afterAll(() => consumer?.remove());

/** What a page says; with what went wrong in it, if anything. */
function open(url: string): Promise<string | undefined> {
  return withPage(url, async (page, problems) => {
    await page.waitForFunction(() => document.querySelector("pre")?.textContent);
    expect(problems.messages).toEqual([]);
    return (await page.locator("pre").textContent()) ?? "";
  });
}

for (const [name, { binary }] of Object.entries(bundlers)) {
  test(`${name} builds a page with one binary, which passes the suite`, tagsOf(name), async () => {
    const built = join(consumer.folder, "built");
    rmSync(built, { recursive: true, force: true });
    const { status, stderr } = spawnSync(process.execPath, [script, name, "build", consumer.folder], {
      cwd: consumer.folder,
      encoding: "utf8",
      timeout: HANG,
    });
    expect(status, stderr).toBe(0);
    const files = readdirSync(built, { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => file.endsWith(".wasm")).length).toBe(binary === "file" ? 1 : 0);
    for (const file of files.filter((each) => /\.(js|html)$/.test(each)))
      expect(readFileSync(join(built, file), "utf8"), file).not.toContain("data:application/wasm");
    const server = await serve(built);
    try {
      expect(JSON.parse((await open(`${server.url}/`)) ?? "")).toEqual(everyCheckPasses);
    } finally {
      await server.close();
    }
  });
}

test("the main entry stays small: README has the limits", { tags: ["sample"] }, () => {
  consumer.write("size.js", `export * from "guest-memory";`);
  const args = [script, "minified", "bundle", consumer.folder, "size"];
  execFileSync(process.execPath, args, { cwd: consumer.folder, timeout: HANG });
  const code = readFileSync(join(consumer.folder, "built", "size.js"));
  expect(code.length).toBeLessThan(128 * 1024);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(44 * 1024);
  for (const text of ["one copy of what is written", "coreFile"]) {
    expect(readdirSync(join(root, "ts"), { recursive: true, encoding: "utf8" }).some((file) => isIn(file, text))).toBe(
      true,
    );
    expect(code.includes(text), `${text}: of another entry`).toBe(false);
  }
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain("under 128 KiB minified, 44 KiB gzipped");
});

/** Whether a source has a text, which only another entry needs. */
const isIn = (file: string, text: string) =>
  file.endsWith(".ts") && readFileSync(join(root, "ts", file), "utf8").includes(text);

/** Opens the page that a bundler serves in development. */
async function develop(name: string, folder: string): Promise<string | undefined> {
  rmSync(join(folder, "node_modules", ".vite"), { recursive: true, force: true });
  const server = spawn(process.execPath, [script, name, "serve", folder], {
    cwd: folder,
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      server.stdout.once("data", (data) => resolve(String(data).trim()));
      server.once("exit", (status) => reject(new Error(`it ended with ${status}`)));
    });
    return await open(url);
  } finally {
    server.stdin.end();
  }
}

for (const [name] of Object.entries(bundlers).filter(([, bundler]) => bundler.serve)) {
  test(`${name} serves the page in development, which passes the suite`, tagsOf(name), async () => {
    expect(JSON.parse((await develop(name, consumer.folder)) ?? "")).toEqual(everyCheckPasses);
  });

  test(`${name} serves a package of a monorepo: the plugin finds the binary, which is not below the page`, async () => {
    const app = join(consumer.folder, "app");
    consumer.write("package.json", JSON.stringify({ private: true, type: "module", workspaces: ["app"] }));
    cpSync(join(consumer.folder, "suite"), join(app, "suite"), { recursive: true });
    for (const file of ["main.js", "index.html"]) cpSync(join(consumer.folder, file), join(app, file));
    consumer.write("app/package.json", JSON.stringify({ name: "app", private: true, type: "module" }));
    rmSync(join(app, "vite.config.js"), { force: true });
    const without = (await develop(name, app)) ?? "";
    if (name === "vite8") expect(JSON.parse(without)).toEqual(everyCheckPasses);
    else expect(without).toMatch(/guest_memory_bg\.wasm\S* answers with status 200 and text\/html.*guest-memory\/vite/);
    const plugin = `import guestMemory from "guest-memory/vite"; export default { plugins: [guestMemory()] };`;
    consumer.write("app/vite.config.js", plugin);
    expect(JSON.parse((await develop(name, app)) ?? "")).toEqual(everyCheckPasses);
  });
}
