// A page in headless Chromium, driven by playwright-core: the system's browser, so nothing is downloaded.
import { chromium, type Page } from "playwright-core";
import { engine } from "./engines.ts";

const flags = [
  "--headless=new",
  "--no-sandbox", // containers have no user namespaces to build one of
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** What went wrong in a page, beside what the test itself sees: uncaught errors and console.error. */
export interface PageProblems {
  readonly messages: string[];
}

/**
 * Opens a page, hands it to `use`, and closes the browser whatever happens.
 * Undefined where there is no Chromium (see `engine`).
 *
 * @param more flags of Chromium for this page, such as `--js-flags=--expose-gc`
 */
export async function withPage<T>(
  url: string,
  use: (page: Page, problems: PageProblems) => Promise<T>,
  more: string[] = [],
): Promise<T | undefined> {
  const found = engine("chromium");
  if (found === undefined) return undefined;
  const browser = await chromium.launch({ executablePath: found.path, args: [...flags, ...more] });
  try {
    const page = await browser.newPage();
    const problems: PageProblems = { messages: [] };
    page.on("pageerror", (error) => problems.messages.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.messages.push(message.text());
    });
    await page.goto(url);
    return await use(page, problems);
  } finally {
    await browser.close();
  }
}
