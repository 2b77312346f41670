// The suite and the examples' pages in each browser: Chromium, Firefox and WebKitGTK.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames } from "../../scripts/engines.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { names } from "../runtimes/suite/index.js";
import { type BrowserPage, until, withBrowserPage } from "../support/browser-page.ts";
import { examplePages } from "../support/example-pages.ts";
import { serve } from "../support/server.ts";
import { bringSuite, mappedPage } from "../support/suite-page.ts";
import { collector } from "../support/webdriver.ts";

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  bringSuite(consumer);
});
afterAll(() => consumer?.remove());

/** Serves an example's page as `npm start -- --web` does, with the collector in it, and hands its address to `use`. */
async function withExamplePage(example: string, use: (url: string) => Promise<unknown>): Promise<void> {
  const server = await createServer({
    root: join(root, "examples", example),
    configFile: join(root, "vite.config.ts"),
    cacheDir: join(root, ".cache", "vite-browsers", example),
    logLevel: "warn",
    plugins: [
      {
        name: "collector",
        transformIndexHtml: () => [{ tag: "script", children: collector, injectTo: "head-prepend" }],
      },
    ],
  });
  try {
    await server.listen();
    await use(server.resolvedUrls?.local[0] ?? "");
  } finally {
    await server.close();
  }
}

describe.each(browserNames)("%s", (name) => {
  test("the suite, as modules over HTTP by an import map", async () => {
    const server = await serve(consumer.folder, { "/mapped.html": mappedPage(collector) });
    try {
      await withBrowserPage(name, `${server.url}/mapped.html`, async (page) => {
        const results = JSON.parse(await until(page, "pre", /./));
        expect(results).toEqual(names.map((check) => ({ name: check })));
        expect(await page.problems()).toEqual([]);
      });
    } finally {
      await server.close();
    }
  });

  test.each(Object.keys(examplePages))("the page of examples/%s", async (example) => {
    if (example === "rust-device")
      (await import(pathToFileURL(join(root, "examples", example, "build.mjs")).href)).build();
    const shows = async (page: BrowserPage) => {
      await examplePages[example]?.(page);
      expect(await page.problems()).toEqual([]);
    };
    await withExamplePage(example, (url) => withBrowserPage(name, url, shows));
  });
});
