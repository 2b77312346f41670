// The examples' pages as one site: the index, and what all pages have in common. test/v86 has the page that needs a Linux.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { withPage } from "../support/chromium.ts";
import { withExample } from "../support/example.ts";
import { expectNoOverflow, expectShell } from "../support/page-shell.ts";

const folder = join(root, "examples");
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, "index.html")));

test("`npm start -- --web` opens the index, which links every example with a line about it", async () => {
  await withExample(undefined, (url) =>
    withPage(url, async (page, problems) => {
      expect(new URL(url).pathname).toBe("/");
      const links = await page.getByRole("main").getByRole("link").all();
      const targets = await Promise.all(links.map((link) => link.getAttribute("href")));
      expect(targets.toSorted()).toEqual(examples.map((name) => `${name}/`).toSorted());
      for (const section of await page.locator("section").all()) {
        expect(await section.getByRole("link").count()).toBe(1);
        expect(await section.locator("p").textContent()).toMatch(/\w+ \w+[\s\S]*\./);
      }
      await expectShell(page);
      expect((await fetch(`${url}nothing/`)).status).toBe(404);
      expect(problems.messages).toEqual([]);
    }),
  );
});

test("each page is led to and leads back, fits a phone, has names, and is of use without a mouse", async () => {
  await withExample(undefined, (url) =>
    withPage(url, async (page, problems) => {
      const here = examples.filter((name) => name !== "v86");
      expect(here).toContain("rp2040");
      for (const name of here) {
        await page.getByRole("link", { name, exact: true }).click();
        // The machine has shown something without being asked.
        await page.waitForFunction(() => /\S/.test(document.querySelector("[role=log]")?.textContent ?? ""));
        expect(new URL(page.url()).pathname).toBe(`/${name}/`);
        await expectShell(page);
        await page.getByRole("link", { name: "All examples" }).click();
        await page.getByRole("heading", { name: "GuestMemory examples" }).waitFor();
      }
      expect(problems.messages).toEqual([]);
    }),
  );
});

test("a page whose build fails says why, and leads back", async () => {
  const withoutCargo = { ...process.env, PATH: "" };
  await withExample(
    undefined,
    (url) =>
      withPage(`${url}rust-device/`, async (page) => {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("heading", { name: "rust-device is not built" }).waitFor();
        expect(await page.locator("pre").textContent()).toMatch(/cargo|wasm-bindgen/);
        await expectNoOverflow(page);
        await page.getByRole("link", { name: "All examples" }).click();
        await page.getByRole("heading", { name: "GuestMemory examples" }).waitFor();
      }),
    withoutCargo,
  );
});
