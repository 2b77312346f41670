// The programs of programs/, and the URLs of their images.

export type Name = (typeof NAMES)[number];

export const NAMES = ["tour", "sort", "sieve"] as const;

/** A line about each program. */
export const TITLES: Record<Name, string> = {
  tour: "each way to get at data memory, and program memory",
  sort: "4096 words, by Shell's sort, and their checksum",
  sieve: "the primes below 12288, by the sieve of Eratosthenes",
};

/** A program as it is loaded into a machine. */
export interface Program {
  image: Uint8Array;
  /** Its output over the serial port in one round. */
  expected: string;
}

/** More instructions than a round takes: a program that runs longer has gone astray. */
export const LIMIT = 2_000_000;

// Each `new URL` has the full name, because Vite finds the files by it.
const FILES: Record<Name, { image: URL; expected: URL }> = {
  tour: {
    image: new URL("./programs/tour.bin", import.meta.url),
    expected: new URL("./programs/tour.txt", import.meta.url),
  },
  sort: {
    image: new URL("./programs/sort.bin", import.meta.url),
    expected: new URL("./programs/sort.txt", import.meta.url),
  },
  sieve: {
    image: new URL("./programs/sieve.bin", import.meta.url),
    expected: new URL("./programs/sieve.txt", import.meta.url),
  },
};

/** Loads a program by `read`, which differs between Node.js and a page. */
export async function loadProgram(name: Name, read: (url: URL) => Promise<Uint8Array>): Promise<Program> {
  const [image, text] = await Promise.all([read(FILES[name].image), read(FILES[name].expected)]);
  return { image, expected: new TextDecoder().decode(text) };
}
