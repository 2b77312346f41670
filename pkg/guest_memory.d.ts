/* tslint:disable */
/* eslint-disable */

/**
 * Checks that a whole range is backed.
 */
export function gm_check(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Compares two ranges, the second in the address space `other`. Report: 0 equal, 1 greater, 2 less.
 */
export function gm_compare(handle: number, a_low: number, a_high: number, other: number, b_low: number, b_high: number, length_low: number, length_high: number): number;

/**
 * Copies a range from the address space `source`, which may be the same.
 */
export function gm_copy(handle: number, to_low: number, to_high: number, source: number, from_low: number, from_high: number, length_low: number, length_high: number): number;

/**
 * Makes an address space of the staged regions and forgets them. Report: handle, byte offset of the page table.
 */
export function gm_create(): number;

/**
 * Closes a dirty client.
 */
export function gm_dirty_close(handle: number, client: number): number;

/**
 * Collects dirty ranges from an address on into the transfer buffer, as pairs of 64-bit start and length.
 * Report: how many; 1 if there are more, else 0; where to go on (two words).
 */
export function gm_dirty_collect(handle: number, client: number, low: number, high: number): number;

/**
 * Opens a dirty client. Report: its bit.
 */
export function gm_dirty_open(handle: number): number;

/**
 * Forgets an address space. Gives 1 if there was one, else 0.
 */
export function gm_dispose(handle: number): number;

/**
 * Says that a range was shown to the caller.
 */
export function gm_expose(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Says that a caller was given views of the page table and of the control words.
 */
export function gm_expose_tables(handle: number): number;

/**
 * Sets a range to one byte.
 */
export function gm_fill(handle: number, low: number, high: number, byte: number, length_low: number, length_high: number): number;

/**
 * The bytes adjacent in linear memory from an address on, `limit` at most. Report: host offset, length.
 * Gives 1 in a hole, without a report.
 */
export function gm_forward_run(handle: number, low: number, high: number, limit: number): number;

/**
 * Where a range lies, if it lies in one region. Report: host offset.
 */
export function gm_host_run(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Finds the needle that lies in the transfer buffer. Report: 1 if found, else 0; its address (two words).
 */
export function gm_index_of(handle: number, low: number, high: number, length_low: number, length_high: number, needle_bytes: number): number;

/**
 * Inserts a region.
 */
export function gm_insert(handle: number, start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * Marks a range as written.
 */
export function gm_mark_dirty(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Byte offsets and sizes of the fixed places, by index: 0 the report block, 1 the transfer buffer, 2 the transfer
 * buffer's size, 3 the dirty map. 0 for any other.
 */
export function gm_place(index: number): number;

/**
 * The region at `index`. Report: start, size (two words each), host offset.
 */
export function gm_region(handle: number, index: number): number;

/**
 * How many regions there are; 0 for a handle that names nothing.
 */
export function gm_region_count(handle: number): number;

/**
 * Removes the region with exactly this start and size.
 */
export function gm_remove(handle: number, start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * Reserves linear memory for a later region.
 */
export function gm_reserve(handle: number, bytes_low: number, bytes_high: number): number;

/**
 * Adds a region to the list for [`gm_create`].
 */
export function gm_stage(start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * [`ABI`], for the facade to compare.
 */
export function guest_memory_abi(): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly gm_check: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_compare: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly gm_copy: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly gm_create: () => number;
    readonly gm_dirty_close: (a: number, b: number) => number;
    readonly gm_dirty_collect: (a: number, b: number, c: number, d: number) => number;
    readonly gm_dirty_open: (a: number) => number;
    readonly gm_dispose: (a: number) => number;
    readonly gm_expose: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_expose_tables: (a: number) => number;
    readonly gm_fill: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_forward_run: (a: number, b: number, c: number, d: number) => number;
    readonly gm_host_run: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_index_of: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_insert: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_mark_dirty: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_place: (a: number) => number;
    readonly gm_region: (a: number, b: number) => number;
    readonly gm_region_count: (a: number) => number;
    readonly gm_remove: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_reserve: (a: number, b: number, c: number) => number;
    readonly gm_stage: (a: number, b: number, c: number, d: number) => number;
    readonly guest_memory_abi: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
