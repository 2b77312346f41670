// Restore: brings a memory back to a snapshot.

import { checkObject } from "../core/options.ts";
import type { Space } from "../space/space.ts";
import { bringBack, type KeptState } from "./bring-back.ts";
import { type ChangesBy, checkBy, logOf } from "./capture.ts";
import { partsOf, type Snapshot } from "./snapshot.ts";

/**
 * Options of {@link GuestMemory.restore}.
 *
 * @example
 * ```ts
 * import { GuestMemory, type RestoreOptions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const saved = memory.snapshot();
 * memory.view(0, 1)[0] = 7; // and no markDirty
 * const options: RestoreOptions = { by: "bytes" };
 * memory.restore(saved, options);
 * console.assert(memory.readUint8(0) === 0);
 * ```
 */
export interface RestoreOptions {
  /** How the pages to compare are found, as in {@link SnapshotOptions.by}. Default `"marks"`. */
  by?: ChangesBy;
}

/** Brings a memory back to a snapshot. */
export function restore(space: Space, snapshot: Snapshot, options: RestoreOptions): void {
  const { regions, map, marks } = partsOf(snapshot);
  checkObject(options, "options");
  const byBytes = checkBy(options.by);
  const log = logOf(space);
  const changed = () => {
    const mark = marks.get(log);
    return mark && !byBytes ? log.since(space, mark) : undefined;
  };
  const done: KeptState["done"] = (written) => {
    const mark = marks.get(log);
    if (mark) log.move(space, mark, written);
    else marks.set(log, log.mark(space));
  };
  bringBack(space, { regions, map, changed, done, generations: () => marks.get(log)?.generations });
}
