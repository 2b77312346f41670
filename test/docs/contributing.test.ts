// CONTRIBUTING.md: each answer to "where is ...?" names a file that is there, and a name that this file defines.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const [, section = ""] = /^## Finding your way\n(.*?)^## /ms.exec(read("CONTRIBUTING.md")) ?? [];

/** The questions, each with its file and the names to look for. */
const rows = [...section.matchAll(/^\| (.+\?) +\| \[(.+?)\]\((.+?)\) +\| (.+?) +\|$/gm)].map(
  ([, question = "", label = "", file = "", names = ""]) => ({
    question,
    label,
    file,
    names: [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  }),
);

/** Whether a text defines a name: behind a keyword, or as a method at the start of a line. */
const defines = (text: string, name: string) =>
  new RegExp(`\\b(?:class|const|enum|fn|function|interface|static|struct|type) ${name}\\b`).test(text) ||
  new RegExp(`^ +${name}\\(.*\\{$`, "m").test(text);

describe("finding one's way", () => {
  test("every row of the table is a question, and there are many", () => {
    expect(rows.length).toBeGreaterThanOrEqual(10);
    expect(section.match(/^\| (?!-|question )/gm)).toHaveLength(rows.length);
    expect(new Set(rows.map(({ question }) => question)).size).toBe(rows.length);
  });

  test.each(rows)("$question", ({ label, file, names }) => {
    expect(label).toBe(file);
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !defines(read(file), name))).toEqual([]);
  });
});
