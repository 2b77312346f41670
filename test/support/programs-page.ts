// The examples with examples/common/programs-page.ts, as a user sees them.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { withPage } from "./chromium.ts";
import { withExample } from "./example.ts";

/** What a program of an example should show. */
export function expectedOf(example: string, program: string): string {
  return readFileSync(new URL(`../../examples/${example}/programs/${program}.txt`, import.meta.url), "utf8");
}

/** Opens an example's page, and expects each program to show its text, and the map to have a line with `region`. */
export async function expectPrograms(example: string, programs: readonly string[], region: string): Promise<void> {
  await withExample(example, (url) =>
    withPage(url, async (page, problems) => {
      // There is something to see before the reader does anything: the first program runs by itself.
      await page.getByText(`${programs[0]} has ended, after`).waitFor();
      expect(await page.getByRole("log").textContent()).toBe(expectedOf(example, programs[0]));
      for (const program of programs) {
        await page.getByLabel("Program").selectOption(program);
        await page.getByRole("button", { name: "Run" }).click();
        await page.getByText(`${program} has ended, after`).waitFor();
        expect(await page.getByRole("log").textContent()).toBe(expectedOf(example, program));
      }
      expect(await page.locator("#map").textContent()).toContain(region);
      expect(problems.messages).toEqual([]);
    }),
  );
}
