// The firmware's images: built from the sources beside them, and the same byte for byte if the compiler is the same.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { build, rustc, sourcesDigest } from "../../examples/rp2040/firmware/build.mjs";

const folder = new URL("../../examples/rp2040/firmware/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const committed: { rustc: string; sources: string; images: Record<string, string> } = JSON.parse(
  String(read("build.json")),
);

test("the images are of the sources that are here", () => {
  const stale = "the firmware is stale: run `node examples/rp2040/firmware/build.mjs` and commit what it writes";
  expect(sourcesDigest(), stale).toBe(committed.sources);
  expect(Object.keys(committed.images).sort()).toEqual(["boot-rom.bin", "interpreter.bin", "sort.bin", "tour.bin"]);
  for (const [name, digest] of Object.entries(committed.images)) {
    expect(createHash("sha256").update(read(name)).digest("hex"), name).toBe(digest);
  }
});

test("building again gives the same images", () => {
  const images = build();
  if (rustc() !== committed.rustc) {
    console.warn(`BYTES NOT COMPARED: the firmware was built by ${committed.rustc}, and here is ${rustc()}`);
    return;
  }
  for (const [name, image] of images) expect(image.equals(read(name)), name).toBe(true);
});

test("the sources are formatted, and clippy has nothing to say", () => {
  const cwd = fileURLToPath(folder);
  execFileSync("cargo", ["fmt", "--check"], { cwd, stdio: "pipe" });
  const lints = ["-D", "warnings", "-W", "clippy::undocumented_unsafe_blocks"];
  execFileSync("cargo", ["clippy", "--release", "--locked", "--quiet", "--", ...lints], { cwd, stdio: "pipe" });
});

test("the boot ROM's table is that of CRC-32", () => {
  const rom = read("boot-rom.bin");
  const table = rom.indexOf("boot ROM, rev. 1") + 16;
  expect(table).toBeGreaterThan(15);
  // The remainder of one byte, from the checksum of that byte: the last step of CRC-32 undone.
  for (const byte of [0, 1, 0x5a, 0xff]) {
    const remainder = (~crc32(Uint8Array.of(byte)) ^ 0x00ff_ffff) >>> 0;
    expect(rom.readUInt32LE(table + 4 * (byte ^ 0xff))).toBe(remainder);
  }
});
