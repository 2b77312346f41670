// Build: the files of one build, loaded.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Glue } from "guest-memory";
import type { Library } from "./show.ts";

export interface Build {
  readonly lib: Library;
  readonly module: WebAssembly.Module;
  /** The glue of one more instance: of an import, there would be one for good. */
  newGlue(): Glue;
}

/** Loads the dist/ and pkg/ of a folder; nothing is initialised. */
export async function load(folder: string): Promise<Build> {
  const lib = (await import(pathToFileURL(`${folder}/dist/index.js`).href)) as Library;
  const module = new WebAssembly.Module(Uint8Array.from(readFileSync(`${folder}/pkg/guest_memory_bg.wasm`)));
  const source = readFileSync(`${folder}/pkg/guest_memory.js`, "utf8")
    .replaceAll(/^export function/gm, "function")
    .replace(/^export \{ initSync, __wbg_init as default \};$/m, "return { initSync, default: __wbg_init };");
  return { lib, module, newGlue: new Function(source) as () => Glue };
}

/** Has new memories made in an instance of their own, with linear memory as it is at first. */
export async function renew({ lib, module, newGlue }: Build): Promise<void> {
  await lib.init({ glue: newGlue(), wasm: module });
}
