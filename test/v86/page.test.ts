// examples/v86 as a user sees it: in the terminal, and in a page of Chromium.
import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { withPage } from "../support/chromium.ts";
import { start, withExample } from "../support/example.ts";
import { HANG } from "../support/hang.ts";
import { expectShell } from "../support/page-shell.ts";

const example = "v86";

test("in the terminal it shows what passes between guest and host, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start, `--example=${example}`], {
    cwd: root,
    encoding: "utf8",
    timeout: HANG,
  });
  expect(shown).toMatch(/^ {2}guest# uname -a\n {2}Linux \(none\) \S+-686 /m);
  expect(shown).toMatch(/^ {2}guest# devmem 0xd0000004 32\n {2}0xDEADBEEF$/m);
  expect(shown).toMatch(/^ {2}guest# cat note\n {2}The answer is 43\.$/m);
});

/** Sends a line to the guest, and waits until its console shows a text. */
async function send(page: Page, line: string, answer: string): Promise<void> {
  await page.getByLabel("Command").fill(line);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("log").getByText(answer).waitFor();
}

test("in a page Linux boots, and guest and page see the same bytes", async () => {
  await withExample(example, (url) =>
    withPage(url, async (page, problems) => {
      await page.getByText("Linux runs.").waitFor();
      expect(Number(await page.locator("#growths").textContent())).toBeGreaterThan(0);
      await send(page, "devmem 0xd0000000 32 0x12345678; echo do''ne", "done");
      await page.getByText(/^0xd0000000 {2}78 56 34 12 00 .* xV4\.+\n0xd0000010 /).waitFor();

      await page.getByLabel("Address").fill("0xd0000008");
      await page.getByRole("button", { name: "Write" }).click();
      await send(page, "devmem 0xd0000008 32", "0xDEADBEEF");

      await send(page, "echo fou''nd in RAM > note; echo wri''tten", "written");
      await page.getByLabel("Text in memory").fill("found in RAM");
      await page.getByRole("button", { name: "Find" }).click();
      await page.getByText(/"found in RAM" is at 0x0[0-9a-f]{7}\./).waitFor();
      expect(await page.locator("#hex").textContent()).toContain("found in RAM");

      await page.getByLabel("Address").fill("0xc0000000");
      await page.getByText(/^0xc0000000 {2}-- -- /).waitFor();
      await page.getByRole("button", { name: "Write" }).click();
      await page.getByText(/^GuestMemoryError: /).waitFor();
      await expectShell(page);
      expect(problems.messages).toEqual([]);
    }),
  );
});
