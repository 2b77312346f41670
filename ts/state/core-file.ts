// CoreFile: guest memory as an ELF core file, for gdb, readelf and their kin.

import { GuestMemoryError, hex } from "../core/errors.ts";
import { readFlatRanges } from "../space/flat-view.ts";
import type { Space } from "../space/space.ts";

/** The sizes of the file's header and of a segment's, in bytes (System V ABI, chapter 4 and 5). */
const HEADER = 64;
const SEGMENT = 56;
/** The most segments that the header's field of 16 bits can count: 0xffff means another thing. */
const MOST_SEGMENTS = 0xfffe;
const PAGE = 4096;
/** The bytes that are read at once. */
const CHUNK = 1 << 18;

/** Adjacent bytes of the guest in the file. */
interface Segment {
  readonly start: bigint;
  readonly end: bigint;
}

/** The bytes of the file, from its start on, in chunks. */
export function* coreFileOf(space: Space, machine: number): Generator<Uint8Array<ArrayBuffer>> {
  space.enter();
  const segments = segmentsOf(space);
  if (segments.length > MOST_SEGMENTS) {
    throw new RangeError(`coreFile: the memory has ${segments.length} ranges, and the file at most ${MOST_SEGMENTS}`);
  }
  yield headersOf(segments, machine);
  for (const { start, end } of segments) {
    for (let at = start; at < end; ) {
      const length = Number(end - at < CHUNK ? end - at : BigInt(CHUNK));
      space.enter();
      const bytes = space.mover.current(space.toAddress(at), length);
      if (bytes === undefined) {
        const text = `coreFile: the map has changed, and at ${hex(at)} is no memory any more`;
        throw new GuestMemoryError("PARTIAL_BUFFER", text, { address: space.toAddress(at), length });
      }
      yield bytes;
      at += BigInt(length);
    }
  }
}

/** The ranges of the flat view with bytes, joined where they touch. */
function segmentsOf(space: Space): Segment[] {
  const segments: Segment[] = [];
  for (const { start, last, memory } of readFlatRanges(space)) {
    if (!memory) continue;
    const before = segments.at(-1);
    if (before?.end === start) segments[segments.length - 1] = { start: before.start, end: last + 1n };
    else segments.push({ start, end: last + 1n });
  }
  return segments;
}

/** The ELF header, and a program header of type PT_LOAD for each segment; then zeros up to a page. */
function headersOf(segments: readonly Segment[], machine: number): Uint8Array<ArrayBuffer> {
  const size = Math.ceil((HEADER + segments.length * SEGMENT) / PAGE) * PAGE;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  // e_ident: the magic number, 64 bits, little-endian, version 1
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 4, true); // e_type: ET_CORE
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true); // e_version
  view.setBigUint64(32, BigInt(HEADER), true); // e_phoff
  view.setUint16(52, HEADER, true); // e_ehsize
  view.setUint16(54, SEGMENT, true); // e_phentsize
  view.setUint16(56, segments.length, true); // e_phnum
  let offset = BigInt(size);
  segments.forEach(({ start, end }, index) => {
    const at = HEADER + index * SEGMENT;
    view.setUint32(at, 1, true); // p_type: PT_LOAD
    view.setUint32(at + 4, 7, true); // p_flags: readable, writable, executable
    const words = [offset, start, start, end - start, end - start, 1n]; // offset, vaddr, paddr, filesz, memsz, align
    words.forEach((word, slot) => void view.setBigUint64(at + 8 + slot * 8, word, true));
    offset += end - start;
  });
  return bytes;
}
