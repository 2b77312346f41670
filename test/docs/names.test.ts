// docs/names.md: every member of the memory map has a Rust name beside it, and a Rust test uses that name.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { publicNames } from "./public-names.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const rows = [...read("docs/names.md").matchAll(/^\| `(\w+\.\w+)`\s*\| (.+?)\s*\|$/gm)].map(
  ([, name = "", rust = ""]) => ({
    name,
    rust,
  }),
);
const names = new Set(publicNames().map(({ name }) => name));

/** The class whose members need a row, with what its own file declares. */
const CLASSES = {
  GuestMemory: ["ts/map/map-access.ts", "ts/observe/host-access.ts", "ts/observe/watch-access.ts"],
  MappedRegion: ["ts/map/mapped-region.ts"],
} as const;

test("each name is the facade's, once", () => {
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter(({ name }) => !names.has(name) && !name.startsWith("GuestMemory.fetch"))).toEqual([]);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  const scalars = read("ts/access/scalar-access.ts");
  for (const { name } of rows.filter(({ name }) => name.includes(".fetch"))) {
    expect(scalars).toContain(`${name.split(".")[1]}(`);
  }
});

test.each(Object.entries(CLASSES))("every member of %s in the map's files has a row", (name, files) => {
  const members = files.flatMap((file) =>
    [...read(file).matchAll(/^ {2}(?:get )?(\w+)(?:<\w+>)?\(/gm)].map(([, member = ""]) => `${name}.${member}`),
  );
  const public_ = members.filter((member) => names.has(member) && !member.endsWith(".constructor"));
  expect(public_.length).toBeGreaterThan(5);
  expect(public_.filter((member) => !rows.some((row) => row.name === member))).toEqual([]);
});

test("crate/tests/names.rs uses each Rust name", () => {
  const source = read("crate/tests/names.rs");
  const rust = rows.flatMap(({ rust }) => [...rust.matchAll(/`([\w:]+)`/g)].map(([, path = ""]) => path));
  expect(rust.length).toBeGreaterThan(40);
  const used = (path: string) => {
    const last = path.split("::").at(-1) ?? "";
    return new RegExp(`\\b${last}\\b`).test(source);
  };
  expect(rust.filter((path) => !used(path))).toEqual([]);
});
