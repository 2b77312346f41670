// The tarball's contents: exactly the files that a user needs, of the promised sizes, without this machine's paths.
import { readdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { linksOf } from "../support/markdown.ts";
import { type Consumer, consume } from "./packed.ts";

let consumer: Consumer;
let files: string[];
beforeAll(() => {
  consumer = consume();
  files = filesIn(consumer.installed);
});
afterAll(() => consumer?.remove());

/** The files under a folder, as paths from it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}

const ENTRIES = ["index", "inline", "rewind", "snapshot", "vite"];
/** The code that entries share. */
const SHARED = ["guest-memory.shared"];

const read = (file: string) => readFileSync(join(consumer.installed, file));

test("holds the package and nothing else", () => {
  const sources = filesIn(join(root, "ts")).filter((file) => !file.endsWith(".d.ts"));
  const declarations = sources.map((file) => `dist/${file.replace(/\.ts$/, ".d.ts")}`);
  const docs = filesIn(join(root, "docs")).map((file) => `docs/${file}`);
  expect(docs).toContain("docs/architecture.md");
  expect(docs).toContain("docs/page-table.md");
  const expected = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-BSD-3-Clause",
    "README.md",
    "SECURITY.md",
    "package.json",
    ...[...ENTRIES, ...SHARED].flatMap((code) => [`dist/${code}.js`, `dist/${code}.js.map`]),
    ...declarations,
    ...docs,
    "pkg/digest.json",
    "pkg/guest_memory.d.ts",
    "pkg/guest_memory.js",
    "pkg/guest_memory_bg.wasm",
    "pkg/guest_memory_bg.wasm.d.ts",
  ];
  expect(files).toEqual(expected.sort());
});

/** Where links lead that only the repository has. Once it has an address they are absolute, and there are no such links. */
const REPOSITORY = [
  "CONTRIBUTING.md",
  "crate/examples/",
  "crate/src/",
  "examples/",
  "test/bundlers",
  "test/own-module/src/",
  "ts/",
];

test("each link in it leads to a file in it, or into the repository, as long as that has no address", () => {
  const { repository } = JSON.parse(read("package.json").toString());
  const elsewhere = repository === undefined ? REPOSITORY : [];
  const pages = files.filter((file) => file.endsWith(".md"));
  expect(pages.length).toBeGreaterThan(10);
  for (const page of pages) {
    for (const link of linksOf(read(page).toString())) {
      const [path = ""] = link.split("#");
      const target = path === "" ? page : posix.join(posix.dirname(page), path);
      const leads = files.includes(target) || elsewhere.some((known) => target.startsWith(known));
      expect(leads, `${link} in ${page}`).toBe(true);
    }
  }
});

test("its pkg/ is the committed one, to the byte", () => {
  for (const file of filesIn(join(root, "pkg"))) {
    expect(read(`pkg/${file}`).equals(readFileSync(join(root, "pkg", file))), file).toBe(true);
  }
});

test("the .wasm is under 110 KiB, and under 48 KiB gzipped", () => {
  const wasm = read("pkg/guest_memory_bg.wasm");
  expect(WebAssembly.validate(wasm)).toBe(true);
  expect(wasm.length).toBeLessThan(110 * 1024);
  expect(gzipSync(wasm, { level: 9 }).length).toBeLessThan(48 * 1024);
});

const URL_OF_BINARY = 'new URL("../pkg/guest_memory_bg.wasm?no-inline", import.meta.url)';

test("the .wasm lies beside the code, not as text inside it", () => {
  const code = ENTRIES.filter((entry) => entry !== "inline").map((entry) => read(`dist/${entry}.js`).toString());
  const shared = SHARED.map((name) => read(`dist/${name}.js`).toString());
  expect(shared.join("\n")).toContain(URL_OF_BINARY);
  expect(code.concat(shared).join("\n")).not.toMatch(/data:application|base64,/);
});

describe("source maps", () => {
  const maps = () => files.filter((file) => file.endsWith(".map"));

  test("need nothing outside the tarball: what they name is inside, or its text is in the map", () => {
    expect(maps()).toEqual([...ENTRIES, ...SHARED].map((code) => `dist/${code}.js.map`).sort());
    for (const map of maps()) {
      const { sources, sourcesContent, sourceRoot = "" } = JSON.parse(read(map).toString()) as Record<string, string[]>;
      expect(sourceRoot).toBe("");
      expect(sources?.length).toBeGreaterThan(map === "dist/guest-memory.shared.js.map" ? 10 : 0);
      sources?.forEach((source, index) => {
        expect(isAbsolute(source) || /^\w+:/.test(source), source).toBe(false);
        const path = posix.join("dist", source); // from the package's root
        expect(path.startsWith("../"), source).toBe(false);
        if (!files.includes(path)) expect(sourcesContent?.[index], source).toBe(readFileSync(join(root, path), "utf8"));
      });
    }
  });

  test("are there for every file that names one", () => {
    for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
      const map = /^\/\/# sourceMappingURL=(.+)$/m.exec(read(file).toString())?.[1];
      if (map !== undefined) expect(files, file).toContain(posix.join(posix.dirname(file), map));
    }
  });
});

test("no file holds a path of the machine that packed it", () => {
  const anyMachine = /\/(?:home|Users)\/\w|[A-Z]:\\Users\\|\.cargo\/|\.rustup\//;
  for (const file of files) {
    const text = read(file).toString("latin1");
    for (const path of [root, homedir(), tmpdir()]) expect(text.includes(`${path}/`), `${path} in ${file}`).toBe(false);
    expect(anyMachine.exec(text)?.[0], file).toBeUndefined();
  }
});

test("installing it runs no script and brings no other package", () => {
  const manifest = JSON.parse(read("package.json").toString()) as Record<string, Record<string, string>>;
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies"])
    expect(manifest[field]).toBeUndefined();
  for (const script of ["preinstall", "install", "postinstall", "prepare"])
    expect(manifest.scripts).not.toHaveProperty(script);
  expect(readdirSync(join(consumer.folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
    "guest-memory",
  ]);
});
