// Builds the firmware: boot-rom.bin, <program>.bin (the contents of flash) and build.json, the digests of sources and
// images.
//
//     node build.mjs            builds, and writes them beside the sources
//     node build.mjs --check    builds, and compares: exit status 1 if an image differs from its sources
//
// Needs cargo and `rustup target add thumbv6m-none-eabi`.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const TARGET = "thumbv6m-none-eabi";
const PROGRAMS = ["tour", "sort", "interpreter"];
const FLASH_START = 0x10000000;
const folder = fileURLToPath(new URL(".", import.meta.url));

/** The digest of the sources. build.json has it, so that a test sees whether the images were built from these sources. */
export function sourcesDigest() {
  const hash = createHash("sha256");
  const sources = ["Cargo.lock", "Cargo.toml", ".cargo/config.toml", "build.rs", "rp2040.ld", ...filesUnder("src")];
  for (const name of sources.sort()) {
    // A length before each part, so that different files never give the same bytes.
    const bytes = readFileSync(join(folder, name));
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** The compiler that would build them here: its version and its host. */
export function rustc() {
  const [version, ...details] = execFileSync("rustc", ["-vV"], { cwd: folder, encoding: "utf8" }).trim().split("\n");
  return `${version}, ${details.find((line) => line.startsWith("host: "))}`;
}

/** Builds all programs. @returns {Map<string, Buffer>} the images, by file name */
export function build() {
  // No path of this machine in the images, so that they are the same on every machine.
  const places = [
    ["firmware", folder],
    ["cargo", cargoHome()],
    ["rust", sysroot()],
    // The compiler names the files of the component rust-src if it is installed; otherwise it names them like this.
    [`/rustc/${commitHash()}`, join(sysroot(), "lib", "rustlib", "src", "rust")],
  ];
  const flags = places.map(([name, path]) => `--remap-path-prefix=${path}=${name}`); // the last matching prefix counts
  const config = `target.${TARGET}.rustflags=${JSON.stringify(flags)}`;
  // Flags from outside would replace these.
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...env } = process.env;
  const options = ["--release", "--locked", "--quiet", "--target-dir", "target", "--config", config];
  execFileSync("cargo", ["build", ...options], { cwd: folder, env, stdio: "inherit" });
  const images = new Map();
  for (const program of PROGRAMS) {
    const elf = readFileSync(join(folder, "target", TARGET, "release", program));
    const segments = loadSegments(elf);
    const inFlash = segments.filter(({ address }) => address >= FLASH_START);
    const inBootRom = segments.filter(({ address }) => address < FLASH_START);
    const rom = flatten(inBootRom, 0);
    if (images.has("boot-rom.bin") && !images.get("boot-rom.bin").equals(rom)) {
      throw new Error(`${program} is linked with a boot ROM that is not that of the other programs`);
    }
    images.set("boot-rom.bin", rom);
    images.set(`${program}.bin`, flatten(inFlash, FLASH_START));
  }
  return images;
}

/** The loadable segments of a 32-bit little-endian ELF file, by where their bytes are loaded from (LMA). */
function loadSegments(/** @type {Buffer} */ elf) {
  const PT_LOAD = 1;
  const headers = elf.readUInt32LE(28);
  const headerSize = elf.readUInt16LE(42);
  return Array.from({ length: elf.readUInt16LE(44) }, (_, index) => headers + index * headerSize)
    .filter((header) => elf.readUInt32LE(header) === PT_LOAD)
    .map((header) => {
      const [offset, , address, size] = [4, 8, 12, 16].map((field) => elf.readUInt32LE(header + field));
      return { address, bytes: elf.subarray(offset, offset + size) };
    })
    .filter(({ bytes }) => bytes.length > 0);
}

/** One image from `start`, with the erased state of flash between the segments. */
function flatten(/** @type {{ address: number, bytes: Buffer }[]} */ segments, /** @type {number} */ start) {
  const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
  const image = Buffer.alloc(end - start, 0xff);
  for (const { address, bytes } of segments) bytes.copy(image, address - start);
  return image;
}

function filesUnder(/** @type {string} */ name) {
  return readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

function cargoHome() {
  return process.env.CARGO_HOME ?? join(homedir(), ".cargo");
}

function sysroot() {
  return execFileSync("rustc", ["--print", "sysroot"], { cwd: folder, encoding: "utf8" }).trim();
}

function commitHash() {
  return /^commit-hash: (.+)$/m.exec(execFileSync("rustc", ["-vV"], { cwd: folder, encoding: "utf8" }))?.[1];
}

const digest = (/** @type {Buffer} */ bytes) => createHash("sha256").update(bytes).digest("hex");

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const images = build();
  if (process.argv.includes("--check")) {
    const stale = [...images].filter(([name, image]) => !image.equals(readFileSync(join(folder, name))));
    for (const [name] of stale) console.error(`${name} is not what the sources give with ${rustc()}`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    for (const [name, image] of images) writeFileSync(join(folder, name), image);
    const digests = Object.fromEntries([...images].map(([name, image]) => [name, digest(image)]));
    const record = { rustc: rustc(), sources: sourcesDigest(), images: digests };
    writeFileSync(join(folder, "build.json"), `${JSON.stringify(record, null, 2)}\n`);
    for (const [name, image] of images) console.log(`${name}: ${image.length} bytes`);
  }
}
