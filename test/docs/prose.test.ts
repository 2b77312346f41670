// The Markdown pages are plain English, as far as a machine can see: a sentence names its subject, and begins with it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

/** What is said in other words, and how. */
const PATTERNS: { pattern: RegExp; better: string }[] = [
  { pattern: /\bwhoever\b/i, better: "name the subject: the caller, the writer" },
  { pattern: /\b(?:some|any|every|no)body\b/i, better: "name the subject: the caller, another owner, no other holder" },
  { pattern: /(?<=^|[.:;(] )who (?!accesses)\w+/im, better: "name the subject: the caller, code that ..." },
  { pattern: /(?<=^|[.:;(] )what (?:is|was|are|has|lies|comes)\b[^?.\n]*\./im, better: "name the subject" },
  { pattern: /\b(?:that|those) of\b/i, better: "repeat the noun, or use a genitive" },
  { pattern: /(?<=^|[.:;] )of [^,.:]{3,60}, /im, better: "begin with the subject, not with Of" },
  { pattern: /\bno bytes\b/i, better: "an empty range" },
  { pattern: /\bof one's own\b/i, better: "the user's own" },
];

/** The prose of a page: without code, and each paragraph in one line. */
function proseOf(page: string): string {
  const text = readFileSync(join(root, page), "utf8").replace(/^ *```.*?^ *```$/gms, "");
  return text
    .replace(/^ {4}.*$/gm, "")
    .replace(/`[^`\n]*`/g, "X")
    .replace(/([^\n])\n(?=[^\n|#>-])/g, "$1 ");
}

const faultsIn = (prose: string) =>
  PATTERNS.flatMap(({ pattern, better }) => {
    const found = pattern.exec(prose);
    return found ? [`"${prose.slice(found.index, found.index + 60)}": ${better}`] : [];
  });

const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root });
const pages = list.toString().trim().split("\n");

test.each(pages)("%s", (page) => {
  expect(proseOf(page).length).toBeGreaterThan(500);
  expect(faultsIn(proseOf(page))).toEqual([]);
});

describe("is seen", () => {
  test.each([
    "Of the host pages that have nothing else, those whose blocks are gone are given back.",
    "Its owner is told. Of a copy of 4 KiB, a third is ours.",
    "No bytes are, anywhere.",
    "Rust makes no callback: who makes an access asks first.",
    "Whoever holds it sees the same bytes.",
    "Growth that nobody announces.",
    "The tests are those of threads.",
    "What is absent has no entry.",
  ])("%s", (sentence) => {
    expect(faultsIn(sentence)).not.toEqual([]);
  });
});
