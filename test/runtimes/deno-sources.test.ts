// Deno on the TypeScript sources: from a checkout and by URL, with nothing built and nothing installed.
import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { remove, scratch } from "../packaging/packed.ts";
import { engine } from "../support/engines.ts";
import { HANG } from "../support/hang.ts";
import { serve } from "../support/server.ts";
import { names } from "./suite/index.js";

const deno = engine("deno");

describe.runIf(deno)("Deno on the sources", () => {
  let server: Awaited<ReturnType<typeof serve>>;
  let cache: string;
  beforeAll(async () => {
    cache = scratch("deno");
    server = await serve(root, {
      "/suite-by-url.ts": `import * as library from "./ts/index.ts";
        import { suite } from "./test/runtimes/suite/index.js";
        console.log(JSON.stringify(await suite(library)));`,
    });
  });
  afterAll(async () => {
    await server?.close();
    remove(cache);
  });

  /** Not synchronously: the server answers from this process. */
  async function run(cwd: string, ...args: string[]): Promise<string> {
    const options = { cwd, env: { ...process.env, DENO_DIR: cache }, timeout: HANG };
    const { stdout } = await promisify(execFile)(deno?.path ?? "", ["run", "--quiet", "--no-prompt", ...args], options);
    return stdout;
  }

  test("runs the README's example from a checkout", async () => {
    const example = join(root, "examples", "readme");
    expect(await run(example, "--no-lock", "--allow-read", "main.ts")).toBe("wrote 5 bytes, read 5: 1 2 3 4 5\n");
  });

  test("imports ts/index.ts by URL, fetches the binary, and passes the suite", async () => {
    const { host } = new URL(server.url);
    const results = await run(cache, `--allow-import=${host}`, `--allow-net=${host}`, `${server.url}/suite-by-url.ts`);
    expect(JSON.parse(results)).toEqual(names.map((name) => ({ name })));
  });

  describe("in a folder of the sources alone, as JSR would have it", () => {
    let folder: string;
    beforeAll(() => {
      folder = scratch("jsr");
      const { publish } = JSON.parse(readFileSync(join(root, "jsr.json"), "utf8"));
      for (const path of publish.include) cpSync(join(root, path), join(folder, path), { recursive: true });
      const imports = JSON.stringify({ imports: { "@guest-memory/guest-memory": "./ts/index.ts" } });
      writeFileSync(join(folder, "map.json"), imports);
      writeFileSync(
        join(folder, "memory_test.ts"),
        `import { GuestMemory } from "@guest-memory/guest-memory";
Deno.test("it is written and read", async () => {
  const memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
  const added: number[] = [];
  memory.events.addEventListener("regionadd", ({ start }) => added.push(start));
  memory.insertRegion(0x8000, 0x1000);
  memory.writeUint32(0x8000, 7);
  if (memory.readUint32(0x8000) !== 7 || added[0] !== 0x8000) throw new Error("no");
});`,
      );
    });
    afterAll(() => remove(folder));

    /** Runs a command of Deno there; throws what it says where it fails. */
    async function command(...args: string[]): Promise<string> {
      const options = { cwd: folder, env: { ...process.env, DENO_DIR: cache, NO_COLOR: "1" }, timeout: HANG };
      const { stdout, stderr } = await promisify(execFile)(deno?.path ?? "", args, options);
      return stdout + stderr;
    }

    test("deno check: no package of types is needed", async () => {
      expect(await command("check", "--config", "map.json", "ts/index.ts", "memory_test.ts")).toContain("Check");
    });

    test("deno test, with the permission to read the binary", async () => {
      expect(await command("test", "--config", "map.json", "--allow-read", "memory_test.ts")).toContain("1 passed");
      const refused = command("test", "--no-prompt", "--config", "map.json", "memory_test.ts");
      await expect(refused).rejects.toMatchObject({ stdout: expect.stringMatching(/LOAD_FAILED[\s\S]*--allow-read/) });
    });

    test("deno publish, dry: the binary is an asset", async () => {
      const said = await command("publish", "--dry-run", "--allow-dirty");
      expect(said).toMatch(/pkg\/guest_memory_bg\.wasm[\s\S]*Success/);
    });
  });
});
