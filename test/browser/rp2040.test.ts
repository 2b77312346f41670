// `npm start`, as a user sees it: the example in the terminal, and in a page of Chromium.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { PROGRAMS, type Program } from "../../examples/rp2040/firmware.ts";
import { root } from "../../scripts/toolchain.mjs";
import { byPlaywright } from "../support/browser-page.ts";
import { type PageProblems, withPage } from "../support/chromium.ts";
import { start, withExample } from "../support/example.ts";
import { expectedOf, runInRp2040 } from "../support/example-pages.ts";
import { PAGE_HANG } from "../support/hang.ts";

const expected = (program: Program) => expectedOf("rp2040", program);

test("in the terminal it shows the memory map, the programs' output, pages written and speed, and ends with 0", () => {
  const shown = execFileSync(process.execPath, [start], { cwd: root, encoding: "utf8" });
  expect(shown).toContain("0000000020000000-0000000020041fff (prio 0, ram): SRAM\n");
  expect(shown).toContain("0000000040034000-0000000040037fff (prio 0, i/o): UART0\n");
  expect(shown.match(/state of the machine: [0-9a-f]{16}, as in rp2040js alone\n/g)).toHaveLength(3);
  for (const program of PROGRAMS) {
    const lines = expected(program).trimEnd().split("\n");
    expect(shown).toContain(lines.map((line) => `  | ${line}\n`).join(""));
    expect(shown).toMatch(new RegExp(`^  ${program} +\\d+\\.\\d +\\d+\\.\\d +\\d+ %$`, "m"));
  }
  expect(shown).toMatch(/1,427,513 instructions; 64 pages written: 0x20000000-0x2003dfff, 0x20040000-0x20041fff/);
  expect(shown).toMatch(/^ {2}geometric mean +\d+ %$/m);
});

const runInPage = (page: Page, problems: PageProblems, program: Program) =>
  runInRp2040(byPlaywright(page, problems), program);

test("in a page each program prints what is expected, and the map shows the pages that it writes", async () => {
  await withExample("rp2040", (url) =>
    withPage(url, async (page, problems) => {
      for (const program of PROGRAMS) {
        expect(await runInPage(page, problems, program)).toBe(expected(program));
        expect(Number((await page.locator("#speed").textContent()) ?? "")).toBeGreaterThan(0);
      }
      // What the terminal says of the interpreter: 3 pages, all in SRAM.
      expect(await page.locator("#written").textContent()).toBe("3");
      expect(await page.locator("#instructions").textContent()).toBe("56,356,809");
      await page.getByRole("img", { name: "3 of 66 pages written" }).waitFor();
      await page.getByRole("img", { name: "0 of 4096 pages written" }).waitFor();
      const settled = { "not written": 63, "written by the program": 3 };
      await expect.poll(() => coloursOfSram(page), { timeout: PAGE_HANG }).toEqual(settled);
      expect(problems.messages).toEqual([]);
    }),
  );
});

/** How many pages of the map of SRAM have which colour of the legend; a colour that still fades is none of it. */
function coloursOfSram(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const legend = new Map<string, string>();
    for (const item of document.querySelectorAll("#legend li")) {
      legend.set(getComputedStyle(item.firstElementChild as Element).backgroundColor, item.textContent ?? "");
    }
    const canvas = document.querySelectorAll("canvas")[2];
    const [columns, pages] = [22, 66];
    const cell = canvas.width / columns;
    const counts: Record<string, number> = {};
    for (let index = 0; index < pages; index++) {
      const [x, y] = [(index % columns) * cell + 2, Math.floor(index / columns) * cell + 2];
      const [red, green, blue] = canvas.getContext("2d")?.getImageData(x, y, 1, 1).data ?? [];
      const name = legend.get(`rgb(${red}, ${green}, ${blue})`) ?? `rgb(${red}, ${green}, ${blue})`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  });
}

test("in a page a program can be slowed down, and stopped", async () => {
  await withExample("rp2040", (url) =>
    withPage(url, async (page, problems) => {
      await page.getByLabel("Instructions a second").selectOption("1000000");
      await page.getByLabel("Rounds").fill("1000");
      await page.getByRole("button", { name: "Run" }).click();
      await page.waitForFunction(() => document.querySelector("#console")?.textContent?.includes("round 2\n"));
      const speed = Number(await page.locator("#speed").textContent());
      expect(speed).toBeGreaterThan(0);
      expect(speed).toBeLessThan(1.1);
      await page.getByRole("button", { name: "Stop" }).click();
      const instructions = await page.locator("#instructions").textContent();
      expect(await page.locator("#state").textContent()).toBe("stopped");
      await page.waitForTimeout(300);
      expect(await page.locator("#instructions").textContent()).toBe(instructions);
      expect(problems.messages).toEqual([]);
    }),
  );
});

test("--help names the examples, and so does a wrong name", () => {
  const help = execFileSync(process.execPath, [start, "--help"], { cwd: root, encoding: "utf8" });
  expect(help).toContain("avr8js, readme, rp2040, rust-device, trs80, v86");
  for (const args of [["--example=nope"], ["--web", "nope"]]) {
    const wrong = spawnSync(process.execPath, [start, ...args], { cwd: root, encoding: "utf8" });
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('there is no example "nope", but avr8js, readme, rp2040, rust-device, trs80, v86');
  }
});

test("in a page a region is clicked, its bytes are shown, and a watchpoint lists the accesses that it sees", async () => {
  await withExample("rp2040", (url) =>
    withPage(url, async (page, problems) => {
      await runInPage(page, problems, "sort");
      await page.getByRole("button", { name: /^boot ROM 0x00000000, 16 KiB, rom/ }).click();
      // The boot ROM's first two words: the stack's top, and the address of its code with the Thumb bit.
      const firstRow = page.locator("#bytes tr").first();
      const rom = [...readFileSync(join(root, "examples", "rp2040", "firmware", "boot-rom.bin")).subarray(0, 16)];
      const bytes = rom.map((byte) => byte.toString(16).padStart(2, "0"));
      await expectCells(page, bytes);
      await page.getByRole("button", { name: /^flash, not cached 0x12000000, 16 MiB, alias of flash/ }).click();
      await firstRow.getByText("0x12000000").waitFor();
      await page.getByRole("button", { name: /^UART0 0x40034000, 16 KiB, mmio/ }).click();
      await expectCells(page, Array(16).fill("··"));

      await firstRow.locator("td").first().click();
      await page.getByRole("button", { name: "Watch", exact: true }).click();
      const watches = page.getByRole("list", { name: "Watchpoints" });
      expect(await watches.textContent()).toContain("0x40034000, 4 bytes, writes");
      // It stays set for the next run, and sees each character that the program prints.
      expect(await runInPage(page, problems, "sort")).toBe(expected("sort"));
      expect(await watches.getByRole("status").textContent()).toBe(String(expected("sort").length));
      const events = page.getByRole("list", { name: "Accesses seen" }).getByRole("listitem");
      expect(await events.first().textContent()).toMatch(/^write of \d at 0x40034000: 0x0*0a$/); // the last newline

      await watches.getByRole("button", { name: "End" }).click();
      await runInPage(page, problems, "tour");
      expect(await events.count()).toBe(0);

      // A refused address or a missing kind of access ends with the next change, and the form works again.
      const watch = page.getByRole("button", { name: "Watch", exact: true });
      const address = page.getByRole("textbox", { name: "Address" });
      await address.fill("nowhere");
      await watch.click();
      expect(await watches.textContent()).toBe("");
      await address.fill("0x20000010");
      await page.getByRole("checkbox", { name: "Writes" }).uncheck();
      await watch.click();
      expect(await watches.textContent()).toBe("");
      await page.getByRole("checkbox", { name: "Reads" }).check();
      await watch.click();
      expect(await watches.textContent()).toContain("0x20000010, 4 bytes, reads");
      expect(problems.messages).toEqual([]);
    }),
  );
});

test("in a page the bytes of SRAM are shown first, the buttons turn the page, and the keyboard leads to each byte", async () => {
  await withExample("rp2040", (url) =>
    withPage(url, async (page, problems) => {
      const row = page.locator("#bytes tr").first();
      const heads = row.getByRole("rowheader");
      await row.getByText("0x20000000").waitFor();
      await page.getByRole("button", { name: "Next", exact: true }).click();
      await row.getByText("0x20000100").waitFor();
      await page.getByRole("button", { name: "Back", exact: true }).click();
      await row.getByText("0x20000000").waitFor();
      await page.getByRole("button", { name: "Back", exact: true }).click(); // the region's beginning: nothing moves
      expect(await heads.textContent()).toBe("0x20000000");

      await page.getByRole("button", { name: "Next", exact: true }).focus();
      // The second ArrowUp does nothing: no byte lies above.
      for (const key of [
        "Tab",
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
        "ArrowDown",
        "ArrowUp",
        "ArrowUp",
        "ArrowDown",
      ]) {
        await page.keyboard.press(key);
      }
      await page.keyboard.press("Enter");
      expect(await page.getByRole("textbox", { name: "Address" }).inputValue()).toBe("0x20000011");
      expect(problems.messages).toEqual([]);
    }),
  );
});

async function expectCells(page: Page, cells: string[]): Promise<void> {
  const shown = () => page.locator("#bytes tr").first().locator("td").allTextContents();
  await expect.poll(shown, { timeout: PAGE_HANG }).toEqual(cells);
}
