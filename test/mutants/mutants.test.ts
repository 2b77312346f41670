// Each fault of mutants.mjs turns a test red.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mutants } from "./mutants.mjs";

test("there are faults of each part", () => {
  const counts = Object.values(mutants).map((list) => list.length);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(15);
});

test("every fault is seen", () => {
  const script = fileURLToPath(new URL("run.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  console.log(stdout);
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
