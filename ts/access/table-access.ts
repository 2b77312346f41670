// TableAccess: the tables and host offsets for a JIT, a software MMU or a Rust module. docs/page-table.md is the
// contract.

import { ACCESS_READ, ACCESS_WRITE, VIEWS_UNSEEN } from "../core/abi.ts";
import { oneOf } from "../core/options.ts";
import type { U64Like } from "../core/u64.ts";
import type { WasmMemory } from "../core/wasm-types.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";

/**
 * Live typed arrays over the tables of a memory, with the layout of docs/page-table.md. Their byte offsets never change
 * in the memory's life. The arrays are detached when linear memory grows (event `viewsdetached`).
 *
 * @example
 * ```ts
 * import { GuestMemory, type GuestMemoryTables } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x4000]]);
 * const tables: GuestMemoryTables = memory.tables;
 * const entry = tables.pageTable[0x1234 >>> 12]!;
 * const byte = tables.bytes[(entry >>> 4) * 4096 + (0x1234 & 0xfff)];
 * console.assert((entry & 3) === 3 && byte === 0);
 * ```
 */
export interface GuestMemoryTables {
  /** The page table: one entry for each 4 KiB page of the first 4 GiB, `host page << 4 | flags`. */
  readonly pageTable: Uint32Array<ArrayBuffer>;
  /** The dirty map: one byte for each host page. Code that stores to a page writes 0xff to its byte. */
  readonly dirty: Uint8Array<ArrayBuffer>;
  /** All of linear memory; the index is the host offset. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The places of guest memory in linear memory, for translated code. {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.writeUint8(0x10, 7);
 * console.assert(memory.tables.bytes[memory.hostOffset(0x10, 1)!] === 7);
 * ```
 */
export interface TableAccess {
  /**
   * The page table, the dirty map and linear memory, for a JIT: see {@link GuestMemoryTables} and docs/page-table.md.
   *
   * @throws GuestMemoryError `DISPOSED`.
   *
   * @example
   * ```ts
   * const { pageTable } = memory.tables;
   * console.assert((pageTable[0]! & 3) === 3 && pageTable[1] === 0);
   * ```
   */
  get tables(): GuestMemoryTables;

  /**
   * The linear memory that holds guest memory and tables, for a JIT's module to import.
   *
   * @example
   * ```ts
   * console.assert(memory.wasmMemory.buffer === memory.tables.bytes.buffer);
   * ```
   */
  get wasmMemory(): WasmMemory;

  /**
   * The offset in linear memory of a range that lies in one region and allows `access`. Undefined, and not an error, if
   * the range does not, or if it is watched. Valid until `mapGeneration` changes. No page is marked dirty: code that
   * writes there marks it. Discarded memory has an offset for `"read"`, but not for `"write"`.
   *
   * @param length - bytes.
   * @param access - `"read"` or `"write"`. Default `"read"`.
   * @throws GuestMemoryError `DISPOSED`; TypeError for another `access`.
   *
   * @example
   * ```ts
   * const offset = memory.hostOffset(0x10, 4, "read");
   * console.assert(offset !== undefined && memory.tables.bytes[offset] === memory.readUint8(0x10));
   * console.assert(memory.hostOffset(0x9999, 4, "read") === undefined);
   * ```
   */
  hostOffset(address: U64Like, length: U64Like, access?: "read" | "write"): number | undefined;

  /**
   * The number of this memory for Rust code in the same module: `guest_memory::handle::get(handle)`.
   *
   * @example
   * ```ts
   * console.assert(Number.isInteger(memory.handle));
   * ```
   */
  get handle(): number;
}

/** The part of GuestMemory that is {@link TableAccess}. */
export function tableAccess(of: PartOf<{ space: Space }>): TableAccess {
  return {
    get tables() {
      const { space } = of(this);
      space.enter();
      const { linear, handle, table } = space;
      linear.expect(linear.raw.gm_expose_tables(handle), "tables");
      return { pageTable: table, dirty: linear.dirty, bytes: linear.u8 };
    },
    get wasmMemory() {
      const { raw } = of(this).space.linear;
      raw.gm_views(VIEWS_UNSEEN); // the caller may make views of it at any time
      return raw.memory;
    },
    hostOffset(address, length, access = "read") {
      oneOf(access, "access", ["read", "write"]);
      return of(this).space.resolver.probe(address, length, access === "read" ? ACCESS_READ : ACCESS_WRITE);
    },
    get handle() {
      return of(this).space.handle;
    },
  };
}
