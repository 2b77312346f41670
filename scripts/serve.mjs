// The server of the examples' pages, for `npm start -- --web`: examples/ as a site, whose index links each of them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./toolchain.mjs";

const site = join(root, "examples");

/** Builds an example that is not written in TypeScript alone. @param {string} name */
export async function build(name) {
  const script = join(site, name, "build.mjs");
  if (existsSync(script)) (await import(pathToFileURL(script).href)).build();
}

/**
 * Builds each example when its page is first asked for. If that fails, the page says why.
 * @param {Set<string>} built names of examples that need no build any more
 * @returns {import("vite").Plugin}
 */
const builds = (built) => ({
  name: "builds",
  configureServer(server) {
    server.middlewares.use(async (request, response, next) => {
      const name = /^\/([\w-]+)\/(?:index\.html)?(?:\?|$)/.exec(request.url ?? "")?.[1];
      if (name === undefined || built.has(name)) return next();
      try {
        await build(name);
        built.add(name);
        next();
      } catch (error) {
        response.writeHead(500, { "content-type": "text/html; charset=utf-8" });
        response.end(failure(name, error instanceof Error ? error.message : String(error)));
      }
    });
  },
});

/** @param {string} name @param {string} why */
const failure = (name, why) => `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <title>${name} is not built</title>
  <link rel="icon" href="data:," />
  <link rel="stylesheet" href="/common/page.css" />
  <header>
    <nav><a href="/">All examples</a></nav>
    <h1>${name} is not built</h1>
    <p>The page needs a file that could not be made. Reload it to try again.</p>
  </header>
  <pre class="wrap">${why.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>
</html>
`;

/**
 * Serves the pages, and prints the address of one.
 * @param {string | undefined} name an example, which is built already; undefined: the index
 */
export async function serve(name) {
  const { createServer } = await import("vite");
  const server = await createServer({
    root: site,
    appType: "mpa", // a wrong address is an error, not the index
    configFile: join(root, "vite.config.ts"),
    plugins: [builds(new Set(name === undefined ? [] : [name]))],
    // Servers may run at the same time, and each example's has a cache of its own. It has the packages of every example
    // from the start: Vite would load a page a second time for another package, while the page is in use.
    cacheDir: join(root, ".cache", "vite", name ?? "index"),
    optimizeDeps: { entries: ["*/index.html", "*/web/worker.ts"] },
  });
  await server.listen();
  const address = server.resolvedUrls?.local[0] ?? "";
  console.log(
    `\n  ${address}${name === undefined ? "" : `${name}/`}\n\n  Open it in a browser; Ctrl+C ends the server.`,
  );
}
