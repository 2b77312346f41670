// Random queues of a driver that may be hostile. They are mostly sound, so that the device gets far before it meets a
// fault.
import { DESCRIPTOR_SIZE, INDIRECT, layoutAt, NEXT, WRITE } from "../../examples/rust-device/virtqueue.ts";
import type { Queue } from "./model.ts";

/** Two regions that touch at a place that no page ends at, a hole, and one more. */
export const RANGES: readonly (readonly [start: number, size: number])[] = [
  [0x1000, 0x1404],
  [0x2404, 0xbfc],
  [0x5000, 0x800],
];
export const BACKED = [
  [0x1000, 0x3000],
  [0x5000, 0x5800],
] as const;
export const SPAN = 0x5800;

/** Descriptors that are written, of a table and of each indirect table. */
const WRITTEN = 8;
const TABLES = [0x2400 - 24, 0x2e00, 0x5700];
const EDGES = [0x1000, 0x2404, 0x2fff, 0x3000, 0x5000, 0x57ff, 0x5800, 0xffff_ffff];

type Below = (limit: number) => number;

/**
 * Writes a queue into `bytes`, guest memory by guest address, and gives what the driver tells the device of it.
 * @param below a random number below a limit
 */
export function writeRing(bytes: Uint8Array, below: Below, access: number): Queue {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const rarely = <T>(often: T, seldom: () => T): T => (below(24) === 0 ? seldom() : often);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isBacked = (at: number, length: number) => BACKED.some(([start, end]) => at >= start && at + length <= end);

  const size = rarely(pick([1, 2, 4, 8, 8, 8, 16]), () => pick([0, 3, 32, 256, 512, 0x1_0008, 0xffff_ffff]));
  const laid = layoutAt(0x1000 + below(0x1f00), size <= 256 ? size : 8);
  const place = () => pick([below(SPAN), below(SPAN) & ~15, pick(EDGES), laid.available, laid.used]);
  const wide = (at: number) => BigInt(at) + rarely(0n, () => pick([1n << 32n, 1n << 63n, 0xffff_ffff_0000_0000n]));
  const descriptors = rarely(laid.descriptors, place);
  const available = rarely(laid.available, place);
  const used = rarely(laid.used, place);

  const length = () =>
    pick([below(64), below(64), below(0x400), rarely(below(0x2000), () => pick([0xffff_ffff, 0x8000_0000, 0x10]))]);
  const describe = (at: number, last: boolean) => {
    if (!isBacked(at, DESCRIPTOR_SIZE)) return;
    const isIndirect = below(12) === 0;
    const flags = (last ? 0 : NEXT) | access | (isIndirect ? INDIRECT : 0);
    view.setBigUint64(at, wide(isIndirect ? pick(TABLES) : rarely(0x1000 + below(0x1c00), place)), true);
    view.setUint32(at + 8, isIndirect ? DESCRIPTOR_SIZE * below(WRITTEN + 1) : length(), true);
    view.setUint16(
      at + 12,
      rarely(flags, () => pick([0, WRITE, NEXT, INDIRECT | NEXT, below(0x1_0000)])),
      true,
    );
    view.setUint16(at + 14, below(WRITTEN + 1), true);
  };
  for (const table of [...TABLES, descriptors]) {
    for (let index = 0; index < WRITTEN; index++) describe(table + DESCRIPTOR_SIZE * index, below(3) > 0);
  }
  if (isBacked(available, 4 + 2 * WRITTEN)) {
    view.setUint16(
      available + 2,
      rarely(below(Math.min(size, 0xffff) + 1), () => below(0x1_0000)),
      true,
    );
    for (let slot = 0; slot < WRITTEN; slot++) {
      const head = below(Math.max(1, Math.min(size, WRITTEN)));
      view.setUint16(
        available + 4 + 2 * slot,
        rarely(head, () => below(0x1_0000)),
        true,
      );
    }
  }
  return { size, descriptors: wide(descriptors), available: wide(available), used: wide(used) };
}
