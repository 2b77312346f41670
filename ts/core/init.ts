// init(): finds the Wasm module, instantiates it, and checks its interface version.

import { packagedGlue, packagedWasm } from "../pkg.ts";
import { ABI, VIEWS_TOLD } from "./abi.ts";
import { GuestMemoryError } from "./errors.ts";
import { LinearMemory } from "./linear-memory.ts";
import type { Glue, RawExports, WasmSource } from "./raw.ts";

/**
 * Options of {@link init}: where the Wasm module comes from.
 *
 * @example
 * ```ts
 * import { init, type InitOptions } from "guest-memory";
 *
 * const options: InitOptions = {};
 * await init(options);
 * ```
 */
export interface InitOptions {
  /**
   * The packaged binary, for bundlers that do not keep it next to the code: a URL, a Response, its bytes or a compiled
   * module. Its place can be imported as `guest-memory/guest_memory.wasm`. Ignored once the module is loaded.
   * @example
   * ```ts
   * await init({ wasm: new URL("guest_memory.wasm", "https://example.com/assets/") });
   * ```
   */
  wasm?: WasmSource | Promise<WasmSource>;
  /**
   * The wasm-bindgen glue of your own module, which links the crate with its bindings. `wasm` is then that module's
   * binary; it may be missing if the glue finds the binary itself or was initialised already. A module without the
   * crate's exports is refused with `ABI_MISMATCH`.
   * @example
   * ```ts
   * const glue = { default: async () => ({}) }; // in earnest: import * as glue from "../my_module.js"
   * const error = await init({ glue }).catch((reason: unknown) => reason);
   * console.assert(error instanceof GuestMemoryError && error.code === "ABI_MISMATCH");
   * ```
   */
  glue?: Glue;
}

let current: LinearMemory | undefined;
let loading: Promise<LinearMemory> | undefined;
const byExports = new WeakMap<object, LinearMemory>();

/**
 * Loads the Wasm module. Optional: {@link GuestMemory.fromRanges} does it when it is first called. Call it yourself to
 * use {@link GuestMemory.fromRangesSync} afterwards, to say where the binary lies, or to put guest memory into your own
 * module. Without options it keeps a module that is loaded already. A module given by `glue` is used for memories
 * created later; existing memories stay in their module.
 *
 * @param options - Where the module comes from.
 * @throws GuestMemoryError `ABI_MISMATCH` if the module and this facade are of different versions.
 *
 * @example
 * ```ts
 * import { GuestMemory, init } from "guest-memory";
 *
 * await init();
 * const memory = GuestMemory.fromRangesSync([[0x0, 0x1000]]);
 * memory.dispose();
 * ```
 */
export async function init(options: InitOptions = {}): Promise<void> {
  await load(options);
}

/** Loads the Wasm module as `init` does, and returns its linear memory. */
export async function load(options: InitOptions = {}): Promise<LinearMemory> {
  if (options.glue) {
    current = adopt(await instantiate(options.glue, options.wasm));
    return current;
  }
  if (current) return current;
  loading ??= instantiate(packagedGlue, options.wasm ?? packagedWasm).then(adoptOwn);
  try {
    current ??= await loading;
    return current;
  } finally {
    loading = undefined; // a failure may be tried again
  }
}

/** The loaded module, for synchronous calls. */
export function loaded(): LinearMemory {
  if (current) return current;
  throw new GuestMemoryError(
    "NOT_INITIALIZED",
    "the Wasm module is not loaded yet: `await init()` once before, or use `await GuestMemory.fromRanges(...)`",
  );
}

/** Instantiates a module by its glue. The glue instantiates once; later calls return the same exports. */
async function instantiate(glue: Glue, wasm: InitOptions["wasm"]): Promise<unknown> {
  const given = await wasm;
  if (given === undefined) return glue.default();
  const url = typeof given === "string" ? new URL(given, globalThis.location?.href ?? import.meta.url) : given;
  if (!(url instanceof URL)) return glue.default({ module_or_path: url });
  if (url.protocol !== "file:") return glue.default({ module_or_path: fetch(url) });
  const path = new URL(url);
  path.search = ""; // removes `?no-inline`, which is for bundlers
  const { readFile } = process.getBuiltinModule("node:fs/promises");
  const module = await WebAssembly.compile(await readFile(path));
  // `default` asks whether its argument is a Response, and Node takes 20 ms to load that class. `initSync` does not
  // ask.
  return glue.initSync ? glue.initSync({ module }) : glue.default({ module_or_path: module });
}

/** The LinearMemory of the packaged module. The facade alone makes views of it. */
function adoptOwn(raw: unknown): LinearMemory {
  const linear = adopt(raw);
  linear.raw.gm_views(VIEWS_TOLD);
  return linear;
}

/** The LinearMemory of a module's instance, made once for each instance. */
function adopt(raw: unknown): LinearMemory {
  const exports = raw as RawExports;
  const abi = typeof exports.guest_memory_abi === "function" ? exports.guest_memory_abi() : "none";
  if (abi !== ABI) {
    throw new GuestMemoryError(
      "ABI_MISMATCH",
      `the Wasm module has interface version ${abi}, this facade needs ${ABI}: use the two from one release` +
        " (a module of your own needs `guest_memory::export_bindings!();`)",
    );
  }
  const known = byExports.get(exports);
  if (known) return known;
  const linear = new LinearMemory(exports);
  byExports.set(exports, linear);
  return linear;
}
