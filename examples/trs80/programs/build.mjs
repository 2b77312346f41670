// Assembles the programs. <program>.bin is loaded at 0x5000.
//
//     node build.mjs            assembles, and writes them beside the sources
//     node build.mjs --check    assembles, and compares: exit status 1 if an image differs from its source

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Asm } from "z80-asm";

const PROGRAMS = ["tour", "sort", "sieve"];
const START = 0x5000;
const folder = fileURLToPath(new URL(".", import.meta.url));

/** Assembles all programs. @returns {Map<string, Buffer>} the images, by file name */
export function build() {
  return new Map(PROGRAMS.map((program) => [`${program}.bin`, assemble(join(folder, `${program}.asm`))]));
}

function assemble(/** @type {string} */ path) {
  const assembler = new Asm((name) => readFileSync(name, "utf8").split("\n"));
  assembler.assembleFile(path);
  const lines = assembler.assembledLines;
  const errors = lines.filter(({ error }) => error !== undefined);
  if (errors.length > 0) {
    const places = errors.map(
      ({ fileInfo, lineNumber, error }) => `${fileInfo.pathname}:${(lineNumber ?? 0) + 1}: ${error}`,
    );
    throw new Error(places.join("\n"));
  }
  const filled = lines.filter(({ binary }) => binary.length > 0);
  const image = Buffer.alloc(Math.max(...filled.map(({ address, binary }) => address + binary.length)) - START);
  for (const { address, binary } of filled) image.set(binary, address - START);
  return image;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const [name, image] of build()) {
    if (!process.argv.includes("--check")) writeFileSync(join(folder, name), image);
    else if (!image.equals(readFileSync(join(folder, name)))) {
      console.error(`${name} is not what its source gives`);
      process.exitCode = 1;
    }
    console.log(`${name}: ${image.length} bytes`);
  }
}
