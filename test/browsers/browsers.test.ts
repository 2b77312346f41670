// The suite and the examples' pages in each browser: Chromium, Firefox and WebKitGTK.
import { afterAll, beforeAll, describe, expect, type RunnerTestCase as Task, test } from "vitest";
import { type BrowserName, browserNames } from "../../scripts/engines.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { lacks } from "../runtimes/lacks.ts";
import { names } from "../runtimes/suite/index.js";
import { type BrowserPage, until, withBrowserPage } from "../support/browser-page.ts";
import { examplePages } from "../support/example-pages.ts";
import { buildExample, withExampleSite } from "../support/example-site.ts";
import { serve } from "../support/server.ts";
import { bringSuite, mappedPage } from "../support/suite-page.ts";
import { collector } from "../support/webdriver.ts";

/** The examples that are not written in TypeScript alone. */
const built = ["rust-device", "v86"];

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  bringSuite(consumer);
  consumer.write(
    "features.js",
    `import { missing } from "./suite/features.js";
    document.querySelector("pre").textContent = JSON.stringify(missing());`,
  );
});
afterAll(() => consumer?.remove());

/** Serves the consumer, isolated, opens one of its pages, and gives what the page's `pre` says. */
async function said(name: BrowserName, code: string, task: Readonly<Task>): Promise<string | undefined> {
  const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
  const server = await serve(consumer.folder, { "/page.html": mappedPage(code, collector) }, isolated);
  try {
    return await withBrowserPage(name, `${server.url}/page.html`, async (page) => {
      task.meta.version = page.version;
      const text = await until(page, "pre", /./);
      expect(await page.problems()).toEqual([]);
      return text;
    });
  } finally {
    await server.close();
  }
}

describe.each(browserNames)("%s", (name) => {
  test("imports the package as modules over HTTP, by an import map, and passes the suite", async ({ task }) => {
    const text = await said(name, "./main.js", task);
    if (text !== undefined) expect(JSON.parse(text)).toEqual(names.map((check) => ({ name: check })));
  });

  test("has each feature, but for those of lacks.ts", async ({ task }) => {
    const text = await said(name, "./features.js", task);
    if (text === undefined) return;
    task.meta.missing = JSON.parse(text);
    expect(task.meta.missing).toEqual(lacks[name] ?? []);
  });

  test.each(Object.keys(examplePages))("runs the page of examples/%s", async (example) => {
    if (built.includes(example)) await buildExample(example);
    const shows = async (page: BrowserPage) => {
      await examplePages[example]?.(page);
      expect(await page.problems()).toEqual([]);
    };
    await withExampleSite(example, (url) => withBrowserPage(name, `${url}${example}/`, shows));
  });

  test("shows the examples' pages at a phone's width, and none is wider", async () => {
    const paths = ["./", ...Object.keys(examplePages).map((example) => `${example}/`)];
    for (const example of built) await buildExample(example);
    await withExampleSite("phone", (url) =>
      withBrowserPage(name, `${url}phone.html?${paths.join("&")}`, async (page) => {
        expect((await until(page, "pre", /./)).split("\n")).toEqual(paths);
        expect(await page.problems()).toEqual([]);
      }),
    );
  });
});

test.each(browserNames)("%s: what goes wrong in a page is seen", async (name) => {
  for (const wrong of ["throw", "Promise.reject", "console.error"]) {
    const code = `setTimeout(() => ${wrong === "throw" ? "{ throw Error('on purpose'); }" : `${wrong}("on purpose")`})`;
    const server = await serve(consumer.folder, {
      "/page.html": mappedPage("data:text/javascript,", `${collector} ${code}`),
    });
    try {
      const waits = withBrowserPage(name, `${server.url}/page.html`, (page) => until(page, "pre", /never/));
      const seen = await waits.catch(String);
      if (seen !== undefined) expect(seen).toContain("on purpose");
    } finally {
      await server.close();
    }
  }
});
