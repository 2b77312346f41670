/* @ts-self-types="./guest_memory.d.ts" */

/**
 * Begins a transaction.
 * @param {number} handle
 * @returns {number}
 */
export function gm_begin(handle) {
    const ret = wasm.gm_begin(handle);
    return ret >>> 0;
}

/**
 * The change of the flat view at `index`: first the ranges that have gone since the list was last read, then those that
 * have come. Past the end the list is cleared. Report: [`abi::FLAT_START_LOW`] up to [`abi::FLAT_OFFSET_HIGH`], and
 * [`abi::CHANGE_COME`].
 * @param {number} handle
 * @param {number} index
 * @returns {number}
 */
export function gm_change(handle, index) {
    const ret = wasm.gm_change(handle, index);
    return ret >>> 0;
}

/**
 * Checks that an access to a whole range would find the required backing, and be allowed. `backing` is a number from
 * [`abi::BACKING_ANY`] on.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} access
 * @param {number} backing
 * @returns {number}
 */
export function gm_check_access(handle, low, high, length_low, length_high, access, backing) {
    const ret = wasm.gm_check_access(handle, low, high, length_low, length_high, access, backing);
    return ret >>> 0;
}

/**
 * Ends a transaction.
 * @param {number} handle
 * @returns {number}
 */
export function gm_commit(handle) {
    const ret = wasm.gm_commit(handle);
    return ret >>> 0;
}

/**
 * Compares two ranges, the second in the address space `other`. Report: [`abi::COMPARE_ORDER`].
 * @param {number} handle
 * @param {number} a_low
 * @param {number} a_high
 * @param {number} other
 * @param {number} b_low
 * @param {number} b_high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_compare(handle, a_low, a_high, other, b_low, b_high, length_low, length_high) {
    const ret = wasm.gm_compare(handle, a_low, a_high, other, b_low, b_high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Sets the facade's side: once, before any external memory is mapped.
 * @param {any} host
 */
export function gm_connect(host) {
    wasm.gm_connect(host);
}

/**
 * Copies a range from the address space `source`, which may be the same.
 * @param {number} handle
 * @param {number} to_low
 * @param {number} to_high
 * @param {number} source
 * @param {number} from_low
 * @param {number} from_high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_copy(handle, to_low, to_high, source, from_low, from_high, length_low, length_high) {
    const ret = wasm.gm_copy(handle, to_low, to_high, source, from_low, from_high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Makes an address space with an empty map: a sibling of the space that `family` names, or, for 0, of none. Report:
 * [`abi::SPACE_HANDLE`] and the following.
 * @param {number} family
 * @returns {number}
 */
export function gm_create_empty(family) {
    const ret = wasm.gm_create_empty(family);
    return ret >>> 0;
}

/**
 * Makes an address space from the staged regions and forgets them. Report: [`abi::SPACE_HANDLE`] and the following.
 * @returns {number}
 */
export function gm_create_staged() {
    const ret = wasm.gm_create_staged();
    return ret >>> 0;
}

/**
 * Closes a dirty client.
 * @param {number} handle
 * @param {number} client
 * @returns {number}
 */
export function gm_dirty_close(handle, client) {
    const ret = wasm.gm_dirty_close(handle, client);
    return ret >>> 0;
}

/**
 * Collects the dirty ranges of a window, its first and its last address, from another address on. They go into the
 * transfer buffer, in words from [`abi::RANGE_START_LOW`] on. Report: [`abi::COLLECT_COUNT`] and the following.
 * @param {number} handle
 * @param {number} client
 * @param {number} low
 * @param {number} high
 * @param {number} first_low
 * @param {number} first_high
 * @param {number} last_low
 * @param {number} last_high
 * @returns {number}
 */
export function gm_dirty_collect(handle, client, low, high, first_low, first_high, last_low, last_high) {
    const ret = wasm.gm_dirty_collect(handle, client, low, high, first_low, first_high, last_low, last_high);
    return ret >>> 0;
}

/**
 * Collects the dirty ranges of a region, from an offset on, as [`gm_dirty_collect`] does: a range begins at an offset.
 * @param {number} client
 * @param {number} region
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_dirty_collect_region(client, region, low, high, length_low, length_high) {
    const ret = wasm.gm_dirty_collect_region(client, region, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Makes pages of a region dirty again for a client that has collected them.
 * @param {number} client
 * @param {number} region
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_dirty_give_back(client, region, low, high, length_low, length_high) {
    const ret = wasm.gm_dirty_give_back(client, region, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Opens a dirty client. Report: [`abi::DIRTY_CLIENT`].
 * @param {number} handle
 * @returns {number}
 */
export function gm_dirty_open(handle) {
    const ret = wasm.gm_dirty_open(handle);
    return ret >>> 0;
}

/**
 * Zeroes a range of RAM and gives back its host pages. The caller springs the traps.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_discard(handle, low, high, length_low, length_high) {
    const ret = wasm.gm_discard(handle, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Releases an address space's handle. Gives 1 if it named one, else 0.
 * @param {number} handle
 * @returns {number}
 */
export function gm_dispose(handle) {
    const ret = wasm.gm_dispose(handle);
    return ret >>> 0;
}

/**
 * The addresses that show bytes of a region, as [`gm_each_region`] gives the regions of a range.
 * @param {number} handle
 * @param {number} region
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} skip
 * @returns {number}
 */
export function gm_each_address(handle, region, low, high, length_low, length_high, skip) {
    const ret = wasm.gm_each_address(handle, region, low, high, length_low, length_high, skip);
    return ret >>> 0;
}

/**
 * The regions that a range shows, after the first `skip` of them, as runs in the transfer buffer. Report:
 * [`abi::RUNS_COUNT`].
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} skip
 * @returns {number}
 */
export function gm_each_region(handle, low, high, length_low, length_high, skip) {
    const ret = wasm.gm_each_region(handle, low, high, length_low, length_high, skip);
    return ret >>> 0;
}

/**
 * Enables a region; 0 disables it.
 * @param {number} handle
 * @param {number} region
 * @param {number} enabled
 * @returns {number}
 */
export function gm_enable(handle, region, enabled) {
    const ret = wasm.gm_enable(handle, region, enabled);
    return ret >>> 0;
}

/**
 * The RAM with exactly this start and size. Report: [`abi::PLACEMENT_REGION`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} size_low
 * @param {number} size_high
 * @returns {number}
 */
export function gm_exact_ram(handle, low, high, size_low, size_high) {
    const ret = wasm.gm_exact_ram(handle, low, high, size_low, size_high);
    return ret >>> 0;
}

/**
 * Records that the caller may write a range at any time.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_expose(handle, low, high, length_low, length_high) {
    const ret = wasm.gm_expose(handle, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Records that a caller has views of the page table and of the control words.
 * @param {number} handle
 * @returns {number}
 */
export function gm_expose_tables(handle) {
    const ret = wasm.gm_expose_tables(handle);
    return ret >>> 0;
}

/**
 * Sets a range to one byte.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} byte
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_fill(handle, low, high, byte, length_low, length_high) {
    const ret = wasm.gm_fill(handle, low, high, byte, length_low, length_high);
    return ret >>> 0;
}

/**
 * The first range of the flat view that does not end before an address. Ranges that differ only in the place of their
 * bytes in linear memory are one.
 * Report: [`abi::FLAT_START_LOW`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_flat_range(handle, low, high) {
    const ret = wasm.gm_flat_range(handle, low, high);
    return ret >>> 0;
}

/**
 * Where a range lies, if it lies in one region. Report: [`abi::RUN_HOST`].
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_host_run(handle, low, high, length_low, length_high) {
    const ret = wasm.gm_host_run(handle, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Finds the needle that lies in the transfer buffer. Report: [`abi::INDEX_FOUND`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} needle_bytes
 * @returns {number}
 */
export function gm_index_of(handle, low, high, length_low, length_high, needle_bytes) {
    const ret = wasm.gm_index_of(handle, low, high, length_low, length_high, needle_bytes);
    return ret >>> 0;
}

/**
 * Inserts a region.
 * @param {number} handle
 * @param {number} start_low
 * @param {number} start_high
 * @param {number} size_low
 * @param {number} size_high
 * @returns {number}
 */
export function gm_insert(handle, start_low, start_high, size_low, size_high) {
    const ret = wasm.gm_insert(handle, start_low, start_high, size_low, size_high);
    return ret >>> 0;
}

/**
 * The byte offset or the size that a number from [`abi::LAYOUT_REPORT`] on asks for; 0 for any other number.
 * @param {number} index
 * @returns {number}
 */
export function gm_layout(index) {
    const ret = wasm.gm_layout(index);
    return ret >>> 0;
}

/**
 * Begins to note which ranges of the flat view come and go. Does nothing if it has begun.
 * @param {number} handle
 * @returns {number}
 */
export function gm_listen(handle) {
    const ret = wasm.gm_listen(handle);
    return ret >>> 0;
}

/**
 * Makes a region and places it, as the words from [`abi::REQUEST_KIND`] on say; its name lies in the transfer buffer.
 * Report: [`abi::MAP_REGION`].
 * @param {number} handle
 * @returns {number}
 */
export function gm_map(handle) {
    const ret = wasm.gm_map(handle);
    return ret >>> 0;
}

/**
 * Marks a range as written. The caller springs the traps.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_mark_dirty(handle, low, high, length_low, length_high) {
    const ret = wasm.gm_mark_dirty(handle, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Moves a region.
 * @param {number} handle
 * @param {number} region
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_move(handle, region, low, high) {
    const ret = wasm.gm_move(handle, region, low, high);
    return ret >>> 0;
}

/**
 * The first placement, in the order of mapping, whose number is not less than a given one, and whose region's name is in
 * the transfer buffer: `length` bytes. Report: [`abi::PLACEMENT_REGION`] and the following.
 * @param {number} handle
 * @param {number} length
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_named(handle, length, low, high) {
    const ret = wasm.gm_named(handle, length, low, high);
    return ret >>> 0;
}

/**
 * The number of the newest trap. Report: [`abi::TRAP_ID`].
 */
export function gm_newest_trap() {
    wasm.gm_newest_trap();
}

/**
 * The accesses that `protect` allows to a page. Report: [`abi::PERMISSIONS_ALLOWED`] and the following.
 * @param {number} handle
 * @param {number} page_low
 * @param {number} page_high
 * @returns {number}
 */
export function gm_permissions(handle, page_low, page_high) {
    const ret = wasm.gm_permissions(handle, page_low, page_high);
    return ret >>> 0;
}

/**
 * The result of an access at an address, and the number of bytes with the same result, at most `limit`. Gives a number
 * from [`abi::FOUND_MEMORY`] on. Report: [`abi::PIECE_BYTES`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} limit
 * @param {number} access
 * @returns {number}
 */
export function gm_piece(handle, low, high, limit, access) {
    const ret = wasm.gm_piece(handle, low, high, limit, access);
    return ret >>> 0;
}

/**
 * The first placement, in the order of mapping, whose number is not less than a given one. Report:
 * [`abi::PLACEMENT_REGION`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_placement(handle, low, high) {
    const ret = wasm.gm_placement(handle, low, high);
    return ret >>> 0;
}

/**
 * A region's placement. Report: [`abi::PLACEMENT_REGION`] and the following.
 * @param {number} handle
 * @param {number} region
 * @returns {number}
 */
export function gm_placement_of(handle, region) {
    const ret = wasm.gm_placement_of(handle, region);
    return ret >>> 0;
}

/**
 * Gives host pages to the discarded parts of a range.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_populate(handle, low, high, length_low, length_high) {
    const ret = wasm.gm_populate(handle, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Sets the accesses that whole pages allow.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} allowed
 * @returns {number}
 */
export function gm_protect(handle, low, high, length_low, length_high, allowed) {
    const ret = wasm.gm_protect(handle, low, high, length_low, length_high, allowed);
    return ret >>> 0;
}

/**
 * The region that an address shows, or with `is_below` the highest one below a priority. Report:
 * [`abi::REGION_AT_FOUND`] and the following.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {boolean} is_below
 * @param {number} below
 * @returns {number}
 */
export function gm_region_at(handle, low, high, is_below, below) {
    const ret = wasm.gm_region_at(handle, low, high, is_below, below);
    return ret >>> 0;
}

/**
 * A region's properties, wherever it is mapped. Report: [`abi::REGION_KIND`] and the following. As much of its name as
 * fits is in the transfer buffer.
 * @param {number} region
 * @returns {number}
 */
export function gm_region_name(region) {
    const ret = wasm.gm_region_name(region);
    return ret >>> 0;
}

/**
 * Where a region's own bytes lie from an offset on, wherever it is mapped. Report: [`abi::REGION_HOST`] and
 * [`abi::REGION_RUN_BYTES`]. A region has less than 4 GiB of bytes.
 * @param {number} region
 * @param {number} offset
 * @returns {number}
 */
export function gm_region_run(region, offset) {
    const ret = wasm.gm_region_run(region, offset);
    return ret >>> 0;
}

/**
 * Removes the region with exactly this start and size.
 * @param {number} handle
 * @param {number} start_low
 * @param {number} start_high
 * @param {number} size_low
 * @param {number} size_high
 * @returns {number}
 */
export function gm_remove(handle, start_low, start_high, size_low, size_high) {
    const ret = wasm.gm_remove(handle, start_low, start_high, size_low, size_high);
    return ret >>> 0;
}

/**
 * Reserves linear memory for a later region.
 * @param {number} handle
 * @param {number} bytes_low
 * @param {number} bytes_high
 * @returns {number}
 */
export function gm_reserve(handle, bytes_low, bytes_high) {
    const ret = wasm.gm_reserve(handle, bytes_low, bytes_high);
    return ret >>> 0;
}

/**
 * Sets a suspended trap again on that page, or forgets it there.
 * @param {number} handle
 * @param {number} trap
 * @param {number} low
 * @param {number} high
 * @param {boolean} again
 * @returns {number}
 */
export function gm_resume_trap(handle, trap, low, high, again) {
    const ret = wasm.gm_resume_trap(handle, trap, low, high, again);
    return ret >>> 0;
}

/**
 * Takes a transaction back.
 * @param {number} handle
 * @returns {number}
 */
export function gm_roll_back(handle) {
    const ret = wasm.gm_roll_back(handle);
    return ret >>> 0;
}

/**
 * Makes an alias show the bytes of a region from an offset on; 0 stands for the region that it shows already.
 * @param {number} handle
 * @param {number} alias
 * @param {number} region
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_show(handle, alias, region, low, high) {
    const ret = wasm.gm_show(handle, alias, region, low, high);
    return ret >>> 0;
}

/**
 * Takes the pages that Rust stores have sprung, as many as fit, as [`gm_trapped`] gives them. Report:
 * [`abi::TRAPPED_COUNT`].
 */
export function gm_sprung() {
    wasm.gm_sprung();
}

/**
 * Adds a region to the list for [`gm_create_staged`].
 * @param {number} start_low
 * @param {number} start_high
 * @param {number} size_low
 * @param {number} size_high
 * @returns {number}
 */
export function gm_stage_range(start_low, start_high, size_low, size_high) {
    const ret = wasm.gm_stage_range(start_low, start_high, size_low, size_high);
    return ret >>> 0;
}

/**
 * Ends a trap on the page that holds an address, until `gm_resume_trap`. Report: [`abi::TRAP_FOUND`].
 * @param {number} handle
 * @param {number} trap
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
export function gm_suspend_trap(handle, trap, low, high) {
    const ret = wasm.gm_suspend_trap(handle, trap, low, high);
    return ret >>> 0;
}

/**
 * Traps the next write to a range. Report: [`abi::TRAP_ID`].
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {boolean} exact
 * @returns {number}
 */
export function gm_trap(handle, low, high, length_low, length_high, exact) {
    const ret = wasm.gm_trap(handle, low, high, length_low, length_high, exact);
    return ret >>> 0;
}

/**
 * The pages that a write to a range springs, of traps up to the number `newest`: as many as fit into the transfer
 * buffer, in words from [`abi::TRAPPED_TRAP`] on. Report: [`abi::TRAPPED_COUNT`].
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} access
 * @param {number} newest
 * @returns {number}
 */
export function gm_trapped(handle, low, high, length_low, length_high, access, newest) {
    const ret = wasm.gm_trapped(handle, low, high, length_low, length_high, access, newest);
    return ret >>> 0;
}

/**
 * Takes a region out of the map.
 * @param {number} handle
 * @param {number} region
 * @returns {number}
 */
export function gm_unmap(handle, region) {
    const ret = wasm.gm_unmap(handle, region);
    return ret >>> 0;
}

/**
 * Ends a trap on all pages of its range. Report: [`abi::TRAP_FOUND`].
 * @param {number} handle
 * @param {number} trap
 * @returns {number}
 */
export function gm_untrap(handle, trap) {
    const ret = wasm.gm_untrap(handle, trap);
    return ret >>> 0;
}

/**
 * Ends a watch over a part of its range. Report: [`abi::UNWATCH_FOUND`].
 * @param {number} handle
 * @param {number} watch
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @returns {number}
 */
export function gm_unwatch(handle, watch, low, high, length_low, length_high) {
    const ret = wasm.gm_unwatch(handle, watch, low, high, length_low, length_high);
    return ret >>> 0;
}

/**
 * Says which views of linear memory the caller will make: [`abi::VIEWS_TOLD`] or [`abi::VIEWS_UNSEEN`].
 * @param {number} which
 */
export function gm_views(which) {
    wasm.gm_views(which);
}

/**
 * Watches a range. Report: [`abi::WATCH_ID`].
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} access
 * @returns {number}
 */
export function gm_watch(handle, low, high, length_low, length_high, access) {
    const ret = wasm.gm_watch(handle, low, high, length_low, length_high, access);
    return ret >>> 0;
}

/**
 * The watches that see an access, after the first `skip` of them, as words in the transfer buffer, as many as fit.
 * Report: [`abi::WATCHERS_COUNT`], which counts them all.
 * @param {number} handle
 * @param {number} low
 * @param {number} high
 * @param {number} length_low
 * @param {number} length_high
 * @param {number} access
 * @param {number} skip
 * @returns {number}
 */
export function gm_watchers(handle, low, high, length_low, length_high, access, skip) {
    const ret = wasm.gm_watchers(handle, low, high, length_low, length_high, access, skip);
    return ret >>> 0;
}

/**
 * [`ABI`], which the facade compares with its own.
 * @returns {number}
 */
export function guest_memory_abi() {
    const ret = wasm.guest_memory_abi();
    return ret >>> 0;
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_forget_965da6b703e105f4: function(arg0, arg1) {
            arg0.forget(arg1 >>> 0);
        },
        __wbg_moveBytes_67da50a067e9bfa0: function(arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
            const ret = arg0.moveBytes(arg1 >>> 0, arg2 >>> 0, arg3 >>> 0, arg4 >>> 0, arg5 >>> 0, arg6 !== 0);
            return ret;
        },
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./guest_memory_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }


    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
