// docs/platforms.md, which scripts/platforms-page.mjs writes: it has the engines, versions and rows of the code's lists.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { browserNames } from "../../scripts/engines.mjs";
import { bundlerVersion, nextVersion, titles } from "../../scripts/platforms-page.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { bundlers } from "../bundlers/bundlers.mjs";
import { lacks } from "../runtimes/lacks.ts";
import { without } from "../runtimes/suite/features.js";
import { names } from "../runtimes/suite/index.js";
import { examplePages } from "../support/example-pages.ts";

const text = readFileSync(join(root, "docs", "platforms.md"), "utf8");

/** The first table below a heading: its rows of cells, without the line below the head. */
function tableOf(heading: string): string[][] {
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  const lines = section.split("\n## ")[0]?.match(/^\|.*\|$/gm) ?? [];
  const rows = lines.map((line) => line.slice(1, -1).split("|"));
  return rows.map((row) => row.map((cell) => cell.trim())).filter((row) => !/^-+$/.test(row.at(-1) ?? ""));
}

/** The cells of a table for its features, by the row's name. */
const featuresIn = (rows: string[][]) =>
  Object.fromEntries(
    rows.filter((row) => /^(there|missing)$/.test(row[1] ?? "")).map(([name = "", ...cells]) => [name, cells]),
  );

/** What the table should say of the features, for some engines. */
const featuresOf = (engines: readonly string[]) =>
  Object.fromEntries(
    Object.keys(without).map((feature) => [
      feature.charAt(0).toUpperCase() + feature.slice(1),
      engines.map((engine) => (lacks[engine]?.includes(feature) ? "missing" : "there")),
    ]),
  );

test("the runtimes are those of the tests, in the versions that are pinned", () => {
  const [head = [], ...rows] = tableOf("JavaScript runtimes");
  const { dependencies } = JSON.parse(readFileSync(join(root, "test/support/engines/package.json"), "utf8"));
  const pinned = (["node", "deno", "bun"] as const).map((name) => `${titles[name]} ${dependencies[name]}`);
  expect(head.slice(2)).toEqual(pinned);
  expect(head[1]).toMatch(/^Node\.js \d+\.\d+\.\d+$/);
  expect(featuresIn(rows)).toEqual(featuresOf(["this node", "node", "deno", "bun"]));
  const [first] = rows;
  expect(first).toEqual(["Imports the package and passes the suite", "works", "works", "works", "works"]);
});

test("the browsers are those of the tests, each with its version, and each example's page has a row", () => {
  const [head = [], ...rows] = tableOf("Browsers");
  expect(head.slice(1).map((cell) => cell.replace(/ \d[\d.]*\d$/, ""))).toEqual(
    browserNames.map((name) => titles[name]),
  );
  expect(head.slice(1).filter((cell) => !/ \d[\d.]*\d$/.test(cell))).toEqual([]);
  expect(featuresIn(rows)).toEqual(featuresOf(browserNames));
  const pages = rows.map(([name = ""]) => /^Runs the page of examples\/(.+)$/.exec(name)?.[1]);
  expect(pages.filter((name) => name !== undefined)).toEqual(Object.keys(examplePages));
});

test("the bundlers are those of the tests, in the versions that are pinned", () => {
  const [, ...rows] = tableOf("Bundlers");
  expect(rows.map(([name, version]) => [name, version])).toEqual(
    Object.keys(bundlers).map((name) => [name.replace(/\d+$/, ""), bundlerVersion(name)]),
  );
});

test("the reason stands with each feature, the suite has as many checks as it says, and nothing fails", () => {
  for (const reason of Object.values(without)) expect(text).toContain(reason);
  expect(text).toContain(`The suite has ${names.length} checks`);
  expect(text).not.toContain("fails");
});

test("Next.js is there, in the version that is pinned, and works", () => {
  expect(text).toContain(`\n## Next.js\n\nVersion ${nextVersion()} on its own bundler`);
  expect(text).toMatch(/\| A build has one binary, and client and server make a memory +\| works \|/);
});
