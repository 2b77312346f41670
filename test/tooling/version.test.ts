// One version in one place: package.json's. scripts/version.mjs carries it to every other file that states it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { carry, places } from "../../scripts/version.mjs";

const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");
const { version } = JSON.parse(read(root, "package.json"));

test("the manifests and the lock files with the crate are known", () => {
  const files = places().map(([file]) => file);
  expect(files).toEqual(
    expect.arrayContaining(["jsr.json", "crate/Cargo.toml", "crate/module/Cargo.toml", "crate/vm-memory/Cargo.toml"]),
  );
  expect(files).toEqual(expect.arrayContaining(["Cargo.lock", "crate/fuzz/Cargo.lock", "test/consumers/native.lock"]));
});

test.each(places())("%s has package.json's version", (file, where) => {
  const found = read(root, file).match(where) ?? [];
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found)).toEqual(new Set([version]));
});

test("npm's lock file has it", () => {
  const lock = JSON.parse(read(root, "package-lock.json"));
  expect([lock.version, lock.packages[""].version]).toEqual([version, version]);
});

test("another version is carried to all of them, and nothing else changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "guest-memory-version-"));
  try {
    for (const [file] of places()) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(root, file), join(folder, file));
    }
    carry("98.7.6", folder);
    for (const [file, where] of places()) {
      const carried = read(folder, file);
      expect(new Set(carried.match(where))).toEqual(new Set(["98.7.6"]));
      expect(carried.replaceAll("98.7.6", version)).toBe(read(root, file));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
