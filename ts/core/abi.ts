// The numbers of the interface between the core and the facade.
// Generated from crate/src/abi.rs and crate/src/machine/fault.rs by `node scripts/abi.mjs`: change those files, and not this one.

// The version.

/** The version of this interface; the facade refuses a module that has another. */
export const ABI = 7;

// Statuses: the results of most calls. The rest of a name is the facade's error code.

/** The call has succeeded. */
export const STATUS_OK = 0;
/** The first byte of the range is not backed. */
export const STATUS_INVALID_GUEST_ADDRESS = 1;
/** The range begins in memory and runs into a hole. */
export const STATUS_PARTIAL_BUFFER = 2;
/** The range, or a region, passes 2^64. */
export const STATUS_GUEST_ADDRESS_OVERFLOW = 3;
/** More than one region backs the range, where one is needed. */
export const STATUS_CROSSES_REGIONS = 4;
/** Two regions share a byte. */
export const STATUS_MEMORY_REGION_OVERLAP = 5;
/** Regions were not given in ascending order. */
export const STATUS_UNSORTED_MEMORY_REGIONS = 6;
/** No region was given, or there is no such region. */
export const STATUS_NO_MEMORY_REGION = 7;
/** A region, or a range to watch, is empty. */
export const STATUS_EMPTY_REGION = 8;
/** Linear memory cannot hold this much more. */
export const STATUS_OUT_OF_MEMORY = 9;
/** Seven dirty clients are open already. */
export const STATUS_TOO_MANY_CLIENTS = 10;
/** The handle names no address space. */
export const STATUS_DISPOSED = 11;
/** An alias shows more than its target has. */
export const STATUS_INVALID_ALIAS = 12;
/** The memory is ROM. */
export const STATUS_READ_ONLY = 13;
/** `protect` forbids the access. */
export const STATUS_PERMISSION_DENIED = 14;
/** A device or external memory is there, where bytes of linear memory are needed. */
export const STATUS_NOT_MEMORY = 15;
/** The range is not made of whole pages. */
export const STATUS_MISALIGNED = 16;

// A status that the facade never gets, because it makes a new region for each call of `map`.

/** The region is mapped in this address space already. */
export const RUST_STATUS_ALREADY_MAPPED = 17;

// Arguments of `gm_layout`: it gives byte offsets in linear memory, and a size.

/** The byte offset of the report block. */
export const LAYOUT_REPORT = 0;
/** The byte offset of the transfer buffer. */
export const LAYOUT_TRANSFER = 1;
/** The size of the transfer buffer in bytes. */
export const LAYOUT_TRANSFER_BYTES = 2;
/** The byte offset of the dirty map. */
export const LAYOUT_DIRTY_MAP = 3;
/** The byte offset of the word that counts the traps that Rust stores have sprung. */
export const LAYOUT_SPRUNG = 4;
/** `gm_views`: the caller tells of each view that it makes, by `gm_expose` or `gm_expose_tables`. */
export const VIEWS_TOLD = 0;
/** `gm_views`: views may be made at any time. */
export const VIEWS_UNSEEN = 1;

// Sizes.

/** Words of the report block. */
export const REPORT_WORDS = 16;
/** Bytes of the transfer buffer. */
export const TRANSFER_BYTES = 4096;
/** Bytes of a page, of the host and of the guest. */
export const PAGE_BYTES = 4096;
/** The binary logarithm of `PAGE_BYTES`. */
export const PAGE_BITS = 12;
/** Host pages in the largest linear memory: 4 GiB. */
export const HOST_PAGES = 1_048_576;

// Entries of the page table (docs/page-table.md).

/** Entries of a page table: one for each page of the first 4 GiB. */
export const TABLE_ENTRIES = 1_048_576;
/** The page may be read on the fast path. */
export const ENTRY_READABLE = 1;
/** The page may be written on the fast path. */
export const ENTRY_WRITABLE = 2;
/** Instructions may be fetched from the page on the fast path. */
export const ENTRY_EXECUTABLE = 4;
/** Bits of an entry that are flags; the host page is in the bits above. */
export const ENTRY_FLAG_BITS = 4;

// Control words: they follow the entries.

/** The map generation: how often a translation of an address has changed, modulo 2^32. */
export const CONTROL_GENERATION = 0;
/** The permission generation: how often protection, a watch or a trap has changed, modulo 2^32. */
export const CONTROL_PERMISSIONS = 1;
/** How often one of the two above has changed, modulo 2^32. */
export const CONTROL_CHANGES = 2;

// Bytes of the dirty map.

/** The byte that a store writes: the bits of all clients, and `DIRTY_EVER`. */
export const DIRTY_MARK = 0xff;
/** The page was written, or shown to a caller that may write it, since it was last zero. */
export const DIRTY_EVER = 0x80;
/** The number of dirty clients of one machine: one bit each, from the lowest on. */
export const DIRTY_CLIENTS = 7;

// Accesses: bits of a set.

/** No access: a debugger's, which nothing forbids. */
export const ACCESS_NONE = 0;
/** A read. */
export const ACCESS_READ = 1;
/** A write. */
export const ACCESS_WRITE = 2;
/** The fetch of an instruction. */
export const ACCESS_EXECUTE = 4;
/** A loader's write, used by itself: it writes ROM too, and nothing forbids it. */
export const ACCESS_LOAD = 8;
/** Beside the accesses that `gm_protect` allows: the pages need not be mapped. */
export const PROTECT_ANYWHERE = 16;

// Backings that `gm_check_access` can require of a range.

/** Memory or devices. */
export const BACKING_ANY = 0;
/** Memory; external memory counts. */
export const BACKING_BYTES = 1;
/** Linear memory. */
export const BACKING_LINEAR = 2;

// Kinds of regions. The rest of a name is the facade's name for the kind.

/** Memory. */
export const KIND_RAM = 0;
/** Memory that the guest cannot write. */
export const KIND_ROM = 1;
/** Memory that the guest reads, and a device that gets the guest's writes. */
export const KIND_ROM_DEVICE = 2;
/** A device. */
export const KIND_MMIO = 3;
/** A second view of another region, or of a part of it. */
export const KIND_ALIAS = 4;
/** Addresses that show nothing. */
export const KIND_RESERVED = 5;
/** Memory outside linear memory. */
export const KIND_EXTERNAL = 6;

// Results of `gm_piece`.

/** Memory. */
export const FOUND_MEMORY = 0;
/** A hole, or a reserved region. */
export const FOUND_NOTHING = 1;
/** A device. */
export const FOUND_DEVICE = 2;
/** ROM, for a write. */
export const FOUND_READ_ONLY = 3;
/** A page where `protect` forbids the access. */
export const FOUND_FORBIDDEN = 4;
/** Memory outside linear memory. */
export const FOUND_EXTERNAL = 5;
/** Discarded memory, for a write: `gm_populate` comes first. */
export const FOUND_ABSENT = 6;

// How `gm_compare` reports an order.

/** Both ranges have the same bytes. */
export const ORDER_EQUAL = 0;
/** The first range is greater. */
export const ORDER_GREATER = 1;
/** The first range is less. */
export const ORDER_LESS = 2;

// Words of the report block that the facade fills before `gm_map`: a region to make and to place.

/** The kind. */
export const REQUEST_KIND = 0;
/** The first address, low half. */
export const REQUEST_START_LOW = 1;
/** The first address, high half. */
export const REQUEST_START_HIGH = 2;
/** The size, low half. */
export const REQUEST_SIZE_LOW = 3;
/** The size, high half. */
export const REQUEST_SIZE_HIGH = 4;
/** The priority, an `i32`. */
export const REQUEST_PRIORITY = 5;
/** 1 where the region is enabled, else 0. */
export const REQUEST_ENABLED = 6;
/** The id of an alias's target; for external memory, the number that the facade gave it. */
export const REQUEST_TARGET = 7;
/** The offset in its target where an alias begins, low half. */
export const REQUEST_OFFSET_LOW = 8;
/** The offset in its target where an alias begins, high half. */
export const REQUEST_OFFSET_HIGH = 9;
/** The length in bytes of the region's name in the transfer buffer. */
export const REQUEST_NAME_BYTES = 10;

// Words of the report block after a status that is not 0.

/** The address that the fault names, low half. */
export const FAULT_ADDRESS_LOW = 0;
/** The address that the fault names, high half. */
export const FAULT_ADDRESS_HIGH = 1;
/** The length that the fault names, low half. */
export const FAULT_LENGTH_LOW = 2;
/** The length that the fault names, high half. */
export const FAULT_LENGTH_HIGH = 3;

// Words of the report block after a call that makes an address space.

/** Its handle. */
export const SPACE_HANDLE = 0;
/** The byte offset of its page table. */
export const SPACE_TABLE = 1;

// Words of the report block after `gm_host_run`.

/** The host offset of the first byte. */
export const RUN_HOST = 0;

// Words of the report block after `gm_piece`.

/** The number of bytes where the access finds the same. */
export const PIECE_BYTES = 0;
/** 1 where the access is watched, else 0. */
export const PIECE_WATCHED = 1;
/** The host offset of memory. */
export const PIECE_HOST = 2;
/** The id of a region that is a device or external memory. */
export const PIECE_REGION = 2;
/** The offset in that region of the first byte, low half. */
export const PIECE_OFFSET_LOW = 3;
/** The offset in that region of the first byte, high half. */
export const PIECE_OFFSET_HIGH = 4;

// Words of the report block after `gm_index_of`.

/** 1 where the needle was found, else 0. */
export const INDEX_FOUND = 0;
/** The address of the needle, low half. */
export const INDEX_ADDRESS_LOW = 1;
/** The address of the needle, high half. */
export const INDEX_ADDRESS_HIGH = 2;

// The word of the report block after each of these calls.

/** `gm_compare`: one of the orders above. */
export const COMPARE_ORDER = 0;
/** `gm_map`: the id of the region. */
export const MAP_REGION = 0;
/** `gm_watch`: the number of the watch. */
export const WATCH_ID = 0;
/** `gm_unwatch`: 1 where there was a watch, else 0. */
export const UNWATCH_FOUND = 0;
/** `gm_watchers`: how many watches see the access. */
export const WATCHERS_COUNT = 0;
/** `gm_dirty_open`: the number of the client. */
export const DIRTY_CLIENT = 0;
/** `gm_trap`: the number of the trap; `gm_newest_trap`: the number of the newest. */
export const TRAP_ID = 0;
/** `gm_untrap`, `gm_suspend_trap`: 1 where there was a trap, else 0. */
export const TRAP_FOUND = 0;
/** `gm_trapped`, `gm_sprung`: how many pages are in the transfer buffer. */
export const TRAPPED_COUNT = 0;

// Words of the report block after `gm_region_run`.

/** The host offset of the first byte; 0 where the bytes were discarded, and are zero. */
export const REGION_HOST = 0;
/** How many bytes of the region lie there, adjacent. */
export const REGION_RUN_BYTES = 1;

// Words of the report block after `gm_region_at`.

/** 1 where a region is there, else 0. */
export const REGION_AT_FOUND = 0;
/** The region's id. */
export const REGION_AT_REGION = 1;
/** The offset in the region, low half. */
export const REGION_AT_OFFSET_LOW = 2;
/** The offset in the region, high half. */
export const REGION_AT_OFFSET_HIGH = 3;
/** The priority, an `i32`. */
export const REGION_AT_PRIORITY = 4;
/** The accesses that `protect` allows. */
export const REGION_AT_ALLOWED = 5;

// Words of the report block after `gm_permissions`.

/** The accesses that `protect` allows. */
export const PERMISSIONS_ALLOWED = 0;
/** The number of the last page with the same permissions, low half. */
export const PERMISSIONS_LAST_LOW = 1;
/** The number of the last page with the same permissions, high half. */
export const PERMISSIONS_LAST_HIGH = 2;

// The word of the report block after `gm_each_region` and `gm_each_address`.

/** How many runs there are in all; those that fit are in the transfer buffer. */
export const RUNS_COUNT = 0;

// Words of a run that `gm_each_region` and `gm_each_address` leave in the transfer buffer.

/** The number of words. */
export const RUN_WORDS = 5;
/** The region's id. */
export const RUN_REGION = 0;
/** The offset in the region, or the guest address, low half. */
export const RUN_START_LOW = 1;
/** The offset in the region, or the guest address, high half. */
export const RUN_START_HIGH = 2;
/** The length in bytes, low half. */
export const RUN_LENGTH_LOW = 3;
/** The length in bytes, high half. */
export const RUN_LENGTH_HIGH = 4;

// Words of a page that `gm_trapped` and `gm_sprung` leave in the transfer buffer.

/** The number of words. */
export const TRAPPED_WORDS = 3;
/** The number of the trap. */
export const TRAPPED_TRAP = 0;
/** The guest address of the page's first byte, low half. */
export const TRAPPED_PAGE_LOW = 1;
/** The guest address of the page's first byte, high half. */
export const TRAPPED_PAGE_HIGH = 2;

// Words of the report block after `gm_region_name`.

/** The kind of the region. */
export const REGION_KIND = 0;
/** The kind of the region that is shown in the end: an alias shows another. */
export const REGION_SHOWN_KIND = 1;
/** The length in bytes of the region's name in the transfer buffer. */
export const REGION_NAME_BYTES = 2;

// Words of the report block after `gm_placement`.

/** The id of the region. */
export const PLACEMENT_REGION = 0;
/** The first address, low half. */
export const PLACEMENT_START_LOW = 1;
/** The first address, high half. */
export const PLACEMENT_START_HIGH = 2;
/** The size, low half. */
export const PLACEMENT_SIZE_LOW = 3;
/** The size, high half. */
export const PLACEMENT_SIZE_HIGH = 4;
/** The priority, an `i32`. */
export const PLACEMENT_PRIORITY = 5;
/** 1 where the region is enabled, else 0. */
export const PLACEMENT_ENABLED = 6;
/** The id of an alias's target; 0 for any other region. */
export const PLACEMENT_TARGET = 7;
/** The offset in its target where an alias begins, low half. */
export const PLACEMENT_OFFSET_LOW = 8;
/** The offset in its target where an alias begins, high half. */
export const PLACEMENT_OFFSET_HIGH = 9;
/** The number of the placement, which counts up in the order of mapping, low half. */
export const PLACEMENT_NUMBER_LOW = 10;
/** The number of the placement, high half. */
export const PLACEMENT_NUMBER_HIGH = 11;

// Words of the report block after `gm_flat_range`.

/** The first address, low half. */
export const FLAT_START_LOW = 0;
/** The first address, high half. */
export const FLAT_START_HIGH = 1;
/** The last address, low half. */
export const FLAT_LAST_LOW = 2;
/** The last address, high half. */
export const FLAT_LAST_HIGH = 3;
/** The id of the region that is shown. */
export const FLAT_REGION = 4;
/** The offset in the region of the first byte, low half. */
export const FLAT_OFFSET_LOW = 5;
/** The offset in the region of the first byte, high half. */
export const FLAT_OFFSET_HIGH = 6;
/** The priority, an `i32`. */
export const FLAT_PRIORITY = 7;
/** 1 for memory (external memory counts), else 0. */
export const FLAT_IS_MEMORY = 8;
/** The host offset of RAM in one piece that is neither protected nor watched; else 0. */
export const FLAT_HOST = 9;
/** `gm_change`: 1 for a range that has come, 0 for a range that has gone. */
export const CHANGE_COME = 10;

// Words of the report block after `gm_dirty_collect`.

/** The number of ranges in the transfer buffer. */
export const COLLECT_COUNT = 0;
/** 1 where there are more ranges, else 0. */
export const COLLECT_MORE = 1;
/** The address to go on from, low half. */
export const COLLECT_NEXT_LOW = 2;
/** The address to go on from, high half. */
export const COLLECT_NEXT_HIGH = 3;

// Words of a range that `gm_dirty_collect` leaves in the transfer buffer.

/** Words of a range. */
export const RANGE_WORDS = 4;
/** The first address, low half. */
export const RANGE_START_LOW = 0;
/** The first address, high half. */
export const RANGE_START_HIGH = 1;
/** The length, low half. */
export const RANGE_LENGTH_LOW = 2;
/** The length, high half. */
export const RANGE_LENGTH_HIGH = 3;

// Tables of names.

/** The error codes, by status. */
export const STATUS_CODES = {
  1: "INVALID_GUEST_ADDRESS",
  2: "PARTIAL_BUFFER",
  3: "GUEST_ADDRESS_OVERFLOW",
  4: "CROSSES_REGIONS",
  5: "MEMORY_REGION_OVERLAP",
  6: "UNSORTED_MEMORY_REGIONS",
  7: "NO_MEMORY_REGION",
  8: "EMPTY_REGION",
  9: "OUT_OF_MEMORY",
  10: "TOO_MANY_CLIENTS",
  11: "DISPOSED",
  12: "INVALID_ALIAS",
  13: "READ_ONLY",
  14: "PERMISSION_DENIED",
  15: "NOT_MEMORY",
  16: "MISALIGNED",
} as const;

/** The text of each error, by status. `{address}` and `{length}` stand for the values that the core reports. */
export const STATUS_TEXTS = {
  1: "no memory at guest address {address}",
  2: "no memory at guest address {address}, {length} bytes into the range",
  3: "the range passes 2^64, {length} bytes after its start",
  4: "the range crosses into another region at guest address {address}",
  5: "the region at {address} overlaps another",
  6: "the region at {address} comes after a region with a higher start",
  7: "there is no such region",
  8: "the range at {address} is empty",
  9: "linear memory cannot hold {length} bytes more",
  10: "all seven dirty clients are in use",
  11: "the memory was disposed",
  12: "the alias would show itself, or more than its target has from byte {address} on",
  13: "the memory at guest address {address} is read-only",
  14: "the access is not permitted at guest address {address}",
  15: "a device is at guest address {address}, or external memory",
  16: "guest address {address} or the length is not a multiple of 4096",
} as const;

/** The kinds of regions, by number. */
export const REGION_KINDS = ["ram", "rom", "romDevice", "mmio", "alias", "reserved", "external"] as const;
