/* tslint:disable */
/* eslint-disable */

/**
 * Begins a transaction.
 */
export function gm_begin(handle: number): number;

/**
 * The change of the flat view at `index`: first the ranges that have gone since the list was last read, then those that
 * have come. Past the end the list is cleared. Report: [`abi::FLAT_START_LOW`] up to [`abi::FLAT_OFFSET_HIGH`], and
 * [`abi::CHANGE_COME`].
 */
export function gm_change(handle: number, index: number): number;

/**
 * Checks that an access to a whole range would find the required backing, and be allowed. `backing` is a number from
 * [`abi::BACKING_ANY`] on.
 */
export function gm_check_access(handle: number, low: number, high: number, length_low: number, length_high: number, access: number, backing: number): number;

/**
 * Ends a transaction.
 */
export function gm_commit(handle: number): number;

/**
 * Compares two ranges, the second in the address space `other`. Report: [`abi::COMPARE_ORDER`].
 */
export function gm_compare(handle: number, a_low: number, a_high: number, other: number, b_low: number, b_high: number, length_low: number, length_high: number): number;

/**
 * Sets the facade's side: once, before any external memory is mapped.
 */
export function gm_connect(host: any): void;

/**
 * Copies a range from the address space `source`, which may be the same.
 */
export function gm_copy(handle: number, to_low: number, to_high: number, source: number, from_low: number, from_high: number, length_low: number, length_high: number): number;

/**
 * Makes an address space with an empty map: a sibling of the space that `family` names, or, for 0, of none. Report:
 * [`abi::SPACE_HANDLE`] and the following.
 */
export function gm_create_empty(family: number): number;

/**
 * Makes an address space from the staged regions and forgets them. Report: [`abi::SPACE_HANDLE`] and the following.
 */
export function gm_create_staged(): number;

/**
 * Closes a dirty client.
 */
export function gm_dirty_close(handle: number, client: number): number;

/**
 * Collects the dirty ranges of a window, its first and its last address, from another address on. They go into the
 * transfer buffer, in words from [`abi::RANGE_START_LOW`] on. Report: [`abi::COLLECT_COUNT`] and the following.
 */
export function gm_dirty_collect(handle: number, client: number, low: number, high: number, first_low: number, first_high: number, last_low: number, last_high: number): number;

/**
 * Collects the dirty ranges of a region, from an offset on, as [`gm_dirty_collect`] does: a range begins at an offset.
 */
export function gm_dirty_collect_region(client: number, region: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Makes pages of a region dirty again for a client that has collected them.
 */
export function gm_dirty_give_back(client: number, region: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Opens a dirty client. Report: [`abi::DIRTY_CLIENT`].
 */
export function gm_dirty_open(handle: number): number;

/**
 * Zeroes a range of RAM and gives back its host pages. The caller springs the traps.
 */
export function gm_discard(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Releases an address space's handle. Gives 1 if it named one, else 0.
 */
export function gm_dispose(handle: number): number;

/**
 * The addresses that show bytes of a region, as [`gm_each_region`] gives the regions of a range.
 */
export function gm_each_address(handle: number, region: number, low: number, high: number, length_low: number, length_high: number, skip: number): number;

/**
 * The regions that a range shows, after the first `skip` of them, as runs in the transfer buffer. Report:
 * [`abi::RUNS_COUNT`].
 */
export function gm_each_region(handle: number, low: number, high: number, length_low: number, length_high: number, skip: number): number;

/**
 * Enables a region; 0 disables it.
 */
export function gm_enable(handle: number, region: number, enabled: number): number;

/**
 * The RAM with exactly this start and size. Report: [`abi::PLACEMENT_REGION`] and the following.
 */
export function gm_exact_ram(handle: number, low: number, high: number, size_low: number, size_high: number): number;

/**
 * Records that the caller may write a range at any time.
 */
export function gm_expose(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Records that a caller has views of the page table and of the control words.
 */
export function gm_expose_tables(handle: number): number;

/**
 * Sets a range to one byte.
 */
export function gm_fill(handle: number, low: number, high: number, byte: number, length_low: number, length_high: number): number;

/**
 * The first range of the flat view that does not end before an address. Ranges that differ only in the place of their
 * bytes in linear memory are one.
 * Report: [`abi::FLAT_START_LOW`] and the following.
 */
export function gm_flat_range(handle: number, low: number, high: number): number;

/**
 * Where a range lies, if it lies in one region. Report: [`abi::RUN_HOST`].
 */
export function gm_host_run(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Finds the needle that lies in the transfer buffer. Report: [`abi::INDEX_FOUND`] and the following.
 */
export function gm_index_of(handle: number, low: number, high: number, length_low: number, length_high: number, needle_bytes: number): number;

/**
 * Inserts a region.
 */
export function gm_insert(handle: number, start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * The byte offset or the size that a number from [`abi::LAYOUT_REPORT`] on asks for; 0 for any other number.
 */
export function gm_layout(index: number): number;

/**
 * Begins to note which ranges of the flat view come and go. Does nothing if it has begun.
 */
export function gm_listen(handle: number): number;

/**
 * Makes a region and places it, as the words from [`abi::REQUEST_KIND`] on say; its name lies in the transfer buffer.
 * Report: [`abi::MAP_REGION`].
 */
export function gm_map(handle: number): number;

/**
 * Marks a range as written. The caller springs the traps.
 */
export function gm_mark_dirty(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Moves a region.
 */
export function gm_move(handle: number, region: number, low: number, high: number): number;

/**
 * The first placement, in the order of mapping, whose number is not less than a given one, and whose region's name is in
 * the transfer buffer: `length` bytes. Report: [`abi::PLACEMENT_REGION`] and the following.
 */
export function gm_named(handle: number, length: number, low: number, high: number): number;

/**
 * The number of the newest trap. Report: [`abi::TRAP_ID`].
 */
export function gm_newest_trap(): void;

/**
 * The accesses that `protect` allows to a page. Report: [`abi::PERMISSIONS_ALLOWED`] and the following.
 */
export function gm_permissions(handle: number, page_low: number, page_high: number): number;

/**
 * The result of an access at an address, and the number of bytes with the same result, at most `limit`. Gives a number
 * from [`abi::FOUND_MEMORY`] on. Report: [`abi::PIECE_BYTES`] and the following.
 */
export function gm_piece(handle: number, low: number, high: number, limit: number, access: number): number;

/**
 * The first placement, in the order of mapping, whose number is not less than a given one. Report:
 * [`abi::PLACEMENT_REGION`] and the following.
 */
export function gm_placement(handle: number, low: number, high: number): number;

/**
 * A region's placement. Report: [`abi::PLACEMENT_REGION`] and the following.
 */
export function gm_placement_of(handle: number, region: number): number;

/**
 * Gives host pages to the discarded parts of a range.
 */
export function gm_populate(handle: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Sets the accesses that whole pages allow.
 */
export function gm_protect(handle: number, low: number, high: number, length_low: number, length_high: number, allowed: number): number;

/**
 * The region that an address shows, or with `is_below` the highest one below a priority. Report:
 * [`abi::REGION_AT_FOUND`] and the following.
 */
export function gm_region_at(handle: number, low: number, high: number, is_below: boolean, below: number): number;

/**
 * A region's properties, wherever it is mapped. Report: [`abi::REGION_KIND`] and the following. As much of its name as
 * fits is in the transfer buffer.
 */
export function gm_region_name(region: number): number;

/**
 * Where a region's own bytes lie from an offset on, wherever it is mapped. Report: [`abi::REGION_HOST`] and
 * [`abi::REGION_RUN_BYTES`]. A region has less than 4 GiB of bytes.
 */
export function gm_region_run(region: number, offset: number): number;

/**
 * Removes the region with exactly this start and size.
 */
export function gm_remove(handle: number, start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * Reserves linear memory for a later region.
 */
export function gm_reserve(handle: number, bytes_low: number, bytes_high: number): number;

/**
 * Sets a suspended trap again on that page, or forgets it there.
 */
export function gm_resume_trap(handle: number, trap: number, low: number, high: number, again: boolean): number;

/**
 * Takes a transaction back.
 */
export function gm_roll_back(handle: number): number;

/**
 * Makes an alias show the bytes of a region from an offset on; 0 stands for the region that it shows already.
 */
export function gm_show(handle: number, alias: number, region: number, low: number, high: number): number;

/**
 * Takes the pages that Rust stores have sprung, as many as fit, as [`gm_trapped`] gives them. Report:
 * [`abi::TRAPPED_COUNT`].
 */
export function gm_sprung(): void;

/**
 * Adds a region to the list for [`gm_create_staged`].
 */
export function gm_stage_range(start_low: number, start_high: number, size_low: number, size_high: number): number;

/**
 * Ends a trap on the page that holds an address, until `gm_resume_trap`. Report: [`abi::TRAP_FOUND`].
 */
export function gm_suspend_trap(handle: number, trap: number, low: number, high: number): number;

/**
 * Traps the next write to a range. Report: [`abi::TRAP_ID`].
 */
export function gm_trap(handle: number, low: number, high: number, length_low: number, length_high: number, exact: boolean): number;

/**
 * The pages that a write to a range springs, of traps up to the number `newest`: as many as fit into the transfer
 * buffer, in words from [`abi::TRAPPED_TRAP`] on. Report: [`abi::TRAPPED_COUNT`].
 */
export function gm_trapped(handle: number, low: number, high: number, length_low: number, length_high: number, access: number, newest: number): number;

/**
 * Takes a region out of the map.
 */
export function gm_unmap(handle: number, region: number): number;

/**
 * Ends a trap on all pages of its range. Report: [`abi::TRAP_FOUND`].
 */
export function gm_untrap(handle: number, trap: number): number;

/**
 * Ends a watch over a part of its range. Report: [`abi::UNWATCH_FOUND`].
 */
export function gm_unwatch(handle: number, watch: number, low: number, high: number, length_low: number, length_high: number): number;

/**
 * Says which views of linear memory the caller will make: [`abi::VIEWS_TOLD`] or [`abi::VIEWS_UNSEEN`].
 */
export function gm_views(which: number): void;

/**
 * Watches a range. Report: [`abi::WATCH_ID`].
 */
export function gm_watch(handle: number, low: number, high: number, length_low: number, length_high: number, access: number): number;

/**
 * The watches that see an access, after the first `skip` of them, as words in the transfer buffer, as many as fit.
 * Report: [`abi::WATCHERS_COUNT`], which counts them all.
 */
export function gm_watchers(handle: number, low: number, high: number, length_low: number, length_high: number, access: number, skip: number): number;

/**
 * [`ABI`], which the facade compares with its own.
 */
export function guest_memory_abi(): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly gm_begin: (a: number) => number;
    readonly gm_change: (a: number, b: number) => number;
    readonly gm_check_access: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly gm_commit: (a: number) => number;
    readonly gm_compare: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly gm_connect: (a: any) => void;
    readonly gm_copy: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly gm_create_empty: (a: number) => number;
    readonly gm_create_staged: () => number;
    readonly gm_dirty_close: (a: number, b: number) => number;
    readonly gm_dirty_collect: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly gm_dirty_collect_region: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_dirty_give_back: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_dirty_open: (a: number) => number;
    readonly gm_discard: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_dispose: (a: number) => number;
    readonly gm_each_address: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly gm_each_region: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_enable: (a: number, b: number, c: number) => number;
    readonly gm_exact_ram: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_expose: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_expose_tables: (a: number) => number;
    readonly gm_fill: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_flat_range: (a: number, b: number, c: number) => number;
    readonly gm_host_run: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_index_of: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_insert: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_layout: (a: number) => number;
    readonly gm_listen: (a: number) => number;
    readonly gm_map: (a: number) => number;
    readonly gm_mark_dirty: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_move: (a: number, b: number, c: number, d: number) => number;
    readonly gm_named: (a: number, b: number, c: number, d: number) => number;
    readonly gm_newest_trap: () => void;
    readonly gm_permissions: (a: number, b: number, c: number) => number;
    readonly gm_piece: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_placement: (a: number, b: number, c: number) => number;
    readonly gm_placement_of: (a: number, b: number) => number;
    readonly gm_populate: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_protect: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_region_at: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_region_name: (a: number) => number;
    readonly gm_region_run: (a: number, b: number) => number;
    readonly gm_remove: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_reserve: (a: number, b: number, c: number) => number;
    readonly gm_resume_trap: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_roll_back: (a: number) => number;
    readonly gm_show: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly gm_sprung: () => void;
    readonly gm_stage_range: (a: number, b: number, c: number, d: number) => number;
    readonly gm_suspend_trap: (a: number, b: number, c: number, d: number) => number;
    readonly gm_trap: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_trapped: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly gm_unmap: (a: number, b: number) => number;
    readonly gm_untrap: (a: number, b: number) => number;
    readonly gm_unwatch: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_views: (a: number) => void;
    readonly gm_watch: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gm_watchers: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
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
