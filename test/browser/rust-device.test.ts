// examples/rust-device as a user sees it: in the terminal, and in a page of Chromium.
import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { ATTACKS } from "../../examples/rust-device/attacks.ts";
import { root } from "../../scripts/toolchain.mjs";
import { withPage } from "../support/chromium.ts";
import { start, withExample } from "../support/example.ts";

const example = "rust-device";

test("in the terminal it shows both devices and what each attack comes to, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start, `--example=${example}`], { cwd: root, encoding: "utf8" });
  expect(shown).toMatch(/^ {2}160 random bytes: [0-9a-f]{48}\.\.\.$/m);
  expect(shown).toContain("  console | The guest says hello.\n");
  for (const { name, answer } of ATTACKS)
    expect(shown).toMatch(new RegExp(`^  ${literally(name)} +${answer} +0$`, "m"));
});

const literally = (text: string) => text.replaceAll(/[\^+.]/g, "\\$&");

/** The rows of a table, a text for each. */
const rows = async (page: Page, selector: string) => page.locator(`${selector} tr`).allInnerTexts();

test("in a page the entropy device fills and the console drains what the driver posts", async () => {
  await withExample(example, (url) =>
    withPage(url, async (page, problems) => {
      await page.getByText("Ready.").waitFor();
      await page.getByLabel("Bytes").first().fill("100");
      await page.getByRole("button", { name: "Get random bytes" }).click();
      const bytes = (await page.locator("#random").textContent()) ?? "";
      expect(bytes).toMatch(/^([0-9a-f]{2}\s?){100}$/);
      expect(new Set(bytes.split(/\s/)).size).toBeGreaterThan(50);
      await page.getByRole("button", { name: "Get random bytes" }).click();
      expect(await page.locator("#random").textContent()).not.toBe(bytes);
      // The first chain is of 160 bytes in 3 buffers, and the descriptors after it of 100 bytes in 2.
      expect(await page.locator("#entropy-queue p").textContent()).toMatch(/available .* index 3; used .* index 3$/);
      expect(await rows(page, "#entropy-queue")).toContainEqual(expect.stringMatching(/0x8040\s+36\s+device writes$/));

      await page.getByLabel("Text").fill("Twelve € and\tone tab");
      await page.getByRole("button", { name: "Print" }).click();
      expect(await page.getByRole("log").textContent()).toBe("The guest says hello.\nTwelve € and\tone tab\n");
      expect(await rows(page, "#console-queue")).toContainEqual(expect.stringMatching(/0x8000\s+23\s+device reads$/));
      expect(problems.messages).toEqual([]);
    }),
  );
});

test("in a page each attack gets its answer, and changes nothing", async () => {
  await withExample(example, (url) =>
    withPage(url, async (page, problems) => {
      await page.getByText("Ready.").waitFor();
      for (const device of ["console", "entropy"]) {
        await page.getByRole("combobox", { name: "Device" }).selectOption(device);
        await page.locator("#results").evaluate((results) => results.replaceChildren());
        await page.getByRole("button", { name: "Attack" }).click();
        const expected = ATTACKS.map(({ name, answer }) => `${name}\t${answer}\t0`);
        expect(await rows(page, "#results")).toEqual(expected);
      }
      expect(problems.messages).toEqual([]);
    }),
  );
});
