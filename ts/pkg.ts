// The packaged Wasm module: the only file that imports ../pkg, which is built from crate/. It stays at the top of ts/,
// because `../pkg` must also be right in dist/index.js, into which this file is bundled.

import { initSync } from "../pkg/guest_memory.js"; // alone: bundlers then leave out a function for each of the core's calls
import type { WasmModule } from "./core/wasm-types.ts";

/** Instantiates a module of pkg/ once; later calls return the same exports. */
export function instantiatePackaged(module: WasmModule): unknown {
  return initSync({ module: module as never }); // wasm-bindgen has types of its own
}

/**
 * The URLs at which the packaged binary may lie, the likeliest first. Throws a TypeError in a bundle without a URL of its
 * own: CommonJS, or a classic script. So they are asked for when the binary is needed, and not when this file is evaluated.
 */
export function packagedWasm(): URL[] {
  // Bundlers look for this expression. `?no-inline` keeps them from inlining the binary as a string.
  const beside = new URL("../pkg/guest_memory_bg.wasm?no-inline", import.meta.url);
  // In development Vite 5 to 7 move this file, alone, to node_modules/.vite/deps.
  const [, modules] = /^(.+\/node_modules\/)\.vite\/deps\//.exec(import.meta.url) ?? [];
  return modules === undefined ? [beside] : [beside, new URL("guest-memory/pkg/guest_memory_bg.wasm", modules)];
}
