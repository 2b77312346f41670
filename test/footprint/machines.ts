// Helpers of the tests of many machines: the library on a fresh linear memory, soiling memory, looking for zeros.
import { vi } from "vitest";
import type { GuestMemory } from "../../ts/index.ts";

export const MIB = 1 << 20;
export const PAGE = 4096;

/** The library on a linear memory of its own, and how many bytes that has before any guest. */
export async function freshLibrary() {
  vi.resetModules();
  const { GuestMemory } = await import("../../ts/index.ts");
  const first = await GuestMemory.fromRanges([[0, PAGE]]);
  first.dispose();
  return { GuestMemory, before: bytesOf(first) };
}

/** Bytes of the linear memory that a memory lies in. */
export const bytesOf = (memory: GuestMemory) => memory.wasmMemory.buffer.byteLength;

/** Pseudo-random numbers below `limit`, the same for the same seed. */
export function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a_2d39) >>> 0;
    return Math.floor((mixed / 2 ** 32) * limit);
  };
}

/** Writes here and there in every way, and keeps some views that can be written later. */
export function soil(memory: GuestMemory, size: number, next: (limit: number) => number, kept: Uint8Array[]): void {
  for (let count = 0; count < 24; count++) {
    const length = 1 + next(3 * PAGE);
    const address = next(size - length);
    [
      () => memory.fill(address, 0xff, length),
      () => memory.writeUint8(address, 0xff),
      () => memory.writeSlice(address, new Uint8Array(length).fill(0xff)),
      () => memory.store64(address & ~7, 2n ** 64n - 1n),
      () => memory.view(address, length).fill(0xff),
      () => kept.push(memory.view(address, length)),
    ][next(6)]?.();
  }
  memory.writeUint32(0, 0xffff_ffff);
  memory.writeUint32(size - 4, 0xffff_ffff);
}

/** Writes through views that were kept: after their memory's disposal, that must not show anywhere. */
export function soilThrough(kept: Uint8Array[]): void {
  for (const view of kept.splice(0)) if (view.length > 0) view.fill(0xff);
}

const ZEROES = Buffer.alloc(MIB);

/** Whether bytes are all 0. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += MIB) {
    const part = bytes.subarray(at, at + MIB);
    if (ZEROES.compare(part, 0, part.length, 0, part.length) !== 0) return false;
  }
  return true;
}

/** All bytes of a memory's region from 0 on, without a view that the library knows of (it zeroes what it has shown). */
export function rawBytes(memory: GuestMemory, size: number): Uint8Array {
  const host = memory.hostOffset(0, size, "read");
  if (host === undefined) throw new Error("no such region");
  return new Uint8Array(memory.wasmMemory.buffer, host, size);
}
