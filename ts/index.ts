// guest-memory: the guest-physical memory of virtual machines, for the web. Exports only.
// The declarations use Symbol.dispose, whose types a consumer's own target may not bring.
/// <reference lib="esnext.disposable" preserve="true" />

export { AtomicFields } from "./access/atomic-access.ts";
export { ByteAccess } from "./access/byte-access.ts";
export { DmaRange } from "./access/dma-range.ts";
export { ScalarFields } from "./access/scalar-access.ts";
export { GuestMemoryError, type GuestMemoryErrorCode } from "./core/errors.ts";
export { type InitOptions, init } from "./core/init.ts";
export type { Glue, WasmSource } from "./core/raw.ts";
export type { Wide } from "./core/u64.ts";
export type { Device, Initiator, Narrower } from "./device/device.ts";
export type { OnDenied } from "./device/on-denied.ts";
export type { OnUnmapped } from "./device/on-unmapped.ts";
export type { ExternalSource } from "./external/external-memory.ts";
export { GuestMemory, type GuestMemoryTables } from "./guest-memory.ts";
export type { GuestMemoryOptions, GuestRange } from "./map/create.ts";
export { GuestRegion } from "./map/guest-region.ts";
export { MapAccess, type Permissions } from "./map/map-access.ts";
export type { JsonNumber, MapAsData } from "./map/map-text.ts";
export { MappedRegion } from "./map/mapped-region.ts";
export { RegionAccess } from "./map/region-access.ts";
export type { RegionKind, RegionSpec } from "./map/region-spec.ts";
export { DirtyClient, DirtyLog } from "./observe/dirty.ts";
export { HostAccess, type Peeked, type WatchKinds } from "./observe/host-access.ts";
export type { HostWriteListener } from "./observe/host-write.ts";
export { MapEvent } from "./observe/map-event.ts";
export { Watch } from "./observe/watch.ts";
export type { WatchEvent } from "./observe/watchers.ts";
