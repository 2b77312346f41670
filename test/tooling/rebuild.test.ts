// pkg/ built again: if the toolchain is the one that built the committed files, every byte is the same.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildPkg } from "../../scripts/build-pkg.mjs";
import { committedDigest, digestOf, toolchain } from "../../scripts/digest.mjs";
import { root } from "../../scripts/toolchain.mjs";

const cache = join(root, ".cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "rebuild-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("building again gives the committed bytes", () => {
  buildPkg(folder);
  const committed = committedDigest();
  const here = toolchain();
  const rebuilt = digestOf(folder);
  // Sources are compared on every machine; bytes only by the compiler that made them.
  expect(rebuilt.sources).toBe(committed.sources);
  if (JSON.stringify(here) === JSON.stringify(committed.toolchain)) expect(rebuilt.files).toEqual(committed.files);
  else console.warn(`BYTES NOT COMPARED: pkg/ was built by\n${show(committed.toolchain)}\nand here is\n${show(here)}`);
});

const show = (versions: Record<string, string>) => JSON.stringify(versions, null, 2);
