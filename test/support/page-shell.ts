// The shell that the examples' pages have in common: a phone's width, names for assistive technology, the keyboard.
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** The roles of what a reader uses, as Chromium names them. */
const INTERACTIVE = ["link", "button", "checkbox", "combobox", "listbox", "radio", "slider", "spinbutton", "textbox"];
const REACHABLE = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, [tabindex='0']";
/** Stops of the Tab key that the page does not make: boxes that scroll, and the browser's own. */
const OTHER_STOPS = 20;

/** Expects a page to fit a phone, to say what it is, and to be of use without a mouse. It stays at a phone's width. */
export async function expectShell(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  expect(await page.locator("h1").count()).toBe(1);
  expect(await page.locator("header p").first().textContent()).toMatch(/\w+ \w+[\s\S]*\./);
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe("light dark");
  expect(await page.locator("link[rel=stylesheet][href$='common/page.css']").count()).toBe(1);
  await expectNames(page);
  await expectKeyboard(page);
}

export async function expectNoOverflow(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(window).toBe(390);
  expect(content).toBeLessThanOrEqual(window);
}

/** Everything that a reader uses has a name, as Chromium computes it. */
async function expectNames(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const used = nodes.filter(({ ignored, role }) => !ignored && INTERACTIVE.includes(role?.value));
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter(({ name }) => !name?.value?.trim()).map(({ role }) => role?.value)).toEqual([]);
  // A browser refuses a text that is not of the pattern, and says no more of it than the title.
  expect(await page.locator("[pattern]:not([title])").count()).toBe(0);
}

/** The Tab key comes to everything that a reader uses, and the focus is seen: no box that scrolls cuts its outline off. */
async function expectKeyboard(page: Page): Promise<void> {
  const targets = page.locator(REACHABLE).filter({ visible: true });
  const count = await targets.count();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let press = 0; press < count + OTHER_STOPS; press++) {
    await page.keyboard.press("Tab");
    await page.evaluate(() => {
      const { activeElement } = document;
      if (activeElement === null || activeElement === document.body) return;
      const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(activeElement);
      const drawn = outlineStyle === "solid" && Number.parseFloat(outlineWidth) >= 2;
      // A box scrolls by whole pixels, and cuts off less than one.
      const beyond = Number.parseFloat(outlineWidth) + Number.parseFloat(outlineOffset) - 1;
      const own = activeElement.getBoundingClientRect();
      let cut = false;
      for (let box = activeElement.parentElement; box !== null; box = box.parentElement) {
        if (box === document.body || getComputedStyle(box).overflow === "visible") continue;
        const { left, right, top, bottom } = box.getBoundingClientRect();
        cut ||= own.left - beyond < left || own.right + beyond > right;
        cut ||= own.top - beyond < top || own.bottom + beyond > bottom;
      }
      activeElement.setAttribute("data-focus", drawn && !cut ? "seen" : cut ? "cut off" : "not seen");
    });
  }
  const missed = await targets.evaluateAll((elements) =>
    elements.filter((element) => element.getAttribute("data-focus") !== "seen").map(({ outerHTML }) => outerHTML),
  );
  expect(missed).toEqual([]);
}
