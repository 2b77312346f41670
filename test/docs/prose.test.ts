// The prose of the Markdown pages and of the comments is plain English, as far as a machine can see: a sentence names its
// subject, and begins with it.
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
  { pattern: /(?<=^|[.:;(] )what (?!if\b)\w+\b[^?.\n]*(?:\.|$)/im, better: "name the subject" },
  { pattern: /\b(?:and|by|for|of|or|tell|tells|told|to) whom?\b/i, better: "name the subject" },
  { pattern: /(?<!\bthere )\b(?:is|are) none\b/i, better: "say what it is not: is not a buffer" },
  { pattern: /\b(?:that|those) of\b/i, better: "repeat the noun, or use a genitive" },
  { pattern: /(?<=^|[.:;] )of [^,.:]{3,60}, /im, better: "begin with the subject, not with Of" },
  { pattern: /\bno bytes\b/i, better: "an empty range" },
  { pattern: /\bof one's own\b/i, better: "the user's own" },
];

/** Prose without code, and each paragraph in one line. */
function withoutCode(text: string): string {
  return text
    .replace(/^ *```.*?^ *```$/gms, "")
    .replace(/^ {4}.*$/gm, "")
    .replace(/`[^`\n]*`/g, "X")
    .replace(/([^\n])\n(?=[^\n|#>@-])/g, "$1 ");
}

/** A comment of a whole line, or of the end of one; a line of code ends a paragraph. */
const COMMENT = /^\s*(?:\/\/[/!]?|\/\*\*|\*(?!\/))(?: |$)(.*?)(?: *\*\/)?$|^.* \/\/ (.*)$|^.*$/gm;

function commentsIn(source: string): string {
  return source.replace(
    COMMENT,
    (_line, whole, trailing) => whole ?? (trailing === undefined ? "" : `\n${trailing}\n`),
  );
}

function proseOf(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  return withoutCode(file.endsWith(".md") ? text : commentsIn(text));
}

const faultsIn = (prose: string) =>
  PATTERNS.flatMap(({ pattern, better }) => {
    const found = pattern.exec(prose);
    return found ? [`"${prose.slice(found.index, found.index + 60)}": ${better}`] : [];
  });

/** The files whose prose is read, as Git's patterns. */
const FILES = [
  "*.md",
  "ts/*.ts",
  "*.rs",
  "scripts/*.mjs",
  "bench/*.ts",
  "bench/*.mjs",
  "examples/*.ts",
  "examples/*.mjs",
];

const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", ...FILES], { cwd: root });
const files = list.toString().trim().split("\n");

test.each(files)("%s", (file) => {
  expect(proseOf(file).length).toBeGreaterThan(file.endsWith(".md") ? 500 : 20);
  expect(faultsIn(proseOf(file))).toEqual([]);
});

test("comments are prose, code is not", () => {
  const source = `/**
 * Sets the
 * length.
 *
 * @throws RangeError
 * \`\`\`ts
 * example();
 * \`\`\`
 */
const url = "https://who"; // ends here
// A line.
call();
/** One more. */
/// Rust's.
`;
  const lines = withoutCode(commentsIn(source))
    .split("\n")
    .filter((line) => line !== "");
  expect(lines.map((line) => line.trim())).toEqual([
    "Sets the length.",
    "@throws RangeError",
    "ends here",
    "A line.",
    "One more. Rust's.",
  ]);
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
    "Sets a page. What an alias shows",
    "The listener tells who wants to know.",
    "An external memory is none, or is too small.",
  ])("%s", (sentence) => {
    expect(faultsIn(sentence)).not.toEqual([]);
  });
});
