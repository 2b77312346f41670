// The helpers that other tests stand on: the static server and the page in Chromium.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withPage } from "../support/chromium.ts";
import { engine } from "../support/engines.ts";
import { serve } from "../support/server.ts";

const pkg = fileURLToPath(new URL("../../pkg", import.meta.url));
const script = `import init, { guest_memory_abi } from "/guest_memory.js";
await init({ module_or_path: "/guest_memory_bg.wasm" });
document.title = "abi " + guest_memory_abi();
console.error("one problem");`;

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve(pkg, {
    "/index.html": `<!doctype html><script type="module">${script}</script>`,
    "/broken.html": `<!doctype html><script>setTimeout(() => { throw new Error("on purpose"); })</script>`,
  });
});
afterAll(() => server.close());

test("serves files with their types, and nothing outside its folder", async () => {
  const wasm = await fetch(`${server.url}/guest_memory_bg.wasm`);
  expect(wasm.headers.get("content-type")).toBe("application/wasm");
  expect((await fetch(`${server.url}/%2e%2e/package.json`)).status).toBe(404);
  expect((await fetch(`${server.url}/..%2fpackage.json`)).status).toBe(404);
  expect((await fetch(`${server.url}/nothing`)).status).toBe(404);
});

test.runIf(engine("chromium"))(
  "opens a page in Chromium, where pkg/ loads, and reports the page's problems",
  async () => {
    await withPage(server.url, async (page, problems) => {
      await page.waitForFunction(() => document.title.startsWith("abi"));
      expect(await page.title()).toMatch(/^abi [1-9]\d*$/);
      expect(problems.messages.some((message) => message.includes("one problem"))).toBe(true);
    });
  },
);

test.runIf(engine("chromium"))("an uncaught error in a page ends what waits for the page", async () => {
  const waiting = withPage(`${server.url}/broken.html`, (page) => page.waitForFunction(() => false));
  await expect(waiting).rejects.toThrow("on purpose");
});
