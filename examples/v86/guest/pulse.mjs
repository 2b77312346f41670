// A program for the guest, assembled here: it calls a function again and again, so that v86 compiles it, and now and
// then writes the letter that the function gives to its output. The host finds the function by the marker before it,
// and changes the letter while the program runs.
import { Buffer } from "node:buffer";

const BASE = 0x0804_8000;
const HEADERS = 52 + 32; // the file's header, and the header of its one segment
const ROUNDS = 1_000_000;

/** The marker before the function in memory. In the file its first word differs: the program sets it when it starts. */
export const MARKER = "LIVE guest code:";
/** The letter's distance from the marker. The function begins with `mov al, letter`. */
export const LETTER = MARKER.length + 1;

/** @returns {Uint8Array} an ELF executable */
export function pulse() {
  const code = assemble();
  const size = HEADERS + code.length;
  const file = Buffer.alloc(size);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]); // "\x7fELF", 32 bits, little-endian, version 1
  const fileHeader = [0x0003_0002, 1, BASE + HEADERS, 52, 0, 0, 0x0020_0034, 0x0028_0001]; // executable, i386
  for (const [index, word] of fileHeader.entries()) file.writeUInt32LE(word, 16 + 4 * index);
  const segment = [1, 0, BASE, BASE, size, size, 7, 0x1000]; // loaded; readable, writable, executable
  for (const [index, word] of segment.entries()) file.writeUInt32LE(word, 52 + 4 * index);
  file.set(code, HEADERS);
  return file;
}

function assemble() {
  /** @param {number} value */
  const word = (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
  const LENGTH = 54; // the bytes of the instructions before the marker
  const markerAt = BASE + HEADERS + LENGTH;
  const first = Buffer.from(MARKER).readUInt32LE(0);
  const instructions = [
    ...[0xc7, 0x05, ...word(markerAt), ...word(first)], //  0: mov dword [marker], "LIVE"
    ...[0xb9, ...word(ROUNDS)], //                          10: mov ecx, ROUNDS
    ...[0xe8, ...word(LENGTH + MARKER.length - 20)], //     15: call letter
    ...[0x49, 0x75, 0xf8], //                               20: dec ecx; jnz 15
    ...[0x50, 0x89, 0xe1], //                               23: push eax; mov ecx, esp
    ...[0xba, ...word(1)], //                               26: mov edx, 1
    ...[0xbb, ...word(1)], //                               31: mov ebx, 1
    ...[0xb8, ...word(4)], //                               36: mov eax, 4
    ...[0xcd, 0x80, 0x58], //                               41: int 0x80; pop eax: write(1, esp, 1)
    ...[0xeb, 10 - 46], //                                  44: jmp 10
    ...Array(LENGTH - 46).fill(0x90), //                    46: nothing
  ];
  const letter = [0xb0, "A".charCodeAt(0), 0xc3]; // mov al, "A"; ret
  return Buffer.from([...instructions, ...Buffer.from(`FILE${MARKER.slice(4)}`), ...letter]);
}
