// ts/core/abi.ts: made of crate/src/abi.rs, whose numbers the core itself uses.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abiOf } from "../../scripts/abi.mjs";
import { root } from "../../scripts/toolchain.mjs";
import * as abi from "../../ts/core/abi.ts";

const text = (file: string) => readFileSync(join(root, file), "utf8");

/** The constants: all that is no table of names. */
const names = Object.entries(abi).flatMap(([name, value]) => (typeof value === "number" ? [name] : []));

test("ts/core/abi.ts is made of crate/src/abi.rs as it is", () => {
  expect(text("ts/core/abi.ts"), "run `node scripts/abi.mjs`").toBe(abiOf());
});

test("the core uses each number by its name", () => {
  const rust = readdirSync(join(root, "crate/src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".rs") && file !== "abi.rs")
    .map((file) => text(join("crate/src", file)))
    .join("\n");
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !new RegExp(`\\babi::(?:\\{[^}]*\\b)?${name}\\b`).test(rust))).toEqual([]);
});

test("a line that is no constant is refused", () => {
  expect(() => abiOf("/// What it is.\npub const FIRST: u32 = 1 << 3;")).toThrow("is no constant");
  expect(() => abiOf("pub const FIRST: u32 = 8;")).toThrow("is no constant");
});

test("statuses, kinds and pieces have numbers of their own", () => {
  for (const prefix of ["STATUS_", "KIND_", "FOUND_", "LAYOUT_", "BACKING_", "PLACEMENT_", "FLAT_", "COLLECT_"]) {
    const numbers = Object.entries(abi).filter(([name, value]) => name.startsWith(prefix) && typeof value === "number");
    expect(numbers.length, prefix).toBeGreaterThan(2);
    expect(new Set(numbers.map(([, number]) => number)).size, prefix).toBe(numbers.length);
  }
});

test("docs/page-table.md names the version that there is", () => {
  expect(text("docs/page-table.md")).toContain(`this is the layout of version ${abi.ABI}.`);
});
