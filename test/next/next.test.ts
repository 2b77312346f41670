// Next.js with its own bundler, Turbopack: a page that makes a memory in the browser, and one that makes it on the server.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { withPage } from "../support/chromium.ts";

const home = join(root, "test", "next");
/** Beside the packages of this folder, because Turbopack follows no link out of its root. */
const folder = join(home, ".consumer");
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const next = join(home, "node_modules", "next", "dist", "bin", "next");

const FILES: Record<string, string> = {
  "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }),
  // The one setting: on the server Node loads the package itself, and finds the binary beside it.
  "next.config.mjs": `export default {
    serverExternalPackages: ["guest-memory"],
    turbopack: { root: ${JSON.stringify(home)} },
    outputFileTracingRoot: ${JSON.stringify(home)},
  };`,
  "app/layout.js": `export const metadata = { title: "consumer", icons: "data:," };
    export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
  "app/page.js": `"use client";
    import { GuestMemory } from "guest-memory";
    import { useEffect, useState } from "react";
    export default function Page() {
      const [text, setText] = useState("");
      useEffect(() => {
        const run = async () => {
          using memory = await GuestMemory.fromRanges([[0, 4096]]);
          memory.writeUint8(1, 7);
          setText("the client reads " + memory.readUint8(1));
        };
        run().catch((error) => setText(error.stack));
      }, []);
      return <pre>{text}</pre>;
    }`,
  "app/server/page.js": `import { GuestMemory } from "guest-memory";
    export const dynamic = "force-dynamic";
    export default async function Page() {
      const memory = await GuestMemory.fromRanges([[0, 4096]]);
      memory.writeUint8(1, 7);
      const text = "the server reads " + memory.readUint8(1);
      memory.dispose();
      return <pre>{text}</pre>;
    }`,
};

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  cpSync(consumer.installed, join(home, "node_modules", "guest-memory"), { recursive: true });
});
afterAll(() => {
  consumer?.remove();
  for (const made of [folder, join(home, "node_modules", "guest-memory")])
    rmSync(made, { recursive: true, force: true });
});

/** Serves what was built, and ends the server whatever happens. */
async function served(use: (url: string) => Promise<void>): Promise<void> {
  const server = spawn(process.execPath, [next, "start", "--port", "0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    for await (const line of createInterface(server.stdout)) {
      const url = /http:\/\/localhost:\d+/.exec(line)?.[0];
      if (url !== undefined) return await use(url);
    }
    throw new Error("the server ended without an address");
  } finally {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }
}

test("a build has one binary, and client and server make a memory", async () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [next, "build"], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(status, stdout + stderr).toBe(0);
  const files = readdirSync(join(folder, ".next", "static"), { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(1);
  await served(async (url) => {
    expect(await (await fetch(`${url}/server`)).text()).toContain("the server reads 7");
    await withPage(`${url}/`, async (page, problems) => {
      await page.waitForFunction(() => document.querySelector("pre")?.textContent);
      expect(await page.locator("pre").textContent()).toBe("the client reads 7");
      expect(problems.messages).toEqual([]);
    });
  });
});
