// guest-memory: the guest-physical memory of virtual machines, for the web. This file only exports.
// The declarations use Symbol.dispose, whose type may be missing in a consumer's TypeScript target.
/// <reference lib="esnext.disposable" preserve="true" />

export { DmaRange } from "./access/dma-range.ts";
export type { LoadOptions, LoadProgress, LoadSource } from "./access/load-from.ts";
export type { GuestMemoryTables } from "./access/table-access.ts";
export { type ErrorAsData, GuestMemoryError, type GuestMemoryErrorCode } from "./core/errors.ts";
export { type InitOptions, init } from "./core/init.ts";
export type { JsonNumber } from "./core/json.ts";
export type { Glue, WasmSource } from "./core/raw.ts";
export type { SizeOf, U64Like } from "./core/u64.ts";
export type { WasmMemory, WasmModule } from "./core/wasm-types.ts";
export type { Device, Initiator, NarrowAccessRule } from "./device/device.ts";
export type { OnDenied } from "./device/on-denied.ts";
export type { OnUnmapped } from "./device/on-unmapped.ts";
export type { ExternalSource } from "./external/external-memory.ts";
export { GuestMemory } from "./guest-memory.ts";
export type { GuestMemoryOptions, GuestRange } from "./map/create.ts";
export { GuestRegion } from "./map/guest-region.ts";
export type { MapAsData, RegionAsData } from "./map/map-text.ts";
export { MappedRegion } from "./map/mapped-region.ts";
export type { Permissions } from "./map/permissions.ts";
export type { RegionAt } from "./map/region-at.ts";
export type { RegionSpec } from "./map/region-spec.ts";
export { DirtyClient, DirtyLog } from "./observe/dirty.ts";
export { DirtyEpoch } from "./observe/dirty-epoch.ts";
export { hexdump } from "./observe/hexdump.ts";
export type { PeekResult } from "./observe/host-access.ts";
export type { HostWrite, HostWriteListener } from "./observe/host-write.ts";
export { MapEvent } from "./observe/map-event.ts";
export type { MemoryEvents, MemoryEventTarget } from "./observe/memory-events.ts";
export { Watch, type WatchEvent, type WatchKinds } from "./observe/watch.ts";
export type { TrapOptions } from "./observe/watch-access.ts";
export type { RegionKind } from "./space/placements.ts";
export type { ChangesBy, SnapshotOptions } from "./state/capture.ts";
export { diff, type SnapshotDifference } from "./state/diff.ts";
export type { RestoreOptions } from "./state/restore.ts";
export type { ReviveOptions } from "./state/revive.ts";
export { Snapshot } from "./state/snapshot.ts";
