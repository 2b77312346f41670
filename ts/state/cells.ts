// Cells: bytes with the words over them, to compare pages four bytes at a time.

/** Bytes. */
export interface Cells {
  readonly u8: Uint8Array;
  /** Words over the same bytes; undefined where the first byte is at no multiple of 4. */
  readonly u32: Uint32Array | undefined;
}

/** The cells of an array. */
export function cellsOf(u8: Uint8Array): Cells {
  const { buffer, byteOffset, length } = u8;
  return { u8, u32: byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >>> 2) : undefined };
}

/** Whether `count` bytes are equal. Both arrays have them. */
export function equal(a: Cells, at: number, b: Cells, from: number, count: number): boolean {
  let done = 0;
  if (a.u32 && b.u32 && (at | from) % 4 === 0) {
    const [one, other] = [at >>> 2, from >>> 2];
    const words = count >>> 2;
    for (let word = 0; word < words; word++) if (a.u32[one + word] !== b.u32[other + word]) return false;
    done = words << 2;
  }
  for (; done < count; done++) if (a.u8[at + done] !== b.u8[from + done]) return false;
  return true;
}

/** Whether `count` bytes are all 0. */
export function isZero({ u8, u32 }: Cells, at: number, count: number): boolean {
  let done = 0;
  if (u32 && at % 4 === 0) {
    const first = at >>> 2;
    const words = count >>> 2;
    for (let word = 0; word < words; word++) if (u32[first + word] !== 0) return false;
    done = words << 2;
  }
  for (; done < count; done++) if (u8[at + done] !== 0) return false;
  return true;
}
