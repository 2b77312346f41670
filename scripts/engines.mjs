// Finds the JavaScript engines that tests and benchmarks run on: the newest Node, Deno, Bun, Chromium, Firefox, WebKitGTK.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { capture, which } from "./process.mjs";
import { findTool, geckodriver, root } from "./toolchain.mjs";

/** The folder of the manifest that installs the newest Node, Deno and Bun. */
export const enginesFolder = join(root, "test", "support", "engines");

/** @typedef {{ name: string, path: string, version: string }} Engine */

/**
 * An engine of test/support/engines by its command's name; undefined if it is not installed or does not run.
 * @param {"node" | "deno" | "bun"} name
 * @returns {Engine | undefined}
 */
export function findEngine(name) {
  const path = join(enginesFolder, "node_modules", ".bin", name);
  const version = /\d+\.\d+\.\d+/.exec(capture(path, ["--version"]) ?? "")?.[0];
  return version === undefined ? undefined : { name, path, version };
}

const chromiumNames = [
  process.env.CHROMIUM_PATH ?? "",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * Chromium or Chrome, by CHROMIUM_PATH or under one of its usual names.
 * @returns {Engine | undefined}
 */
export function findChromium() {
  for (const path of chromiumNames.filter((name) => name !== "").map(which)) {
    if (path === undefined) continue;
    const version = /\d+\.\d+\.\d+/.exec(capture(path, ["--version"]) ?? "")?.[0];
    if (version !== undefined) return { name: "chromium", path, version };
  }
  return undefined;
}

/** The browsers, by the names that the tests have for them. */
export const browserNames = /** @type {const} */ (["chromium", "firefox", "webkitgtk"]);

/** @typedef {(typeof browserNames)[number]} BrowserName */

/** @typedef {{ name: BrowserName, path: string, driver: string }} Browser with the program that drives it */

/**
 * Firefox, by FIREFOX_PATH or under one of its usual names, with geckodriver.
 * @returns {Browser | undefined}
 */
export function findFirefox() {
  const path = [process.env.FIREFOX_PATH ?? "", "firefox-esr", "firefox"]
    .filter((name) => name !== "")
    .map(which)
    .find((found) => found !== undefined);
  const folder = findTool(geckodriver);
  if (path === undefined || folder === undefined) return undefined;
  return { name: "firefox", path, driver: join(folder, geckodriver.command) };
}

/**
 * WebKitGTK's small browser, which is in the same package as its driver, with the X server that shows it.
 * @returns {Browser | undefined}
 */
export function findWebKit() {
  const driver = which("WebKitWebDriver");
  if (driver === undefined || which("Xvfb") === undefined) return undefined;
  const folders = ["/usr/lib", "/usr/libexec", ...foldersIn("/usr/lib").filter((name) => name.endsWith("-linux-gnu"))];
  const path = folders
    .flatMap((folder) => foldersIn(folder).filter((name) => /\/webkit(2gtk|gtk)-[\d.]+$/.test(name)))
    .map((folder) => which(join(folder, "MiniBrowser")))
    .find((found) => found !== undefined);
  return path === undefined ? undefined : { name: "webkitgtk", path, driver };
}

/** @param {string} folder */
function foldersIn(folder) {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return []; // this system has no such folder
  }
}
