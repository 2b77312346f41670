// What a user sees in the examples' pages, in any browser.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { ATTACKS } from "../../examples/rust-device/attacks.ts";
import { type BrowserPage, textOf, until } from "./browser-page.ts";

/** What a program of an example should show. */
export function expectedOf(example: string, program: string): string {
  const folder = example === "rp2040" ? "firmware" : "programs";
  return readFileSync(new URL(`../../examples/${example}/${folder}/${program}.txt`, import.meta.url), "utf8");
}

/** A page with examples/common/programs-page.ts: each program shows what it should, and the map has a line with `region`. */
async function expectPrograms(page: BrowserPage, example: string, region: string): Promise<void> {
  // There is something to see before the reader does anything: the first program runs by itself.
  await until(page, "#state", /^tour has ended, after/);
  expect(await textOf(page, "[role=log]")).toBe(expectedOf(example, "tour"));
  for (const program of ["tour", "sort", "sieve"]) {
    await page.choose("Program", program);
    await page.press("Run");
    await until(page, "#state", new RegExp(`^${program} has ended, after`));
    expect(await textOf(page, "[role=log]")).toBe(expectedOf(example, program));
  }
  expect(await textOf(page, "#map")).toContain(region);
}

/** Runs a program of the page of examples/rp2040 to its end, and gives what it prints. */
export async function runInRp2040(page: BrowserPage, program: string): Promise<string> {
  await page.choose("Program", program);
  await page.fill("Rounds", "1");
  await page.press("Run");
  expect(await until(page, "#state", /^(done|failed.*)$/)).toBe("done");
  return textOf(page, "#console");
}

async function expectDevices(page: BrowserPage): Promise<void> {
  await until(page, "#state", /^Ready\.$/);
  await page.fill("Bytes", "100");
  await page.press("Get random bytes");
  await until(page, "#random", /^([0-9a-f]{2}\s?){100}$/);
  await page.fill("Text", "Twelve € and a half");
  await page.press("Print");
  await until(page, "[role=log]", /^The guest says hello\.\nTwelve € and a half\n$/);
  await page.choose("Device", "console");
  await page.press("Attack");
  expect(await textOf(page, "#state")).toBe("Ready.");
  expect(await page.texts("#results td")).toEqual(ATTACKS.flatMap(({ name, answer }) => [name, answer, "0"]));
}

/** Each example's page: does what its user would do first, and fails unless the page shows what it should. */
export const examplePages: Readonly<Record<string, (page: BrowserPage) => Promise<void>>> = {
  readme: async (page) => {
    expect(await until(page, "#output", /\n/)).toBe("wrote 5 bytes, read 5: 1 2 3 4 5\n");
  },
  avr8js: (page) => expectPrograms(page, "avr8js", "(prio 0, ram): data"),
  trs80: (page) => expectPrograms(page, "trs80", "(prio 0, rom): ROM"),
  rp2040: async (page) => {
    for (const program of ["tour", "sort", "interpreter"])
      expect(await runInRp2040(page, program)).toBe(expectedOf("rp2040", program));
    expect(await textOf(page, "#written")).toBe("3"); // the interpreter's pages, as the terminal says
  },
  "rust-device": expectDevices,
  v86: async (page) => {
    await until(page, "#state", /^Linux runs\.$/);
    await page.fill("Command", "devmem 0xd0000000 32 0x12345678; echo do''ne");
    await page.press("Send");
    await until(page, "[role=log]", /^done$/m);
    await page.fill("Address", "0xd0000000");
    await until(page, "#hex", /^0xd0000000 {2}78 56 34 12 /);
  },
};
