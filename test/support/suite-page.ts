// The pages of a consumer of the package that run the suite and show its results.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import type { Consumer } from "../packaging/packed.ts";

const importMap = JSON.stringify({ imports: { "guest-memory": "/node_modules/guest-memory/dist/index.js" } });
const main = `import * as library from "guest-memory";
import { suite } from "./suite/index.js";
document.querySelector("pre").textContent = JSON.stringify(await suite(library));`;

/** Puts the suite into a consumer, with a main.js that runs it and shows the results in the page's `pre`. */
export function bringSuite(consumer: Consumer): void {
  cpSync(join(root, "test", "runtimes", "suite"), join(consumer.folder, "suite"), { recursive: true });
  consumer.write("main.js", main);
}

/** A page with an empty `pre`. @param head what else its head has */
export const page = (head: string) =>
  `<!doctype html><meta charset="utf-8"><title>guest-memory</title><link rel="icon" href="data:,">${head}<pre></pre>`;

/**
 * A page that loads a program of the consumer as modules over HTTP, by an import map.
 *
 * @param first a script's code that runs before all else
 */
export const mappedPage = (program: string, first = "") =>
  page(
    `<script>${first}</script><script type="importmap">${importMap}</script><script type="module" src="${program}"></script>`,
  );
