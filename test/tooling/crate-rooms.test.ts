// The rooms of crate/src (docs/architecture.md): which imports which, and which modules import each other in a circle.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

/** Each room, the lowest first: it imports from itself and from those before it. */
const ROOMS = ["abi", "sync", "linear", "model", "machine", "bindings"];

/** vm-memory's own shape: regions have bitmaps, bitmaps are asked of regions; bytes go to streams, streams take slices. */
const OWN_CIRCLE = ["bitmap", "bytes", "external", "guest_memory", "io", "iommu", "region", "volatile_memory"];

const source = join(root, "crate", "src");

/** The code of a file: without comments and without its tests. */
function codeOf(file: string): string {
  const text = readFileSync(join(source, file), "utf8").replace(/\/\/.*$/gm, "");
  return text.replace(/#\[cfg\((?:all\()?test.*\]\s+(?:#\[.*\]\s+)*(?:pub\(crate\) )?mod tests \{[\s\S]*$/, "");
}

/** The files of the rooms, but for tests, each with its room and its module in that. */
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter(
    (file) => file.endsWith(".rs") && !/\b(?:tests|models)\b/.test(file) && file !== "lib.rs" && file !== "export.rs",
  )
  .map((file) => {
    const [room = "", module = ""] = file.replace(/\.rs$/, "").split("/");
    return { file, room, module, code: codeOf(file) };
  });

/** What a file imports of other rooms and modules. */
function importsOf({ file, room, code }: (typeof files)[number]): { room: string; module: string }[] {
  const named = [...code.matchAll(/\bcrate::(\w+)(?:::(\w+))?/g)].map(([, room = "", module = ""]) => ({
    room,
    module,
  }));
  const beside = file.split("/").length === 2 ? [...code.matchAll(/\bsuper::(\w+)/g)] : [];
  return [...named, ...beside.map(([, module = ""]) => ({ room, module }))];
}

test("each file lies in a room, and there are many", () => {
  expect(files.length).toBeGreaterThan(70);
  expect(files.filter(({ room }) => !ROOMS.includes(room))).toEqual([]);
});

test("a room imports from itself and from those below it, by its name", () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter(({ room }) => !ROOMS.slice(0, ROOMS.indexOf(file.room) + 1).includes(room))
      .map(({ room, module }) => `${file.file} imports ${room}::${module}`),
  );
  expect(upward).toEqual([]);
  const whole = files.filter((file) =>
    importsOf(file).some(({ room, module }) => !["abi", "sync"].includes(room) && module === ""),
  );
  expect(whole).toEqual([]);
});

/** The modules that lead back to themselves. */
function inCircles(room: string): string[] {
  const own = files.filter((file) => file.room === room && file.module !== "mod");
  const modules = [...new Set(own.map(({ module }) => module))];
  const next = (from: string) =>
    own
      .filter(({ module }) => module === from)
      .flatMap(importsOf)
      .filter((to) => to.room === room && to.module !== from && modules.includes(to.module))
      .map(({ module }) => module);
  const reached = (from: string) => {
    const all = new Set<string>();
    const open = [from];
    for (const at of open) {
      const fresh = next(at).filter((to) => !all.has(to));
      for (const to of fresh) all.add(to);
      open.push(...fresh);
    }
    return all;
  };
  return modules.filter((module) => reached(module).has(module)).sort();
}

test("modules import each other in a circle only where vm-memory's do", () => {
  expect(inCircles("linear")).toEqual([]);
  expect(inCircles("machine")).toEqual([]);
  expect(inCircles("model")).toEqual(OWN_CIRCLE);
});
