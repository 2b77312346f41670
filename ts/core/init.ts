// init(): finds the Wasm module, instantiates it, and checks its interface version.

import { instantiatePackaged, packagedWasm } from "../pkg.ts";
import { ABI, VIEWS_TOLD } from "./abi.ts";
import { compile } from "./binary.ts";
import { GuestMemoryError } from "./errors.ts";
import { LinearMemory } from "./linear-memory.ts";
import type { Glue, RawExports, WasmSource } from "./raw.ts";
import { describe } from "./u64.ts";
import type { WasmModule } from "./wasm-types.ts";

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
   * module. `guest-memory/inline` has its bytes, and `guest-memory/guest_memory.wasm` is the file. A relative string is
   * relative to the page or the worker. Ignored once the module is loaded.
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
 * @throws GuestMemoryError `LOAD_FAILED` if the binary cannot be read or compiled, `ABI_MISMATCH` if it is another
 * module's, or of another version than this facade; TypeError for other options, and in a bundle that cannot know where
 * the binary lies.
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
  checkOptions(options);
  if (options.glue) {
    current = adopt(await instantiate(options.glue, await options.wasm));
    return current;
  }
  if (current) return current;
  loading ??= instantiateOwn(options.wasm);
  try {
    current ??= await loading;
    return current;
  } finally {
    loading = undefined; // a failure may be tried again
  }
}

/** Throws a TypeError for what is not a plain object with the options of `init`, such as a URL. */
function checkOptions(options: unknown): void {
  const isObject = typeof options === "object" && options !== null;
  const parent: unknown = isObject ? Object.getPrototypeOf(options) : undefined;
  const plain = isObject && (parent === null || Object.getPrototypeOf(parent) === null);
  const unknown = plain ? Object.keys(options).find((key) => key !== "wasm" && key !== "glue") : undefined;
  if (plain && unknown === undefined) return;
  const given = unknown === undefined ? `not ${describe(options)}` : `and no option "${unknown}"`;
  throw new TypeError(`init takes an object, { wasm } or { glue, wasm }, ${given}`);
}

/** The loaded module, for synchronous calls. */
export function loaded(): LinearMemory {
  if (current) return current;
  throw new GuestMemoryError(
    "NOT_INITIALIZED",
    "the Wasm module is not loaded yet: `await init()` once before, or use `await GuestMemory.fromRanges(...)`",
  );
}

/** Instantiates the packaged module, from the binary that the caller gives or from one of its usual places. */
async function instantiateOwn(wasm: InitOptions["wasm"]): Promise<LinearMemory> {
  const given = await wasm;
  const module = given === undefined ? await compilePackaged() : await compile(given);
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === "guest_memory_abi"))
    throw new GuestMemoryError("ABI_MISMATCH", "the binary is another Wasm module's, not guest-memory's");
  try {
    const linear = adopt(instantiatePackaged(module));
    linear.raw.gm_views(VIEWS_TOLD); // the facade alone makes views of it
    return linear;
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError || cause instanceof TypeError)) throw cause; // not about its imports
    throw new GuestMemoryError("ABI_MISMATCH", "the Wasm module is of another release than this facade", { cause });
  }
}

/** Compiles the packaged binary from the first of its places that has it. */
async function compilePackaged(): Promise<WasmModule> {
  let places: URL[];
  try {
    places = packagedWasm();
  } catch (cause) {
    const help = 'import wasm from "guest-memory/inline" and await init({ wasm })';
    throw new TypeError(`this bundle has no URL of its own, so it cannot know where the Wasm binary lies: ${help}`, {
      cause,
    });
  }
  let failure: unknown;
  for (const place of places) {
    try {
      return await compile(place);
    } catch (error) {
      failure ??= error; // of the likeliest place
    }
  }
  throw failure;
}

/** Instantiates a module by its glue. The glue instantiates once; later calls return the same exports. */
async function instantiate(glue: Glue, wasm: WasmSource | undefined): Promise<unknown> {
  if (wasm === undefined) return glue.default();
  const module = await compile(wasm);
  // Without a promise: `default` asks whether its argument is a Response, and Node takes 20 ms to load that class.
  return glue.initSync ? glue.initSync({ module }) : glue.default({ module_or_path: module });
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
