// The documentation: every public name has a description, all but plain fields have an example, and every example compiles
// and runs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { init } from "../../ts/index.ts";
import { type Example, examplesIn, run, typeErrors } from "./examples.ts";
import { pagesIn } from "./pages.ts";
import { publicNames } from "./public-names.ts";

const names = publicNames();
const documents = ["README.md", ...pagesIn("docs")];
const inNames = names.flatMap(({ name, place, examples }) => examplesIn(`${name} (${place})`, examples.join("\n")));
const inDocuments = documents.flatMap((file) => examplesIn(file, readFileSync(join(root, file), "utf8")));
const all: Example[] = [...inNames, ...inDocuments];

describe("public names", () => {
  test("are found: functions, classes and their members, interfaces and theirs", () => {
    const found = names.map(({ name }) => name);
    expect(found).toEqual(expect.arrayContaining(["init", "GuestMemory", "GuestMemory.fromRanges", "U64Like"]));
    expect(found).toEqual(expect.arrayContaining(["InitOptions.glue", "OnUnmapped.read"]));
    const members = found.map((name) => name.slice(name.indexOf(".") + 1));
    const ofMemory = ["readUint32BE", "load64", "regions", "view", "reserve", "onUnmapped", "[Symbol.dispose]"];
    expect(members).toEqual(expect.arrayContaining(ofMemory));
    expect(found.filter((name) => /#|install/.test(name))).toEqual([]);
    expect(found).toEqual([...new Set(found)]);
  });

  test("that are fields are told from methods and getters", () => {
    const fields = names.filter(({ isField }) => isField).map(({ name }) => name);
    expect(fields).toEqual(expect.arrayContaining(["GuestMemoryError.code", "PeekResult.known", "InitOptions.wasm"]));
    const others = ["Device.read8", "GuestMemory.regions", "GuestMemory.tables", "Glue.initSync", "Watch.dispose"];
    expect(fields.filter((name) => others.includes(name) || name.endsWith("[Symbol.dispose]"))).toEqual([]);
  });

  for (const { name, place, description, examples, isConstructor, isField } of names) {
    const needsExample = !isConstructor && !isField;
    test(`${name} has a description${needsExample ? " and an example" : ""}`, () => {
      expect(description, place).toMatch(/\w.*\.(\s|$)/s);
      if (needsExample) expect(examplesIn("", examples.join("\n")), place).not.toEqual([]);
    });
  }
});

describe("examples", () => {
  let errors: string[] = [];
  beforeAll(async () => {
    await init(); // an example that says where the binary lies must not fetch it
    errors = typeErrors(all);
  });

  test("are in README.md and docs/ too", () => {
    const titles = inDocuments.map(({ title }) => title);
    expect(titles).toEqual(
      expect.arrayContaining(["README.md, example 1", "docs/page-table.md", "docs/guides/jit.md, example 1"]),
    );
  });

  all.forEach((example, index) => {
    test(example.title, async () => {
      expect(errors[index]).toBe("");
      const printed = await run(example);
      expect(printed).toBe(example.output ?? "");
    });
  });
});
