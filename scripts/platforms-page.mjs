// Makes docs/platforms.md: runs the tests of the runtimes, the browsers and the bundlers, and writes down their results.
// Usage: node scripts/platforms-page.mjs [--again]        (after `npm run setup -- test rest`; it takes some minutes)
// With --again no test runs: the page is made anew of the last run's results.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundlers } from "../test/bundlers/bundlers.mjs";
import { without } from "../test/runtimes/suite/features.js";
import { names } from "../test/runtimes/suite/index.js";
import { run } from "./process.mjs";
import { binary, root } from "./toolchain.mjs";

/** @typedef {{ version?: string, missing?: string[] }} Meta what a test notes (test/runtimes/lacks.ts) */
/** @typedef {{ ancestorTitles: string[], title: string, status: string, meta: Meta, failureMessages?: string[] }} Test */

/** The runtimes and the browsers, as test/ names them, and as a reader knows them. */
export const titles = {
  "this node": "Node.js",
  node: "Node.js",
  deno: "Deno",
  bun: "Bun",
  chromium: "Chromium",
  firefox: "Firefox",
  webkitgtk: "WebKitGTK",
};

/** @typedef {keyof typeof titles} EngineName */

/** The files with the tests that the page tells about, each in its project. */
const files = {
  engines: ["slow", "test/runtimes/engines.test.ts"],
  browsers: ["browsers", "test/browsers/browsers.test.ts"],
  bundlers: ["bundlers", "test/bundlers/bundlers.test.ts"],
  next: ["next", "test/next/next.test.ts"],
  places: ["bundlers", "test/bundlers/places.test.ts"],
  compilers: ["bundlers", "test/bundlers/compilers.test.ts"],
};

/** The version of each bundler, as test/bundlers/package.json pins it. @param {string} name */
export function bundlerVersion(name) {
  const { dependencies } = JSON.parse(readFileSync(join(root, "test", "bundlers", "package.json"), "utf8"));
  const packages = { rspack: "@rspack/core", parcel: "@parcel/core" };
  return dependencies[packages[/** @type {"parcel"} */ (name)] ?? name].replace(/^npm:.+@/, "");
}

/** The version of Next.js, as test/next/package.json pins it. */
export function nextVersion() {
  return JSON.parse(readFileSync(join(root, "test", "next", "package.json"), "utf8")).dependencies.next;
}

const outputFile = join(root, ".cache", "platforms.json");

/** Runs the tests. */
function runTests() {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const projects = [...new Set(Object.values(files).map(([project]) => `--project=${project}`))];
  const paths = Object.values(files).map(([, path = ""]) => path);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${outputFile}`];
  const args = [binary("vitest/vitest.mjs"), "run", ...projects, ...reporters, ...paths];
  run(process.execPath, args, { cwd: root, env: { ...process.env, CI: "true" } }); // a missing engine is an error
}

/** Reads the results of the last run. @returns {Map<string, Test[]>} by the keys of `files` */
function results() {
  /** @type {{ testResults: { name: string, assertionResults: Test[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(outputFile, "utf8"));
  const entries = Object.entries(files).map(([key, [, path = ""]]) => {
    const found = testResults.find(({ name }) => name.endsWith(path))?.assertionResults ?? [];
    if (found.length === 0) throw new Error(`nothing ran in ${path}`);
    return /** @type {const} */ ([key, found]);
  });
  return new Map(entries);
}

/** A table of Markdown, with each column as wide as its longest cell. @param {string[][]} rows the first is the head */
function table(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return lines.join("\n");
}

const works = (/** @type {Test | undefined} */ test) =>
  test === undefined ? "" : test.status === "passed" ? "works" : "fails";
const capital = (/** @type {string} */ text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * A column for each engine, a row for each test that is there for engines, and a row for each feature.
 * @param {Test[]} tests whose outer title is an engine's name, maybe with its version
 */
function enginesTable(tests) {
  const engines = [...new Set(tests.flatMap(({ ancestorTitles: [title] }) => title ?? []))];
  /** @param {string} engine @param {string} title */
  const find = (engine, title) => tests.find((test) => test.ancestorTitles[0] === engine && test.title === title);
  const heads = engines.map((engine) => {
    const [, name = engine, own = ""] = /^'(.+)' '([\d.]+)'$/.exec(engine) ?? []; // Vitest puts them in quotes
    const version = tests.find((test) => test.ancestorTitles[0] === engine && test.meta.version)?.meta.version;
    return `${titles[/** @type {EngineName} */ (name)]} ${version ?? own}`;
  });
  const features = "has each feature, but for those of lacks.ts";
  const rows = [...new Set(tests.filter(({ ancestorTitles }) => ancestorTitles.length > 0).map(({ title }) => title))]
    .filter((title) => title !== features)
    .map((title) => [capital(title), ...engines.map((engine) => works(find(engine, title)))]);
  const has = Object.keys(without).map((feature) => [
    capital(feature),
    ...engines.map((engine) => (find(engine, features)?.meta.missing?.includes(feature) ? "missing" : "there")),
  ]);
  return table([["", ...heads], ...rows, ...has]);
}

/** @param {Test[]} tests of test/bundlers/bundlers.test.ts */
function bundlersTable(tests) {
  const rows = Object.entries(bundlers).map(([name, { binary: way }]) => [
    name.replace(/\d+$/, ""),
    bundlerVersion(name),
    way === "file" ? "a file beside the code" : "`guest-memory/inline`",
    ...["builds", "serves the page", "serves a package of a monorepo"].map((what) =>
      works(tests.find(({ title }) => title.startsWith(`${name} ${what}`))),
    ),
  ]);
  const head = [
    "bundler",
    "version",
    "the binary is",
    "build",
    "development",
    "development, in a monorepo by the plugin",
  ];
  return table([head, ...rows]);
}

/** @param {Test[]} tests */
const testsTable = (tests) => table([["", ""], ...tests.map((test) => [capital(test.title), works(test)])]);

/** @param {Map<string, Test[]>} found */
function page(found) {
  const tests = (/** @type {keyof typeof files} */ key) => found.get(key) ?? [];
  return `# What runs where

These are results of tests on Linux. \`node scripts/platforms-page.mjs\` runs them and writes this page; another test compares
its engines, versions and rows with the lists of the code. The suite has ${names.length} checks of the whole public interface. It
and the features are in \`test/runtimes/suite\`.

## JavaScript runtimes

${enginesTable(tests("engines"))}

## Browsers

The pages are cross-origin isolated when they are asked for their features.

${enginesTable(tests("browsers"))}

## What does not work without a feature

${Object.entries(without)
  .map(([feature, loss]) => `- **${capital(feature)}:** ${loss}`)
  .join("\n")}

## Bundlers

Each builds a page with the packed package and no settings, and the page passes the suite in Chromium. An empty cell: that
is not tried. In a monorepo, Vite 5 to 7 need the plugin of \`guest-memory/vite\` in development.

${bundlersTable(tests("bundlers"))}

## Next.js

Version ${nextVersion()} on its own bundler, Turbopack, with the setting \`serverExternalPackages: ["guest-memory"]\` for the server's side:

${testsTable(tests("next"))}

## Where a bundled program runs

${testsTable(tests("places"))}

## TypeScript

${testsTable(tests("compilers"))}
`;
}

if (import.meta.filename === process.argv[1]) {
  if (!process.argv.includes("--again")) runTests();
  writeFileSync(join(root, "docs", "platforms.md"), page(results()));
}
