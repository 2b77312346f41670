// The crate's documentation: every public type, trait, macro and free function has an example. The compiler checks that
// it has a description (missing_docs), and `cargo test` that the example works, on each target.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

// The facade's own exports are in Wasm alone, where no example is run; what calls them is tested in ts/.
const files = readdirSync(join(root, "crate/src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".rs") && !file.startsWith("bindings"))
  .map((file) => `crate/src/${file.replaceAll("\\", "/")}`);

/** What is public at the left margin, and so is no method. */
const ITEM = /^pub (?:unsafe )?((?:enum|fn|struct|trait|type|union) \w+)/;
const MACRO = /^macro_rules! (\w+)/;

/** The items of a file, each with the lines above it: its comments and attributes. */
function itemsIn(file: string) {
  const items: { item: string; above: string[] }[] = [];
  let above: string[] = [];
  for (const line of readFileSync(join(root, file), "utf8").split("\n")) {
    const exported = above.includes("#[macro_export]") ? MACRO.exec(line) : ITEM.exec(line);
    if (exported) items.push({ item: `${exported[1]} in ${file}`, above });
    above = /^(?:\/\/|#\[|\)\]| {4})/.test(line) ? [...above, line] : [];
  }
  return items;
}

const items = files.flatMap(itemsIn);

describe("an example is at", () => {
  test("as many items as there are", () => {
    const names = items.map(({ item }) => item);
    expect(names).toContain("trait GuestMemory in crate/src/model/guest_memory.rs");
    expect(names).toContain("fn register in crate/src/machine/handle.rs");
    expect(names).toContain("export_bindings in crate/src/export.rs");
    expect(names.length).toBeGreaterThan(70);
  });

  test.each(items)("$item", ({ above }) => {
    expect(above.filter((line) => line.startsWith("/// ```")).length, above.join("\n")).toBeGreaterThanOrEqual(2);
  });
});
