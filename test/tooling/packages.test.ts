// Set-up decides whether node_modules is complete, or must be installed again.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packagesAreInstalled } from "../../scripts/packages.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packages-"));
  mkdirSync(join(folder, "node_modules"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const wanted = {
  "": { version: "0.1.0" },
  "node_modules/a": { version: "1.0.0" },
  "node_modules/other-platform": { version: "1.0.0", optional: true },
};

function write(path: string, packages: object) {
  writeFileSync(join(folder, path), JSON.stringify({ packages }));
}

test("installed as the lock file says, without another platform's optional package", () => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", { "node_modules/a": { version: "1.0.0" } });
  expect(packagesAreInstalled(folder)).toBe(true);
});

test.each([
  ["an older version", { "node_modules/a": { version: "0.9.0" } }],
  ["a missing package", {}],
  [
    "an optional package in another version",
    { "node_modules/a": { version: "1.0.0" }, "node_modules/other-platform": { version: "0.9.0" } },
  ],
])("not installed: %s", (_, installed) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", installed);
  expect(packagesAreInstalled(folder)).toBe(false);
});

test("not installed: nothing was ever", () => {
  write("package-lock.json", wanted);
  expect(packagesAreInstalled(folder)).toBe(false);
});
