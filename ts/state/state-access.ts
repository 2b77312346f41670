// StateAccess: GuestMemory's methods for snapshots.

import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";
import { capture, type SnapshotOptions } from "./capture.ts";
import { type RestoreOptions, restore } from "./restore.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Snapshots of a memory. {@link GuestMemory} has all of these methods.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x10_0000]]);
 * const booted = memory.snapshot();
 * for (let run = 0; run < 3; run++) {
 *   memory.writeUint32(run * 0x1000, 7); // a test case
 *   memory.restore(booted);
 * }
 * console.assert(memory.readUint32(0x2000) === 0);
 * ```
 */
export interface StateAccess {
  /**
   * Takes a snapshot: the bytes of all RAM, ROM and external memory of the map, hidden regions and the targets of aliases
   * too, each region once; the map (places, enabled or not, what aliases show, protection); and the sections given. With
   * `since`, only pages that have changed since that snapshot are copied. Linear memory does not grow, and views stay.
   *
   * Other address spaces of the machine are not in it, except for regions that they share with this one. Devices are not: their
   * state goes into sections. Several snapshots and chains of them do not disturb each other, nor dirty clients.
   *
   * @throws GuestMemoryError `DUPLICATE_NAME` for two regions of one name, unless it is their kind,
   * `INVALID_EXTERNAL`, `DETACHED_BUFFER` for a section, `DISPOSED`; TypeError for a wrong option.
   *
   * @example
   * ```ts
   * const before = memory.snapshot();
   * memory.writeUint8(0x10, 1);
   * const after = memory.snapshot({ since: before });
   * console.assert(after.byteLength < 2 * 4096);
   * ```
   */
  snapshot(options?: SnapshotOptions): Snapshot;

  /**
   * Brings the bytes and the map back to a snapshot, of this memory or of one with the same regions by name, kind and size.
   * Only pages that differ are written, as a loader writes: each springs write traps, is told to `onHostWrite`, and is dirty for
   * the dirty clients. Where the map is the same, no view ends and no generation moves. After an error everything is as it
   * was; an error of a listener comes after the restoration.
   *
   * Linear memory grows only where bytes were discarded since the snapshot.
   *
   * @throws GuestMemoryError `SNAPSHOT_MISMATCH` if the regions are not the snapshot's, `DUPLICATE_NAME`, `OUT_OF_MEMORY`,
   * `INVALID_EXTERNAL`, `DISPOSED`; TypeError for another type; an error that a trap's callback throws.
   *
   * @example
   * ```ts
   * const bank = memory.map({ kind: "ram", name: "bank", start: 0x8000, size: 0x1000 });
   * const saved = memory.snapshot();
   * bank.move(0x1_0000);
   * memory.writeUint8(0x1_0000, 7);
   * memory.restore(saved);
   * console.assert(memory.readUint8(0x8000) === 0 && bank.start === 0x8000);
   * ```
   */
  restore(snapshot: Snapshot, options?: RestoreOptions): void;
}

/** The part of GuestMemory that is {@link StateAccess}. */
export function stateAccess(of: PartOf<{ space: Space }>): StateAccess {
  return {
    snapshot(options = {}) {
      return capture(of(this).space, options);
    },
    restore(snapshot, options = {}) {
      restore(of(this).space, snapshot, options);
    },
  };
}
