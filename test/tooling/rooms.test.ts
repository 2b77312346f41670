// The rooms of ts/: a room imports only from itself and from the rooms below it, in the order of docs/architecture.md.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const text = (path: string) => readFileSync(join(root, path), "utf8");

/** The rooms, the lowest first. */
const [, table = ""] = text("docs/architecture.md").split("`ts/` — rooms, the lowest first.");
const rooms = [...table.matchAll(/^\| `(\w+)\/` +\|/gm)].map(([, room = ""]) => room);

/** The room of a file; "" for what lies beside the rooms. */
const roomOf = (file: string) => (file.includes("/") ? dirname(file) : "");

const files = readdirSync(join(root, "ts"), { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

/** The files that a file imports, as paths from ts/. */
function importsOf(file: string): string[] {
  const paths = [...text(`ts/${file}`).matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)";/gms)];
  return paths.map(([, path = ""]) => normalize(join(dirname(file), path))).filter((path) => !path.startsWith(".."));
}

test("each room is a folder, and each folder a room", () => {
  expect(rooms.length).toBeGreaterThan(5);
  expect([...new Set(files.map(roomOf))].filter((room) => room !== "").toSorted()).toEqual(rooms.toSorted());
});

test("no room imports from one above it", () => {
  const height = (file: string) =>
    file === "pkg.ts" ? -1 : roomOf(file) === "" ? rooms.length : rooms.indexOf(roomOf(file));
  const imports = files.flatMap((file) => importsOf(file).map((imported) => [file, imported] as const));
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.filter(([, imported]) => !files.includes(imported))).toEqual([]);
  // pkg.ts takes a type from core/, and nothing else.
  const upward = imports.filter(([file, imported]) => height(file) < height(imported) && file !== "pkg.ts");
  expect(upward).toEqual([]);
});

test("only GuestMemory and the entries are beside the rooms, and no room knows them", () => {
  expect(files.filter((file) => roomOf(file) === "").toSorted()).toEqual([
    "base64.d.ts",
    "guest-memory.ts",
    "index.ts",
    "inline.ts",
    "pkg.ts",
    "rewind.ts",
    "snapshot.ts",
    "vite.ts",
  ]);
});

test("the tests of a room lie in a folder of its name", () => {
  const folders = readdirSync(join(root, "test/unit"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).toSorted()).toEqual(rooms.toSorted());
});
