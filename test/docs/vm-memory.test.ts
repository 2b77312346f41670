// docs/vm-memory.md: its list has every name of vm-memory, and every test that its tables name exists.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const page = read("docs/vm-memory.md");
const [, list = "", differences = ""] = page.split(/^## (?:List|Differences)$/m);
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");

describe("the list", () => {
  const imports = [...read("crate/vm-memory/tests/api/names.rs").matchAll(/use vm_memory::([^;]+);/g)];
  const names = new Set(imports.flatMap(([, tree]) => [...(tree ?? "").matchAll(/\b[A-Z]\w*/g)].map(([name]) => name)));
  const ours = new Set(["AtTheRoot", "Memory", "Mapping", "Mappings", "Region", "VolatileError", "VolatileResult"]);

  test.each([...names].filter((name) => !ours.has(name)))("has %s", (name) => {
    expect(quoted(list).some((text) => text.split(/\W+/).includes(name))).toBe(true);
  });

  test("has no item that is not ticked", () => {
    expect(list.match(/^- (?!\[x\] ).*/gm)).toBeNull();
  });
});

describe("the tables", () => {
  const rust = ["crate/src", "crate/vm-memory/tests"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".rs"))
      .map((file) => read(join(folder, file))),
  );
  const tests = new Set(
    rust.flatMap((text) => [...text.matchAll(/#\[test\]\s+(?:#\[.*\]\s+)*fn (\w+)/g)].map(([, name]) => name)),
  );
  const rows = differences.split("\n").filter((line) => /^\| (?!--|rule|what|vm-memory)/.test(line));
  const last = (row: string) => row.split("|").at(-2) ?? "";

  test("have rows", () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  test.each(rows)("name tests that are there: %s", (row) => {
    for (const name of quoted(last(row))) expect(tests).toContain(name);
    expect(last(row)).toMatch(/`\w+`|the rows for/);
  });
});
