// A page in headless Chromium, driven by playwright-core: the system's browser, so nothing is downloaded.
import { chromium, type Page } from "playwright-core";
import { engine } from "./engines.ts";
import { PAGE_HANG } from "./hang.ts";

const flags = [
  "--headless=new",
  "--no-sandbox", // containers have no user namespaces to build one of
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** What went wrong in a page, beside what the test itself sees: what it wrote by console.error. */
export interface PageProblems {
  readonly messages: string[];
}

/**
 * Opens a page, hands it to `use`, and closes the browser whatever happens. An uncaught error in the page is thrown.
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
  const browser = await chromium.launch({ executablePath: found.path, args: [...flags, ...more], timeout: PAGE_HANG });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PAGE_HANG);
    const problems: PageProblems = { messages: [] };
    page.on("console", (message) => {
      if (message.type() === "error") problems.messages.push(message.text());
    });
    // An uncaught error ends the test at once: what it waits for might never come.
    const uncaught = new Promise<never>((_, reject) => page.on("pageerror", reject));
    const used = page.goto(url).then(() => use(page, problems));
    return await Promise.race([used, uncaught]);
  } finally {
    await browser.close();
  }
}
