// examples/trs80 as a user sees it: in the terminal, and in a page of Chromium.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { withBrowserPage } from "../support/browser-page.ts";
import { start, withExample } from "../support/example.ts";
import { examplePages, expectedOf } from "../support/example-pages.ts";

const EXAMPLE = "trs80";
const NAMES = ["tour", "sort", "sieve"];

test("in the terminal it shows the map, each program's screen, the same state, and speeds, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start, `--example=${EXAMPLE}`, "--little"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(shown).toMatch(/0000000000003c00-0000000000003fff \(prio 0, romd\): screen$/m);
  for (const name of NAMES) {
    expect(shown).toContain(expectedOf(EXAMPLE, name).replaceAll(/^(?=.)/gm, "  | "));
    expect(shown).toMatch(new RegExp(`^  ${name} +[\\d.]+ +[\\d.]+ +\\d+ %$`, "m"));
  }
  expect(shown.match(/state of the machine: [0-9a-f]{16}, as in trs80-emulator alone$/gm)).toHaveLength(3);
  expect(shown.match(/a watch saw stores into the screen's first line/g)).toHaveLength(3);
});

test("in a page each program shows its screen", () =>
  withExample(EXAMPLE, (url) => withBrowserPage("chromium", url, examplePages[EXAMPLE])));
