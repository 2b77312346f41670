// guest-memory: the guest-physical memory of virtual machines, for the web. Exports only.
// The declarations use Symbol.dispose, whose types a consumer's own target may not bring.
/// <reference lib="esnext.disposable" preserve="true" />

export { AtomicFields } from "./atomic-fields.ts";
export { ByteAccess } from "./byte-access.ts";
export { DirtyClient, DirtyLog } from "./dirty.ts";
export { GuestMemoryError, type GuestMemoryErrorCode } from "./errors.ts";
export { GuestMemory, type GuestMemoryTables } from "./guest-memory.ts";
export { type InitOptions, init } from "./init.ts";
export type { GuestMemoryOptions, GuestRange } from "./layout.ts";
export type { OnUnmapped } from "./on-unmapped.ts";
export type { Glue, WasmSource } from "./raw.ts";
export { GuestRegion } from "./region.ts";
export { RegionAccess } from "./region-access.ts";
export { ScalarFields } from "./scalars.ts";
export type { Wide } from "./wide.ts";
