// One page in Chromium, Firefox or WebKitGTK, with what the tests of all three do in it.
import type { Page } from "playwright-core";
import type { BrowserName } from "../../scripts/engines.mjs";
import { type PageProblems, withPage } from "./chromium.ts";
import { browser } from "./engines.ts";
import { PAGE_HANG } from "./hang.ts";
import { withWebDriver } from "./webdriver.ts";

export interface BrowserPage {
  /** The browser's version. */
  readonly version: string;
  /** Chooses an option, by its value, of the list with a label. */
  choose(label: string, option: string): Promise<void>;
  /** Types a text into the field with a label, in place of what is there. */
  fill(label: string, text: string): Promise<void>;
  press(button: string): Promise<void>;
  /** The text of each element that a selector finds. */
  texts(selector: string): Promise<string[]>;
  /** What went wrong in the page, beside what a test sees: uncaught errors, and what it wrote by console.error. */
  problems(): Promise<string[]>;
}

/** Opens a page, hands it to `use`, and closes the browser whatever happens. The page must run the `collector`. */
export async function withBrowserPage<T>(
  name: BrowserName,
  url: string,
  use: (page: BrowserPage) => Promise<T>,
): Promise<T | undefined> {
  if (name === "chromium") return withPage(url, (page, problems) => use(byPlaywright(page, problems)));
  const found = browser(name);
  if (found === undefined) return undefined;
  return withWebDriver(found, async (page) => {
    await page.open(url);
    return use(page);
  });
}

/** The text of the one element that a selector finds. */
export async function textOf(page: BrowserPage, selector: string): Promise<string> {
  const [text, ...others] = await page.texts(selector);
  if (text === undefined || others.length > 0) throw new Error(`${selector} does not find one element`);
  return text;
}

/** Waits until an element's text is of a pattern, or anything goes wrong in the page; the text. */
export async function until(page: BrowserPage, selector: string, pattern: RegExp): Promise<string> {
  let text = "";
  for (const start = Date.now(); Date.now() - start < PAGE_HANG; await new Promise((next) => setTimeout(next, 50))) {
    const problems = await page.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    text = (await page.texts(selector)).join("\n");
    if (pattern.test(text)) return text;
  }
  throw new Error(`${selector} is still ${JSON.stringify(text)}, and not ${pattern}`);
}

/** A page of Chromium, as {@link withPage} hands it over. */
export const byPlaywright = (page: Page, { messages }: PageProblems): BrowserPage => ({
  version: page.context().browser()?.version() ?? "",
  async choose(label, option) {
    await labelled(page, label).locator("select").selectOption(option);
  },
  fill: (label, text) => labelled(page, label).locator("input").fill(text),
  press: (button) => page.getByRole("button", { name: button, exact: true }).click(),
  texts: (selector) => page.locator(selector).evaluateAll((found) => found.map(({ textContent }) => textContent ?? "")),
  problems: async () => messages,
});

const labelled = (page: Page, label: string) => page.locator("label").filter({ hasText: new RegExp(`^\\s*${label}`) });
