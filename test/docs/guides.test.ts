// docs/guides/: every block of code runs. docs.test.ts runs those fenced as `ts`; another block is a quotation from a file that
// its page links to, and that tests build or run.
import { join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { linksOf, pagesIn, textOf } from "./pages.ts";

const guides = pagesIn("docs/guides");

/** The fenced blocks of a page that are not examples of docs.test.ts. */
const quotesIn = (page: string) =>
  [...textOf(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, language]) => language !== "ts")
    .map(([, , code = ""]) => code);

/** Lines without their indentation, and without the marks of doc comments. */
const linesOf = (text: string) => text.replace(/^(?: |\/\/\/)+/gm, "").trim();

/** The code that a page links to. */
const sourcesOf = (page: string) =>
  linksOf(page)
    .map((link) => normalize(join(page, "..", link)).replaceAll("\\", "/"))
    .filter((path) => /\.(?:rs|ts)$/.test(path));

test("there is a guide for each of these", () => {
  const names = guides.map((page) => page.replace(/^docs\/guides\/|\.md$/g, ""));
  expect(names).toEqual(
    expect.arrayContaining(["devices", "frameworks", "from-arrays", "jit", "memory-map", "rust", "worker"]),
  );
  expect(guides.flatMap(quotesIn).length).toBeGreaterThan(2);
});

describe.each(guides.filter((page) => quotesIn(page).length > 0))("%s quotes", (page) => {
  test.each(quotesIn(page))("%s", (code) => {
    expect(sourcesOf(page).filter((path) => linesOf(textOf(path)).includes(linesOf(code)))).toHaveLength(1);
  });
});

test("a guide leads to another page", () => {
  for (const page of guides)
    expect(linksOf(page).filter((link) => /\.md(?:#|$)/.test(link)).length, page).toBeGreaterThan(0);
});
