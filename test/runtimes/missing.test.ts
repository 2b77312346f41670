// A missing runtime: an error under CI=true, printed loudly elsewhere, and never passed over in silence.
import { afterEach, expect, test, vi } from "vitest";
import { engine } from "../support/engines.ts";

vi.mock("../../scripts/engines.mjs", () => ({ findEngine: () => undefined, findChromium: () => undefined }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.each(["node", "deno", "bun", "chromium"] as const)("%s", (name) => {
  vi.stubEnv("CI", "true");
  expect(() => engine(name)).toThrow(`NOT TESTED on ${name}: it is not installed. \`npm run setup\` gets it`);
  vi.stubEnv("CI", "");
  const said = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(engine(name)).toBeUndefined();
  expect(said.mock.calls.flat().join()).toContain(`NOT TESTED on ${name}`);
});

test("this Node is always here", () => {
  vi.stubEnv("CI", "true");
  expect(engine("this node")).toEqual({
    name: "this node",
    path: process.execPath,
    version: process.versions.node,
  });
});
