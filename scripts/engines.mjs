// Finds the JavaScript engines that tests and benchmarks run on: the newest Node, Deno, Bun, and Chromium.
import { join } from "node:path";
import { capture, which } from "./process.mjs";
import { root } from "./toolchain.mjs";

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
