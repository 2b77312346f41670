// docs/page-table.md: its version is the one of the packaged module, and of the facade.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { ABI } from "../../ts/core/abi.ts";
import { load } from "../../ts/core/init.ts";

test("the page describes the version of the module", async () => {
  const page = readFileSync(join(root, "docs/page-table.md"), "utf8");
  const versions = [...page.matchAll(/version (\d+)/g)].map(([, version]) => Number(version));
  expect(versions.length).toBeGreaterThan(0);
  const { raw } = await load();
  expect(new Set(versions)).toEqual(new Set([raw.guest_memory_abi()]));
  expect(ABI).toBe(raw.guest_memory_abi());
});
