// examples/avr8js as a user sees it: in the terminal, and in a page of Chromium.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { withPage } from "../support/chromium.ts";
import { start, withExample } from "../support/example.ts";

const example = "--example=avr8js";
const NAMES = ["tour", "sort", "sieve"];
const expected = (name: string) =>
  readFileSync(new URL(`../../examples/avr8js/programs/${name}.txt`, import.meta.url), "utf8");

test("in the terminal it shows the map, what each program sends, the same state, and speeds, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start, example], { cwd: root, encoding: "utf8" });
  expect(shown).toMatch(/0000000000800000-00000000008040ff \(prio 0, ram\): data$/m);
  for (const name of NAMES) {
    expect(shown).toContain(expected(name).replaceAll(/^(?=.)/gm, "  | "));
    expect(shown).toMatch(new RegExp(`^  ${name} +[\\d.]+ +[\\d.]+ +\\d+ %$`, "m"));
  }
  expect(shown).toMatch(/^ {2}geometric mean +\d+ %$/m);
  expect(shown.match(/state of the machine: [0-9a-f]{16}, as in avr8js alone$/gm)).toHaveLength(3);
  expect(shown.match(/a watch saw \d+ ticks of its clock, all stored by the instruction at 0x54$/gm)).toHaveLength(3);
});

test("in a page each program shows what it sends", async () => {
  await withExample([example], (url) =>
    withPage(url, async (page, problems) => {
      await page.getByText("Ready.").waitFor();
      for (const name of NAMES) {
        await page.getByLabel("Program").selectOption(name);
        await page.getByRole("button", { name: "Run" }).click();
        await page.getByText(`${name} has ended, after`).waitFor();
        expect(await page.getByRole("log").textContent()).toBe(expected(name));
      }
      expect(await page.locator("#map").textContent()).toContain("(prio 0, ram): data");
      expect(problems.messages).toEqual([]);
    }),
  );
}, 120_000);
