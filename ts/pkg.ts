// The one seam to ../pkg, which is built from crate/. This file stays at the top of ts/, because `../pkg` must be right in
// dist/index.js too, into which it is bundled.

import * as glue from "../pkg/guest_memory.js";
import type { Glue } from "./core/raw.ts";

/** The glue of the module in pkg/. */
export const packagedGlue: Glue = glue as unknown as Glue; // its own types name what it can fetch

/** Where the packaged binary lies. `?no-inline` keeps bundlers of libraries from making a string of it. */
export const packagedWasm: URL = new URL("../pkg/guest_memory_bg.wasm?no-inline", import.meta.url);
