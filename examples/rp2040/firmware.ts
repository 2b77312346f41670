// The programs of firmware/, and the URLs of their images.

export type Program = (typeof PROGRAMS)[number];

export const PROGRAMS = ["tour", "sort", "interpreter"] as const;

/** A line about each program. */
export const TITLES: Record<Program, string> = {
  tour: "each kind of access to each kind of memory",
  sort: "sorting, a checksum, a product of matrices, a sieve",
  interpreter: "a small Forth: primes and the Mandelbrot set",
};

/** A program as it is loaded into a machine. */
export interface Firmware {
  /** The words of the boot ROM, at address 0. */
  bootRom: Uint32Array;
  /** The bytes at the start of flash. */
  image: Uint8Array<ArrayBuffer>;
  /** The program's output in one round. */
  expected: string;
  /** More instructions than a round takes: a program that runs longer has gone astray. */
  limit: number;
}

const LIMITS: Record<Program, number> = { tour: 2_000_000, sort: 10_000_000, interpreter: 80_000_000 };

// Each `new URL` has the full name, because Vite finds the files by it.
const BOOT_ROM = new URL("./firmware/boot-rom.bin", import.meta.url);
const FILES: Record<Program, { image: URL; expected: URL }> = {
  tour: {
    image: new URL("./firmware/tour.bin", import.meta.url),
    expected: new URL("./firmware/tour.txt", import.meta.url),
  },
  sort: {
    image: new URL("./firmware/sort.bin", import.meta.url),
    expected: new URL("./firmware/sort.txt", import.meta.url),
  },
  interpreter: {
    image: new URL("./firmware/interpreter.bin", import.meta.url),
    expected: new URL("./firmware/interpreter.txt", import.meta.url),
  },
};

/** Loads a program by `read`, which differs between Node.js and a page. */
export async function loadFirmware(program: Program, read: (url: URL) => Promise<Uint8Array>): Promise<Firmware> {
  const { image, expected } = FILES[program];
  const [rom, flash, text] = await Promise.all([BOOT_ROM, image, expected].map((url) => read(url)));
  return {
    // Copies, because the alignment and the buffer of the bytes from `read` are unknown.
    bootRom: new Uint32Array(Uint8Array.from(rom).buffer),
    image: Uint8Array.from(flash),
    expected: new TextDecoder().decode(text),
    limit: LIMITS[program],
  };
}
