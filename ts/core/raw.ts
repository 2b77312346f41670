// The raw interface of a Wasm module: its exports, its glue, and the sources that a module can be loaded from.

import type { WasmMemory, WasmModule } from "./wasm-types.ts";

/** The exports of every module that links the crate with its bindings (crate/src/bindings). */
export interface RawExports {
  readonly memory: WasmMemory;
  guest_memory_abi(): number;
  gm_layout(index: number): number;
  gm_stage_range(startLow: number, startHigh: number, sizeLow: number, sizeHigh: number): number;
  gm_create_staged(): number;
  gm_dispose(handle: number): number;
  gm_insert(handle: number, startLow: number, startHigh: number, sizeLow: number, sizeHigh: number): number;
  gm_remove(handle: number, startLow: number, startHigh: number, sizeLow: number, sizeHigh: number): number;
  gm_reserve(handle: number, low: number, high: number): number;
  gm_expose_tables(handle: number): number;
  gm_views(which: number): void;
  gm_host_run(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
  gm_fill(handle: number, low: number, high: number, byte: number, lengthLow: number, lengthHigh: number): number;
  gm_copy(
    handle: number,
    toLow: number,
    toHigh: number,
    source: number,
    fromLow: number,
    fromHigh: number,
    lengthLow: number,
    lengthHigh: number,
  ): number;
  gm_compare(
    handle: number,
    aLow: number,
    aHigh: number,
    other: number,
    bLow: number,
    bHigh: number,
    lengthLow: number,
    lengthHigh: number,
  ): number;
  gm_index_of(
    handle: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    needleBytes: number,
  ): number;
  gm_connect(host: object): void;
  gm_create_empty(family: number): number;
  gm_map(handle: number): number;
  gm_unmap(handle: number, region: number): number;
  gm_move(handle: number, region: number, low: number, high: number): number;
  gm_enable(handle: number, region: number, enabled: number): number;
  gm_show(handle: number, alias: number, region: number, low: number, high: number): number;
  gm_permissions(handle: number, pageLow: number, pageHigh: number): number;
  gm_dirty_give_back(
    client: number,
    region: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
  ): number;
  gm_begin(handle: number): number;
  gm_commit(handle: number): number;
  gm_roll_back(handle: number): number;
  gm_region_name(region: number): number;
  gm_region_run(region: number, offset: number): number;
  gm_placement(handle: number, low: number, high: number): number;
  gm_placement_of(handle: number, region: number): number;
  gm_named(handle: number, nameBytes: number, low: number, high: number): number;
  gm_exact_ram(handle: number, low: number, high: number, sizeLow: number, sizeHigh: number): number;
  gm_flat_range(handle: number, low: number, high: number): number;
  gm_listen(handle: number): number;
  gm_change(handle: number, index: number): number;
  gm_piece(handle: number, low: number, high: number, limit: number, access: number): number;
  gm_check_access(
    handle: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    access: number,
    backing: number,
  ): number;
  gm_protect(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number, allowed: number): number;
  gm_discard(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
  gm_populate(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
  gm_watch(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number, access: number): number;
  gm_unwatch(handle: number, watch: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
  gm_watchers(
    handle: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    access: number,
    skip: number,
  ): number;
  gm_trap(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number, exact: boolean): number;
  gm_untrap(handle: number, trap: number): number;
  gm_suspend_trap(handle: number, trap: number, low: number, high: number): number;
  gm_resume_trap(handle: number, trap: number, low: number, high: number, again: boolean): number;
  gm_newest_trap(): void;
  gm_trapped(
    handle: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    access: number,
    newest: number,
  ): number;
  gm_sprung(): void;
  gm_region_at(handle: number, low: number, high: number, isBelow: boolean, below: number): number;
  gm_each_region(
    handle: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    skip: number,
  ): number;
  gm_each_address(
    handle: number,
    region: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
    skip: number,
  ): number;
  gm_dirty_open(handle: number): number;
  gm_dirty_close(handle: number, client: number): number;
  gm_dirty_collect(
    handle: number,
    client: number,
    low: number,
    high: number,
    firstLow: number,
    firstHigh: number,
    lastLow: number,
    lastHigh: number,
  ): number;
  gm_dirty_collect_region(
    client: number,
    region: number,
    low: number,
    high: number,
    lengthLow: number,
    lengthHigh: number,
  ): number;
  gm_mark_dirty(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
  gm_expose(handle: number, low: number, high: number, lengthLow: number, lengthHigh: number): number;
}

/**
 * A Wasm binary to load: its URL (also as a string), a Response from `fetch`, its bytes, or a compiled module.
 *
 * @example
 * ```ts
 * import { init, type WasmSource } from "guest-memory";
 *
 * const place: WasmSource = new URL("guest_memory.wasm", "https://example.com/assets/");
 * await init({ wasm: place }); // fetches it, unless the module is loaded already
 * ```
 */
export type WasmSource = URL | string | Response | ArrayBufferView | ArrayBuffer | WasmModule;

/**
 * The JavaScript that wasm-bindgen (target `web`) generates for a module: `import * as glue from "../my_module.js"`.
 *
 * @example
 * ```ts
 * import type { Glue } from "guest-memory";
 *
 * const isGlue = (candidate: Glue): boolean => typeof candidate.default === "function";
 * console.assert(isGlue({ default: async () => ({}) }));
 * ```
 */
export interface Glue {
  /**
   * Instantiates the module once and returns its raw exports.
   * @example
   * ```ts
   * import type { Glue } from "guest-memory";
   *
   * const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)); // the smallest there is
   * const glue: Glue = { default: async () => new WebAssembly.Instance(module).exports };
   * console.assert(Object.keys((await glue.default()) as object).length === 0);
   * ```
   */
  default(options?: { module_or_path: unknown }): Promise<unknown>;
  /**
   * Does the same synchronously, from a compiled module. The facade calls it where it is given one.
   * @example
   * ```ts
   * import type { Glue } from "guest-memory";
   *
   * const exportsOf = (module: WebAssembly.Module): unknown => new WebAssembly.Instance(module).exports;
   * const glue: Glue = { default: async () => ({}), initSync: ({ module }) => exportsOf(module) };
   * console.assert(glue.initSync !== undefined);
   * ```
   */
  initSync?(options: { module: WasmModule }): unknown;
}
