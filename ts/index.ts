// guest-memory: the guest-physical memory of virtual machines, for the web. Exports only.
// The declarations use Symbol.dispose, whose types a consumer's own target may not bring.
/// <reference lib="esnext.disposable" preserve="true" />

export { AtomicFields } from "./atomic-fields.ts";
export { ByteAccess } from "./byte-access.ts";
export type { Device, Initiator, Narrower } from "./device.ts";
export { DirtyClient, DirtyLog } from "./dirty.ts";
export { DmaRange } from "./dma-range.ts";
export { GuestMemoryError, type GuestMemoryErrorCode } from "./errors.ts";
export type { ExternalSource } from "./external-memory.ts";
export { GuestMemory, type GuestMemoryTables } from "./guest-memory.ts";
export { HostAccess, type Peeked, type WatchKinds } from "./host-access.ts";
export type { HostWriteListener } from "./host-write.ts";
export { type InitOptions, init } from "./init.ts";
export type { GuestMemoryOptions, GuestRange } from "./layout.ts";
export { MapAccess, type Permissions } from "./map-access.ts";
export { MapEvent } from "./map-event.ts";
export type { JsonNumber, MapAsData } from "./map-text.ts";
export { MappedRegion } from "./mapped-region.ts";
export type { OnDenied } from "./on-denied.ts";
export type { OnUnmapped } from "./on-unmapped.ts";
export type { Glue, WasmSource } from "./raw.ts";
export { GuestRegion } from "./region.ts";
export { RegionAccess } from "./region-access.ts";
export type { RegionKind, RegionSpec } from "./region-spec.ts";
export { ScalarFields } from "./scalars.ts";
export type { WatchEvent } from "./watch.ts";
export { Watch } from "./watch-handle.ts";
export type { Wide } from "./wide.ts";
