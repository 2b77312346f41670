// Every Markdown page of the project: a link to a file leads somewhere, and one to a heading of a page to a heading.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { linksOf, pagesIn, textOf } from "./pages.ts";

const pages = pagesIn();

/** The names by which the headings of a page are linked. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );

test("there are pages, and links in them", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/architecture.md"]));
  expect(pages.flatMap(linksOf).length).toBeGreaterThan(50);
});

test.each(pages)("%s", (page) => {
  const broken = linksOf(page).filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test("every page of docs/ is linked from README.md, or from a page that is", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    const targets = linksOf(page).map((link) => join(dirname(page), link.replace(/#.*/, "")).replaceAll("\\", "/"));
    for (const target of targets) if (pages.includes(target)) reached.add(target);
  }
  expect(pagesIn("docs").filter((page) => !reached.has(page))).toEqual([]);
});
