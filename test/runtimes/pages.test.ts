// The suite on the packed package in pages of Chromium: as modules over HTTP, built by Vite, and from Vite's dev server.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { build, createServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Consumer, consume } from "../packaging/packed.ts";
import { withBrowserPage } from "../support/browser-page.ts";
import { withPage } from "../support/chromium.ts";
import { engine } from "../support/engines.ts";
import { withExample } from "../support/example.ts";
import { examplePages } from "../support/example-pages.ts";
import { serve } from "../support/server.ts";
import { bringSuite, mappedPage, page } from "../support/suite-page.ts";
import { names } from "./suite/index.js";

const everyCheckPasses = names.map((name) => ({ name }));
const givenUrl = `import { GuestMemory, init } from "guest-memory";
import wasm from "guest-memory/guest_memory.wasm?url";
await init({ wasm });
document.querySelector("pre").textContent = GuestMemory.fromRangesSync([[0, 4096]]).lastAddress;`;

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  bringSuite(consumer);
  consumer.write("given-url.js", givenUrl);
  consumer.write("index.html", page(`<script type="module" src="./main.js"></script>`));
  consumer.write("given-url.html", page(`<script type="module" src="./given-url.js"></script>`));
});
afterAll(() => consumer?.remove());

/** What a page's `pre` says once it says anything. */
async function said(page: Page): Promise<string> {
  await page.waitForFunction(() => document.querySelector("pre")?.textContent);
  return (await page.locator("pre").textContent()) ?? "";
}

/** Opens a page, expects no problem in it, and gives what it says. */
async function open(url: string): Promise<string | undefined> {
  return withPage(url, async (page, problems) => {
    const text = await said(page).catch((error) => [error, ...problems.messages].join("\n"));
    expect(problems.messages).toEqual([]);
    return text;
  });
}

describe.runIf(engine("chromium"))("Chromium", () => {
  test("loads it as modules over HTTP, by an import map, and passes the suite", async () => {
    const server = await serve(consumer.folder, { "/mapped.html": mappedPage("./main.js") });
    try {
      expect(JSON.parse((await open(`${server.url}/mapped.html`)) ?? "")).toEqual(everyCheckPasses);
    } finally {
      await server.close();
    }
  });

  test("runs a Vite build, which has the binary as a file of its own, and passes the suite", async () => {
    const outDir = join(consumer.folder, "built");
    const input = ["index.html", "given-url.html"].map((name) => join(consumer.folder, name));
    await build({
      root: consumer.folder,
      configFile: false,
      logLevel: "warn",
      base: "./",
      build: { outDir, rolldownOptions: { input } },
    });
    const assets = readdirSync(join(outDir, "assets"));
    expect(assets.filter((name) => name.endsWith(".wasm")).length).toBe(1);
    for (const code of assets.filter((name) => name.endsWith(".js"))) {
      expect(readFileSync(join(outDir, "assets", code), "utf8")).not.toContain("data:application/wasm");
    }
    const server = await serve(outDir);
    try {
      expect(JSON.parse((await open(`${server.url}/index.html`)) ?? "")).toEqual(everyCheckPasses);
      expect(await open(`${server.url}/given-url.html`)).toBe("4095");
    } finally {
      await server.close();
    }
  });

  test("runs from Vite's dev server, dependencies bundled beforehand, and passes the suite", async () => {
    const server = await createServer({ root: consumer.folder, configFile: false, logLevel: "warn" });
    try {
      await server.listen();
      expect(JSON.parse((await open(server.resolvedUrls?.local[0] ?? "")) ?? "")).toEqual(everyCheckPasses);
    } finally {
      await server.close();
    }
  });

  test("runs the README's example in its page", () =>
    withExample("readme", (url) => withBrowserPage("chromium", url, examplePages.readme)));
});
