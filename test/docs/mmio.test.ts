// docs/mmio.md: each rule of its tables has a test of the same name, and a subject that the notes explain.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const page = readFileSync(join(root, "docs/mmio.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (?!-|rule )/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, name = "", , qemu = ""]) => ({ name, qemu }));

const folder = join(root, "test/unit/device");
const tests = readdirSync(folder)
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/^(?:test|describe)\("([^"]+)"/gm)])
  .map(([, name = ""]) => name);

describe("the rules", () => {
  test("are many, and each is there once", () => {
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(25);
    expect(names).toEqual([...new Set(names)]);
  });

  test.each(rows)("$name", ({ name, qemu }) => {
    expect(tests.filter((title) => title === name)).toHaveLength(1);
    expect(["same", "none"].includes(qemu) || page.includes(`\n- ${qemu}: `), qemu).toBe(true);
  });
});
