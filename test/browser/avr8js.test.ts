// examples/avr8js as a user sees it: in the terminal, and in a page of Chromium.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { withBrowserPage } from "../support/browser-page.ts";
import { start, withExample } from "../support/example.ts";
import { examplePages, expectedOf } from "../support/example-pages.ts";

const EXAMPLE = "avr8js";
const NAMES = ["tour", "sort", "sieve"];

test("in the terminal it shows the map, what each program sends, the same state, and speeds, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start, `--example=${EXAMPLE}`, "--little"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(shown).toMatch(/0000000000800000-00000000008040ff \(prio 0, ram\): data$/m);
  for (const name of NAMES) {
    expect(shown).toContain(expectedOf(EXAMPLE, name).replaceAll(/^(?=.)/gm, "  | "));
    expect(shown).toMatch(new RegExp(`^  ${name} +[\\d.]+ +[\\d.]+ +\\d+ %$`, "m"));
  }
  expect(shown).toMatch(/^ {2}geometric mean +\d+ %$/m);
  expect(shown.match(/state of the machine: [0-9a-f]{16}, as in avr8js alone$/gm)).toHaveLength(3);
  expect(shown.match(/a watch saw \d+ ticks of its clock, all stored by the instruction at 0x54$/gm)).toHaveLength(3);
});

test("in a page each program shows what it sends", () =>
  withExample(EXAMPLE, (url) => withBrowserPage("chromium", url, examplePages[EXAMPLE])));
