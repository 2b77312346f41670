// Deno on the TypeScript sources: from a checkout and by URL, with nothing built and nothing installed.
import { execFile } from "node:child_process";
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
});
