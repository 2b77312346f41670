// The numbers of the interface between the core and the facade.

/** The version of the interface. */
export const ABI_VERSION = 3;

/** `gm_place`. */
export const PLACE_REPORT = 0;
export const PLACE_TRANSFER = 1;
export const PLACE_TRANSFER_BYTES = 2;
export const PLACE_DIRTY_MAP = 3;

export const KIND_RAM = 0;
export const REGION_KINDS = ["ram", "rom", "romDevice", "mmio", "alias", "reserved", "external"] as const;

export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;
export const LOAD = 8;

export const BACKING_ANY = 0;
export const BACKING_BYTES = 1;
export const BACKING_LINEAR = 2;

export const PIECE_MEMORY = 0;
export const PIECE_NOTHING = 1;
export const PIECE_DEVICE = 2;
export const PIECE_READ_ONLY = 3;
export const PIECE_FORBIDDEN = 4;
export const PIECE_EXTERNAL = 5;
export const PIECE_ABSENT = 6;

export const DIRTY_MARK = 0xff;

/** The word behind the page table that counts changes of the map. */
export const CONTROL_GENERATION = 0;

export const STATUS_INVALID_GUEST_ADDRESS = 1;
export const STATUS_PARTIAL_BUFFER = 2;
export const STATUS_CROSSES_REGIONS = 4;
export const STATUS_READ_ONLY = 13;
export const STATUS_PERMISSION_DENIED = 14;
export const STATUS_NOT_MEMORY = 15;
