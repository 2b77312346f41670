// The open bus in the models: a whole range is served part by part, where memory ends and a handler answers.
import { TOP } from "./model.ts";

/** Whether a handler may serve holes in a range: each address in it is exact. */
export function exactTo(address: bigint, length: bigint, wide: boolean): boolean {
  return address + length <= (wide ? TOP : 1n << 53n);
}

/** The most bytes of holes in a range that a handler serves. */
export const MOST = 1n << 24n;

/** The largest aligned part of a hole at an address, in bytes: 8 at most, and not past the hole's end. */
export function partOf(at: bigint, end: bigint): number {
  let size = 8n;
  while (at % size !== 0n || at + size > end) size /= 2n;
  return Number(size);
}

export function bytesOf(value: bigint, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

export function numberIn(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
