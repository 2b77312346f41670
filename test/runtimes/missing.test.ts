// A missing runtime: an error under CI=true, printed loudly elsewhere, and never passed over in silence.
import { afterEach, expect, test, vi } from "vitest";
import { browser, engine } from "../support/engines.ts";

vi.mock("../../scripts/engines.mjs", () => ({
  findEngine: () => undefined,
  findChromium: () => undefined,
  findFirefox: () => undefined,
  findWebKit: () => undefined,
}));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const ofTest = (["node", "deno", "bun", "chromium"] as const).map((name) => ({
  name,
  find: () => engine(name),
  how: "npm run setup",
}));
const ofRest = (["firefox", "webkitgtk"] as const).map((name) => ({
  name,
  find: () => browser(name),
  how: "npm run setup -- rest",
}));

test.each([...ofTest, ...ofRest])("$name", ({ name, find, how }) => {
  vi.stubEnv("CI", "true");
  expect(find).toThrow(`NOT TESTED on ${name}: it is not installed. \`${how}\` gets it`);
  vi.stubEnv("CI", "");
  const said = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(find()).toBeUndefined();
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
