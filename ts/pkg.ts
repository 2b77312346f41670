// The packaged Wasm module: the only file that imports ../pkg, which is built from crate/. It stays at the top of ts/,
// because `../pkg` must also be right in dist/index.js, into which this file is bundled.

import * as glue from "../pkg/guest_memory.js";
import type { Glue } from "./core/raw.ts";

/** The wasm-bindgen glue of the module in pkg/. */
export const packagedGlue: Glue = glue as unknown as Glue; // wasm-bindgen has types of its own

/** The URL of the packaged binary. `?no-inline` keeps bundlers from inlining it as a string. */
export const packagedWasm: URL = new URL("../pkg/guest_memory_bg.wasm?no-inline", import.meta.url);
