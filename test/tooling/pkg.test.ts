// The committed pkg/: built from these sources, free of any machine's paths, and with a memory that can reach 4 GiB.
import { readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { committedDigest, digestOf, sourceDigest, sourceFiles } from "../../scripts/digest.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { memoryLimits } from "../support/wasm.ts";

const pkg = join(root, "pkg");

test("pkg/ is built from the sources that are here", () => {
  const stale = "pkg/ is stale: run `npm run build:pkg` and commit it";
  expect(sourceDigest(), stale).toBe(committedDigest().sources);
});

test("the digest covers the crate's sources, its manifests and the flags", () => {
  const files = sourceFiles();
  for (const name of [
    "Cargo.lock",
    "Cargo.toml",
    "crate/Cargo.toml",
    "crate/module/Cargo.toml",
    "crate/src/lib.rs",
    "scripts/build-pkg.mjs",
  ]) {
    expect(files).toContain(name);
  }
});

test("the files of pkg/ are those that were built", () => {
  expect(digestOf(pkg).files).toEqual(committedDigest().files);
});

describe.each(readdirSync(pkg))("pkg/%s", (name) => {
  test("holds no path of the machine that built it", () => {
    const text = readFileSync(join(pkg, name), "latin1");
    for (const path of [
      root,
      homedir(),
      process.env.CARGO_HOME,
      "/home/",
      "/Users/",
      "C:\\",
      ".cargo",
      ".rustup",
      "crates.io",
    ]) {
      if (path !== undefined && path.length > 1) expect(text.includes(path), path).toBe(false);
    }
    const { username } = userInfo();
    expect(text.includes(`/${username}/`)).toBe(false);
  });
});

test("the memory begins with room for a small guest, and has no maximum below 4 GiB", () => {
  const { minimum, maximum } = memoryLimits(readFileSync(join(pkg, "guest_memory_bg.wasm")));
  expect(minimum).toBe(56 * 16);
  expect(maximum ?? 65536).toBe(65536);
});
