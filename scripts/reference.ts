// The entry of the reference site: the package's exports, and the interfaces that GuestMemory extends, whose descriptions hold
// for all of their methods.
export type { AtomicAccess } from "../ts/access/atomic-access.ts";
export type { ByteAccess } from "../ts/access/byte-access.ts";
export type { DmaAccess } from "../ts/access/dma-range.ts";
export type { HandlerAccess } from "../ts/access/handler-access.ts";
export type { ScalarAccess } from "../ts/access/scalar-access.ts";
export type { StreamAccess } from "../ts/access/stream-access.ts";
export type { TableAccess } from "../ts/access/table-access.ts";
export * from "../ts/index.ts";
export type { MapAccess } from "../ts/map/map-access.ts";
export type { RegionAccess } from "../ts/map/region-access.ts";
export type { EventAccess } from "../ts/observe/events.ts";
export type { HostAccess } from "../ts/observe/host-access.ts";
export type { WatchAccess } from "../ts/observe/watch-access.ts";
