// The faults of test/mutants fit the sources. Without this a change of a source is seen in `npm run test:all` alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { mutants } from "../mutants/mutants.mjs";

test("the text that each fault replaces stands in its file once", () => {
  const all = Object.values(mutants).flat();
  const times = ({ file, find }: (typeof all)[number]) => readFileSync(join(root, file), "utf8").split(find).length - 1;
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((mutant) => times(mutant) !== 1)).toEqual([]);
});
