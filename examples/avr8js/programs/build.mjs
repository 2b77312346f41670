// Assembles the programs. <program>.bin is loaded at the beginning of program memory.
//
//     node build.mjs            assembles, and writes them beside the sources
//     node build.mjs --check    assembles, and compares: exit status 1 if an image differs from its source

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { assemble } from "avr8js/dist/cjs/utils/assembler.js";

const PROGRAMS = ["tour", "sort", "sieve"];
const folder = fileURLToPath(new URL(".", import.meta.url));

/** Assembles all programs. @returns {Map<string, Buffer>} the images, by file name */
export function build() {
  return new Map(PROGRAMS.map((program) => [`${program}.bin`, assembleProgram(program)]));
}

/** Puts the common source before and behind a program's, because avr8js's assembler cannot include files. */
function assembleProgram(/** @type {string} */ program) {
  const parts = ["head", program, "output", "crc"];
  const sources = parts.map((part) => readFileSync(join(folder, `${part}.asm`), "utf8"));
  const { bytes, errors } = assemble(sources.join("\n"));
  if (errors.length > 0) throw new Error(`${program}.asm, in ${parts.join(" + ")}: ${errors.join("\n")}`);
  return Buffer.from(bytes);
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
