// The engines that a test runs on. A missing engine is an error under CI=true; elsewhere the test prints it loudly.
import { type Engine, findChromium, findEngine } from "../../scripts/engines.mjs";

/** This Node, the newest Node, Deno, Bun or Chromium; undefined where it is not here and CI is not set. */
export function engine(name: "this node" | "node" | "deno" | "bun" | "chromium"): Engine | undefined {
  const found =
    name === "this node"
      ? { name, path: process.execPath, version: process.versions.node }
      : name === "chromium"
        ? findChromium()
        : findEngine(name);
  if (found === undefined) {
    const message = `NOT TESTED on ${name}: it is not installed. \`npm run setup\` gets it or says how to.`;
    if (process.env.CI === "true") throw new Error(message);
    console.warn(`\n${"!".repeat(80)}\n${message}\n${"!".repeat(80)}`);
  }
  return found;
}
