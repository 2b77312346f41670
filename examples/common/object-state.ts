// The state of an emulator's objects, for a hash: all their fields except memories, which are hashed separately.

import type { Hash } from "node:crypto";

/**
 * Takes each object that can be reached, once: arrays of bytes, collections, fields in the order of their names.
 *
 * @param isLeftOut whether a field is not part of the state, or is hashed separately
 */
export function takeObjects(hash: Hash, root: object, isLeftOut: (object: object, name: string) => boolean): void {
  const seen = new Map<object, number>();
  const take = (value: unknown): void => {
    if (typeof value !== "object" || value === null) hash.update(`${value};`);
    else if (seen.has(value)) hash.update(`object ${seen.get(value)};`);
    else {
      seen.set(value, seen.size);
      if (ArrayBuffer.isView(value)) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      else if (value instanceof Map || value instanceof Set) [...value].forEach(take);
      else takeFields(value);
    }
  };
  const takeFields = (object: object): void => {
    for (const [name, value] of Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (isLeftOut(object, name) || typeof value === "function" || value instanceof DataView) continue;
      hash.update(`${name}: `);
      take(value);
    }
  };
  take(root);
}
