// The engines that a test runs on. A missing engine is an error under CI=true; elsewhere the test prints it loudly.
import { spawnSync } from "node:child_process";
import {
  type Browser,
  type Engine,
  findChromium,
  findEngine,
  findFirefox,
  findWebKit,
} from "../../scripts/engines.mjs";

/** This Node, the newest Node, Deno, Bun or Chromium; undefined where it is not here and CI is not set. */
export function engine(name: "this node" | "node" | "deno" | "bun" | "chromium"): Engine | undefined {
  if (name === "this node") return { name, path: process.execPath, version: process.versions.node };
  return orNotTested(name, name === "chromium" ? findChromium() : findEngine(name), "npm run setup");
}

/** Firefox or WebKitGTK, with its driver; undefined where it is not here and CI is not set. */
export function browser(name: "firefox" | "webkitgtk"): Browser | undefined {
  return orNotTested(name, name === "firefox" ? findFirefox() : findWebKit(), "npm run setup -- rest");
}

/** Whether a program is on the path; false where it is not and CI is not set. `setup` says how to get it. */
export function program(name: string, setup: string): boolean {
  const found = spawnSync(name, ["--version"]).status === 0 ? name : undefined;
  return orNotTested(name, found, setup) !== undefined;
}

function orNotTested<T>(name: string, found: T | undefined, setup: string): T | undefined {
  if (found === undefined) {
    const message = `NOT TESTED on ${name}: it is not installed. \`${setup}\` gets it or says how to.`;
    if (process.env.CI === "true") throw new Error(message);
    console.warn(`\n${"!".repeat(80)}\n${message}\n${"!".repeat(80)}`);
  }
  return found;
}
