// The examples' pages, served as `npm start -- --web` does, with the collector in them, and one more page: a phone.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createServer, type Plugin } from "vite";
import { root } from "../../scripts/toolchain.mjs";
import { collector } from "./webdriver.ts";

/** Builds an example that is not written in TypeScript alone. */
export async function buildExample(example: string): Promise<void> {
  (await import(pathToFileURL(join(root, "examples", example, "build.mjs")).href)).build();
}

/**
 * Serves the examples, and hands the index's address to `use`.
 *
 * @param cache a name for Vite's cache, since servers may run at the same time
 */
export async function withExampleSite(cache: string, use: (url: string) => Promise<unknown>): Promise<void> {
  const server = await createServer({
    root: join(root, "examples"),
    configFile: join(root, "vite.config.ts"),
    cacheDir: join(root, ".cache", "vite-browsers", cache),
    optimizeDeps: { entries: ["*/index.html", "*/web/worker.ts"] }, // a package found late loads a page a second time
    logLevel: "warn",
    plugins: [collects, phone],
  });
  try {
    await server.listen();
    await use(server.resolvedUrls?.local[0] ?? "");
  } finally {
    await server.close();
  }
}

const collects: Plugin = {
  name: "collector",
  transformIndexHtml: () => [{ tag: "script", children: collector, injectTo: "head-prepend" }],
};

/**
 * `phone.html?path&path...` shows the site's pages one after the other in a frame of a phone's width, because the windows of
 * Firefox and WebKitGTK do not become so narrow. When each page has shown something, the `pre` gets a line for each: its path,
 * and what a reader would have to scroll sideways: the page, or a text that is not a row of bytes.
 */
const phone: Plugin = {
  name: "phone",
  configureServer(server) {
    server.middlewares.use("/phone.html", (_, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(`<!doctype html><title>A phone</title><link rel="icon" href="data:,"><script>${collector}</script>
        <iframe style="border: 0; width: 390px; height: 844px"></iframe><pre></pre>
        <script>(${showPages})()</script>`);
    });
  },
};

/** The program of the phone's page. */
async function showPages(): Promise<void> {
  const frame = document.querySelector("iframe") as HTMLIFrameElement;
  const lines: string[] = [];
  for (const path of location.search.slice(1).split("&")) {
    frame.src = path;
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    const { document: page, pageProblems } = frame.contentWindow as Window & { pageProblems?: string[] };
    const log = page.querySelector("[role=log]");
    while (log !== null && !/\S/.test(log.textContent)) {
      if (pageProblems?.length) throw new Error(pageProblems.join("\n"));
      await new Promise((next) => setTimeout(next, 50));
    }
    const boxes = [page.documentElement, ...page.querySelectorAll("pre:not(.dense)")];
    const wide = boxes.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
    lines.push([path, ...wide.map((box) => `${box.localName} ${box.id}: ${box.scrollWidth} px`)].join(" "));
  }
  (document.querySelector("pre") as HTMLElement).textContent = lines.join("\n");
}
