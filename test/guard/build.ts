// Build: the files of one build, loaded.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Glue } from "guest-memory";
import type { Library } from "./show.ts";

/** A build, with glue for instances of its Wasm module beside the one that it loads by itself. */
export interface Build {
  readonly lib: Library;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly alone: Glue;
  readonly main: Glue;
  readonly foreign: Glue;
}

/** Loads the dist/ and pkg/ of a folder; nothing is initialised. */
export async function load(folder: string): Promise<Build> {
  const at = (path: string) => pathToFileURL(`${folder}/${path}`).href;
  const glue = (name: string) => import(`${at("pkg/guest_memory.js")}?${name}`);
  const lib = (await import(at("dist/index.js"))) as Library;
  const wasm = Uint8Array.from(readFileSync(`${folder}/pkg/guest_memory_bg.wasm`));
  return { lib, wasm, alone: await glue("alone"), main: await glue("main"), foreign: await glue("foreign") };
}
