// The suite on the packed package in this Node, the newest Node, Deno and Bun, by import and from CommonJS.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "../packaging/packed.ts";
import { engine } from "../support/engines.ts";
import { HANG } from "../support/hang.ts";
import { lacks } from "./lacks.ts";
import { names, suite } from "./suite/index.js";

const engines = (["this node", "node", "deno", "bun"] as const).flatMap((name) => engine(name) ?? []);
const everyCheckPasses = names.map((name) => ({ name }));
const print = "console.log(JSON.stringify(await suite(library)));";

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  cpSync(join(root, "test", "runtimes", "suite"), join(consumer.folder, "suite"), { recursive: true });
  // No types are in it: it is a module as it stands.
  copyFileSync(join(root, "examples", "readme", "main.ts"), join(consumer.folder, "readme.mjs"));
  consumer.write(
    "module.js",
    `import * as library from "guest-memory"; import { suite } from "./suite/index.js"; ${print}`,
  );
  consumer.write(
    "features.js",
    `import { missing } from "./suite/features.js"; console.log(JSON.stringify(missing()));`,
  );
  const required = `const library = require("guest-memory"); const { suite } = require("./suite/index.js");`;
  consumer.write("commonjs.cjs", `${required} (async () => { ${print} })();`);
  consumer.write(
    "wasm.js",
    `import { readFile } from "node:fs/promises";
    import { GuestMemory, init } from "guest-memory";
    const bytes = await readFile(new URL(import.meta.resolve("guest-memory/guest_memory.wasm")));
    await init({ wasm: bytes });
    console.log(GuestMemory.fromRangesSync([[0, 4096]]).lastAddress);`,
  );
});
afterAll(() => consumer?.remove());

describe.each(engines)("$name $version", ({ name, path }) => {
  /** Runs a file of the consumer; what it prints. Deno may read files, and nothing else. */
  function run(file: string): string {
    const args = name === "deno" ? ["run", "--quiet", "--no-prompt", "--allow-read", file] : [file];
    return execFileSync(path, args, { cwd: consumer.folder, encoding: "utf8", timeout: HANG });
  }

  test("imports the package and passes the suite", () => {
    expect(JSON.parse(run("module.js"))).toEqual(everyCheckPasses);
  });

  test("requires the package from CommonJS and passes the suite", () => {
    expect(JSON.parse(run("commonjs.cjs"))).toEqual(everyCheckPasses);
  });

  test("takes the binary that the package exports", () => {
    expect(run("wasm.js")).toBe("4095\n");
  });

  test("has each feature, but for those of lacks.ts", ({ task }) => {
    task.meta.missing = JSON.parse(run("features.js"));
    expect(task.meta.missing).toEqual(lacks[name] ?? []);
  });

  test("runs the README's example", () => {
    expect(run("readme.mjs")).toBe("wrote 5 bytes, read 5: 1 2 3 4 5\n");
  });
});

test("the suite is of some size, and each of its checks can fail", async () => {
  expect(everyCheckPasses.length).toBeGreaterThanOrEqual(20);
  const library = await import("guest-memory");
  class Nothing {
    static fromRanges = async () => new Nothing();
    static fromRangesSync = () => new Nothing();
    dispose() {}
  }
  const results = await suite({ ...library, GuestMemory: Nothing as unknown as typeof library.GuestMemory });
  expect(results.filter(({ error }) => error === undefined)).toEqual([]);
});
