//! The numbers of the interface between the core and its callers outside Rust: the facade and code that a JIT emits.
//!
//! Each number is written here and nowhere else. `node scripts/abi.mjs` makes ts/core/abi.ts from this file, line by
//! line. So each constant is a decimal or hexadecimal literal with a comment of one line, under a heading that begins
//! with `// `.

// The version.

/// The version of this interface; the facade refuses a module that has another.
pub const ABI: u32 = 7;

// Statuses: the results of most calls. The rest of a name is the facade's error code.

/// The call has succeeded.
pub const STATUS_OK: u32 = 0;
/// The first byte of the range is not backed.
pub const STATUS_INVALID_GUEST_ADDRESS: u32 = 1;
/// The range begins in memory and runs into a hole.
pub const STATUS_PARTIAL_BUFFER: u32 = 2;
/// The range, or a region, passes 2^64.
pub const STATUS_GUEST_ADDRESS_OVERFLOW: u32 = 3;
/// More than one region backs the range, where one is needed.
pub const STATUS_CROSSES_REGIONS: u32 = 4;
/// Two regions share a byte.
pub const STATUS_MEMORY_REGION_OVERLAP: u32 = 5;
/// Regions were not given in ascending order.
pub const STATUS_UNSORTED_MEMORY_REGIONS: u32 = 6;
/// No region was given, or there is no such region.
pub const STATUS_NO_MEMORY_REGION: u32 = 7;
/// A region, or a range to watch, is empty.
pub const STATUS_EMPTY_REGION: u32 = 8;
/// Linear memory cannot hold this much more.
pub const STATUS_OUT_OF_MEMORY: u32 = 9;
/// Seven dirty clients are open already.
pub const STATUS_TOO_MANY_CLIENTS: u32 = 10;
/// The handle names no address space.
pub const STATUS_DISPOSED: u32 = 11;
/// An alias shows more than its target has.
pub const STATUS_INVALID_ALIAS: u32 = 12;
/// The memory is ROM.
pub const STATUS_READ_ONLY: u32 = 13;
/// `protect` forbids the access.
pub const STATUS_PERMISSION_DENIED: u32 = 14;
/// A device or external memory is there, where bytes of linear memory are needed.
pub const STATUS_NOT_MEMORY: u32 = 15;
/// The range is not made of whole pages.
pub const STATUS_MISALIGNED: u32 = 16;

// A status that the facade never gets, because it makes a new region for each call of `map`.

/// The region is mapped in this address space already.
pub const RUST_STATUS_ALREADY_MAPPED: u32 = 17;

// Arguments of `gm_layout`: it gives byte offsets in linear memory, and a size.

/// The byte offset of the report block.
pub const LAYOUT_REPORT: u32 = 0;
/// The byte offset of the transfer buffer.
pub const LAYOUT_TRANSFER: u32 = 1;
/// The size of the transfer buffer in bytes.
pub const LAYOUT_TRANSFER_BYTES: u32 = 2;
/// The byte offset of the dirty map.
pub const LAYOUT_DIRTY_MAP: u32 = 3;
/// The byte offset of the word that counts the traps that Rust stores have sprung.
pub const LAYOUT_SPRUNG: u32 = 4;
/// `gm_views`: the caller tells of each view that it makes, by `gm_expose` or `gm_expose_tables`.
pub const VIEWS_TOLD: u32 = 0;
/// `gm_views`: views may be made at any time.
pub const VIEWS_UNSEEN: u32 = 1;

// Sizes.

/// Words of the report block.
pub const REPORT_WORDS: u32 = 16;
/// Bytes of the transfer buffer.
pub const TRANSFER_BYTES: u32 = 4096;
/// Bytes of a page, of the host and of the guest.
pub const PAGE_BYTES: u32 = 4096;
/// The binary logarithm of `PAGE_BYTES`.
pub const PAGE_BITS: u32 = 12;
/// Host pages in the largest linear memory: 4 GiB.
pub const HOST_PAGES: u32 = 1_048_576;

// Entries of the page table (docs/page-table.md).

/// Entries of a page table: one for each page of the first 4 GiB.
pub const TABLE_ENTRIES: u32 = 1_048_576;
/// The page may be read on the fast path.
pub const ENTRY_READABLE: u32 = 1;
/// The page may be written on the fast path.
pub const ENTRY_WRITABLE: u32 = 2;
/// Instructions may be fetched from the page on the fast path.
pub const ENTRY_EXECUTABLE: u32 = 4;
/// Bits of an entry that are flags; the host page is in the bits above.
pub const ENTRY_FLAG_BITS: u32 = 4;

// Control words: they follow the entries.

/// The map generation: how often a translation of an address has changed, modulo 2^32.
pub const CONTROL_GENERATION: u32 = 0;
/// The permission generation: how often protection, a watch or a trap has changed, modulo 2^32.
pub const CONTROL_PERMISSIONS: u32 = 1;
/// How often one of the two above has changed, modulo 2^32.
pub const CONTROL_CHANGES: u32 = 2;

// Bytes of the dirty map.

/// The byte that a store writes: the bits of all clients, and `DIRTY_EVER`.
pub const DIRTY_MARK: u8 = 0xff;
/// The page was written, or shown to a caller that may write it, since it was last zero.
pub const DIRTY_EVER: u8 = 0x80;
/// The number of dirty clients of one machine: one bit each, from the lowest on.
pub const DIRTY_CLIENTS: u8 = 7;

// Accesses: bits of a set.

/// No access: a debugger's, which nothing forbids.
pub const ACCESS_NONE: u8 = 0;
/// A read.
pub const ACCESS_READ: u8 = 1;
/// A write.
pub const ACCESS_WRITE: u8 = 2;
/// The fetch of an instruction.
pub const ACCESS_EXECUTE: u8 = 4;
/// A loader's write, used by itself: it writes ROM too, and nothing forbids it.
pub const ACCESS_LOAD: u8 = 8;

/// Beside the accesses that `gm_protect` allows: the pages need not be mapped.
pub const PROTECT_ANYWHERE: u32 = 16;

// Backings that `gm_check_access` can require of a range.

/// Memory or devices.
pub const BACKING_ANY: u32 = 0;
/// Memory; external memory counts.
pub const BACKING_BYTES: u32 = 1;
/// Linear memory.
pub const BACKING_LINEAR: u32 = 2;

// Kinds of regions. The rest of a name is the facade's name for the kind.

/// Memory.
pub const KIND_RAM: u32 = 0;
/// Memory that the guest cannot write.
pub const KIND_ROM: u32 = 1;
/// Memory that the guest reads, and a device that gets the guest's writes.
pub const KIND_ROM_DEVICE: u32 = 2;
/// A device.
pub const KIND_MMIO: u32 = 3;
/// A second view of another region, or of a part of it.
pub const KIND_ALIAS: u32 = 4;
/// Addresses that show nothing.
pub const KIND_RESERVED: u32 = 5;
/// Memory outside linear memory.
pub const KIND_EXTERNAL: u32 = 6;

// Results of `gm_piece`.

/// Memory.
pub const FOUND_MEMORY: u32 = 0;
/// A hole, or a reserved region.
pub const FOUND_NOTHING: u32 = 1;
/// A device.
pub const FOUND_DEVICE: u32 = 2;
/// ROM, for a write.
pub const FOUND_READ_ONLY: u32 = 3;
/// A page where `protect` forbids the access.
pub const FOUND_FORBIDDEN: u32 = 4;
/// Memory outside linear memory.
pub const FOUND_EXTERNAL: u32 = 5;
/// Discarded memory, for a write: `gm_populate` comes first.
pub const FOUND_ABSENT: u32 = 6;

// How `gm_compare` reports an order.

/// Both ranges have the same bytes.
pub const ORDER_EQUAL: u32 = 0;
/// The first range is greater.
pub const ORDER_GREATER: u32 = 1;
/// The first range is less.
pub const ORDER_LESS: u32 = 2;

// Words of the report block that the facade fills before `gm_map`: a region to make and to place.

/// The kind.
pub const REQUEST_KIND: u32 = 0;
/// The first address, low half.
pub const REQUEST_START_LOW: u32 = 1;
/// The first address, high half.
pub const REQUEST_START_HIGH: u32 = 2;
/// The size, low half.
pub const REQUEST_SIZE_LOW: u32 = 3;
/// The size, high half.
pub const REQUEST_SIZE_HIGH: u32 = 4;
/// The priority, an `i32`.
pub const REQUEST_PRIORITY: u32 = 5;
/// 1 where the region is enabled, else 0.
pub const REQUEST_ENABLED: u32 = 6;
/// The id of an alias's target; for external memory, the number that the facade gave it.
pub const REQUEST_TARGET: u32 = 7;
/// The offset in its target where an alias begins, low half.
pub const REQUEST_OFFSET_LOW: u32 = 8;
/// The offset in its target where an alias begins, high half.
pub const REQUEST_OFFSET_HIGH: u32 = 9;
/// The length in bytes of the region's name in the transfer buffer.
pub const REQUEST_NAME_BYTES: u32 = 10;

// Words of the report block after a status that is not 0.

/// The address that the fault names, low half.
pub const FAULT_ADDRESS_LOW: u32 = 0;
/// The address that the fault names, high half.
pub const FAULT_ADDRESS_HIGH: u32 = 1;
/// The length that the fault names, low half.
pub const FAULT_LENGTH_LOW: u32 = 2;
/// The length that the fault names, high half.
pub const FAULT_LENGTH_HIGH: u32 = 3;

// Words of the report block after a call that makes an address space.

/// Its handle.
pub const SPACE_HANDLE: u32 = 0;
/// The byte offset of its page table.
pub const SPACE_TABLE: u32 = 1;

// Words of the report block after `gm_host_run`.

/// The host offset of the first byte.
pub const RUN_HOST: u32 = 0;

// Words of the report block after `gm_piece`.

/// The number of bytes where the access finds the same.
pub const PIECE_BYTES: u32 = 0;
/// 1 where the access is watched, else 0.
pub const PIECE_WATCHED: u32 = 1;
/// The host offset of memory.
pub const PIECE_HOST: u32 = 2;
/// The id of a region that is a device or external memory.
pub const PIECE_REGION: u32 = 2;
/// The offset in that region of the first byte, low half.
pub const PIECE_OFFSET_LOW: u32 = 3;
/// The offset in that region of the first byte, high half.
pub const PIECE_OFFSET_HIGH: u32 = 4;

// Words of the report block after `gm_index_of`.

/// 1 where the needle was found, else 0.
pub const INDEX_FOUND: u32 = 0;
/// The address of the needle, low half.
pub const INDEX_ADDRESS_LOW: u32 = 1;
/// The address of the needle, high half.
pub const INDEX_ADDRESS_HIGH: u32 = 2;

// The word of the report block after each of these calls.

/// `gm_compare`: one of the orders above.
pub const COMPARE_ORDER: u32 = 0;
/// `gm_map`: the id of the region.
pub const MAP_REGION: u32 = 0;
/// `gm_watch`: the number of the watch.
pub const WATCH_ID: u32 = 0;
/// `gm_unwatch`: 1 where there was a watch, else 0.
pub const UNWATCH_FOUND: u32 = 0;
/// `gm_watchers`: how many watches see the access.
pub const WATCHERS_COUNT: u32 = 0;
/// `gm_dirty_open`: the number of the client.
pub const DIRTY_CLIENT: u32 = 0;
/// `gm_trap`: the number of the trap; `gm_newest_trap`: the number of the newest.
pub const TRAP_ID: u32 = 0;
/// `gm_untrap`, `gm_suspend_trap`: 1 where there was a trap, else 0.
pub const TRAP_FOUND: u32 = 0;
/// `gm_trapped`, `gm_sprung`: how many pages are in the transfer buffer.
pub const TRAPPED_COUNT: u32 = 0;

// Words of the report block after `gm_region_run`.

/// The host offset of the first byte; 0 where the bytes were discarded, and are zero.
pub const REGION_HOST: u32 = 0;
/// How many bytes of the region lie there, adjacent.
pub const REGION_RUN_BYTES: u32 = 1;

// Words of the report block after `gm_region_at`.

/// 1 where a region is there, else 0.
pub const REGION_AT_FOUND: u32 = 0;
/// The region's id.
pub const REGION_AT_REGION: u32 = 1;
/// The offset in the region, low half.
pub const REGION_AT_OFFSET_LOW: u32 = 2;
/// The offset in the region, high half.
pub const REGION_AT_OFFSET_HIGH: u32 = 3;
/// The priority, an `i32`.
pub const REGION_AT_PRIORITY: u32 = 4;
/// The accesses that `protect` allows.
pub const REGION_AT_ALLOWED: u32 = 5;

// Words of the report block after `gm_permissions`.

/// The accesses that `protect` allows.
pub const PERMISSIONS_ALLOWED: u32 = 0;
/// The number of the last page with the same permissions, low half.
pub const PERMISSIONS_LAST_LOW: u32 = 1;
/// The number of the last page with the same permissions, high half.
pub const PERMISSIONS_LAST_HIGH: u32 = 2;

// The word of the report block after `gm_each_region` and `gm_each_address`.

/// How many runs there are in all; those that fit are in the transfer buffer.
pub const RUNS_COUNT: u32 = 0;

// Words of a run that `gm_each_region` and `gm_each_address` leave in the transfer buffer.

/// The number of words.
pub const RUN_WORDS: u32 = 5;
/// The region's id.
pub const RUN_REGION: u32 = 0;
/// The offset in the region, or the guest address, low half.
pub const RUN_START_LOW: u32 = 1;
/// The offset in the region, or the guest address, high half.
pub const RUN_START_HIGH: u32 = 2;
/// The length in bytes, low half.
pub const RUN_LENGTH_LOW: u32 = 3;
/// The length in bytes, high half.
pub const RUN_LENGTH_HIGH: u32 = 4;

// Words of a page that `gm_trapped` and `gm_sprung` leave in the transfer buffer.

/// The number of words.
pub const TRAPPED_WORDS: u32 = 3;
/// The number of the trap.
pub const TRAPPED_TRAP: u32 = 0;
/// The guest address of the page's first byte, low half.
pub const TRAPPED_PAGE_LOW: u32 = 1;
/// The guest address of the page's first byte, high half.
pub const TRAPPED_PAGE_HIGH: u32 = 2;

// Words of the report block after `gm_region_name`.

/// The kind of the region.
pub const REGION_KIND: u32 = 0;
/// The kind of the region that is shown in the end: an alias shows another.
pub const REGION_SHOWN_KIND: u32 = 1;
/// The length in bytes of the region's name in the transfer buffer.
pub const REGION_NAME_BYTES: u32 = 2;

// Words of the report block after `gm_placement`.

/// The id of the region.
pub const PLACEMENT_REGION: u32 = 0;
/// The first address, low half.
pub const PLACEMENT_START_LOW: u32 = 1;
/// The first address, high half.
pub const PLACEMENT_START_HIGH: u32 = 2;
/// The size, low half.
pub const PLACEMENT_SIZE_LOW: u32 = 3;
/// The size, high half.
pub const PLACEMENT_SIZE_HIGH: u32 = 4;
/// The priority, an `i32`.
pub const PLACEMENT_PRIORITY: u32 = 5;
/// 1 where the region is enabled, else 0.
pub const PLACEMENT_ENABLED: u32 = 6;
/// The id of an alias's target; 0 for any other region.
pub const PLACEMENT_TARGET: u32 = 7;
/// The offset in its target where an alias begins, low half.
pub const PLACEMENT_OFFSET_LOW: u32 = 8;
/// The offset in its target where an alias begins, high half.
pub const PLACEMENT_OFFSET_HIGH: u32 = 9;
/// The number of the placement, which counts up in the order of mapping, low half.
pub const PLACEMENT_NUMBER_LOW: u32 = 10;
/// The number of the placement, high half.
pub const PLACEMENT_NUMBER_HIGH: u32 = 11;

// Words of the report block after `gm_flat_range`.

/// The first address, low half.
pub const FLAT_START_LOW: u32 = 0;
/// The first address, high half.
pub const FLAT_START_HIGH: u32 = 1;
/// The last address, low half.
pub const FLAT_LAST_LOW: u32 = 2;
/// The last address, high half.
pub const FLAT_LAST_HIGH: u32 = 3;
/// The id of the region that is shown.
pub const FLAT_REGION: u32 = 4;
/// The offset in the region of the first byte, low half.
pub const FLAT_OFFSET_LOW: u32 = 5;
/// The offset in the region of the first byte, high half.
pub const FLAT_OFFSET_HIGH: u32 = 6;
/// The priority, an `i32`.
pub const FLAT_PRIORITY: u32 = 7;
/// 1 for memory (external memory counts), else 0.
pub const FLAT_IS_MEMORY: u32 = 8;
/// The host offset of RAM in one piece that is neither protected nor watched; else 0.
pub const FLAT_HOST: u32 = 9;
/// `gm_change`: 1 for a range that has come, 0 for a range that has gone.
pub const CHANGE_COME: u32 = 10;

// Words of the report block after `gm_dirty_collect`.

/// The number of ranges in the transfer buffer.
pub const COLLECT_COUNT: u32 = 0;
/// 1 where there are more ranges, else 0.
pub const COLLECT_MORE: u32 = 1;
/// The address to go on from, low half.
pub const COLLECT_NEXT_LOW: u32 = 2;
/// The address to go on from, high half.
pub const COLLECT_NEXT_HIGH: u32 = 3;

// Words of a range that `gm_dirty_collect` leaves in the transfer buffer.

/// Words of a range.
pub const RANGE_WORDS: u32 = 4;
/// The first address, low half.
pub const RANGE_START_LOW: u32 = 0;
/// The first address, high half.
pub const RANGE_START_HIGH: u32 = 1;
/// The length, low half.
pub const RANGE_LENGTH_LOW: u32 = 2;
/// The length, high half.
pub const RANGE_LENGTH_HIGH: u32 = 3;
