// The project's Markdown pages, and the links in them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { linksOf as linksIn } from "../support/markdown.ts";

/** The Markdown pages under a folder, or of the whole project, as paths from its root. */
export function pagesIn(folder = ""): string[] {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
  const pages = execFileSync("git", list, { cwd: root, encoding: "utf8" }).trim().split("\n");
  return pages.filter((page) => folder === "" || page.startsWith(`${folder}/`));
}

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** The links of a page that are relative: to a file, or to a heading. */
export const linksOf = (page: string): string[] => linksIn(textOf(page));
