// The check of the reference site's links sees each kind of link that leads nowhere, and no other.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenLinks } from "../../scripts/site-links.mjs";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "site-"));
  mkdirSync(join(folder, "deep", "empty"), { recursive: true });
  writeFileSync(join(folder, "style.css"), "");
  writeFileSync(join(folder, "a & b.html"), `<link rel="stylesheet" href="style.css"><a href="deep/#top">folder</a>`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const check = (html: string) => {
  writeFileSync(join(folder, "deep", "index.html"), html);
  return brokenLinks(folder);
};

test("links that lead to files, outside, and within their page", () => {
  const links = [
    "../a%20&amp;%20b.html#part",
    "../style.css?v=1",
    "../deep",
    "#top",
    "https://example.com",
    "mailto:a@b.c",
  ];
  expect(check(links.map((link) => `<a class="x" href="${link}">x</a>`).join("\n"))).toEqual([]);
  expect(check(`<script>const text = '<a href="gone.html">';</script><p>href="gone.html"</p>`)).toEqual([]);
});

test.each(["gone.html", "../gone/", "empty", "../../etc/passwd", "gone.html#top"])("%s leads nowhere", (link) => {
  const page = join("deep", "index.html");
  expect(check(`<a href="${link}">x</a>`)).toEqual([`${page}: ${link.replace("#top", "")}`]);
  expect(check(`<img src='${link}'>`)).toHaveLength(1);
});

test("a script that is not there", () => {
  expect(check(`<script defer src="main.js"></script>`)).toHaveLength(1);
});
