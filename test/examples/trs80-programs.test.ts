// The programs of examples/trs80: the images beside the sources are the ones that the sources give.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { build } from "../../examples/trs80/programs/build.mjs";

test("the images are of the sources that are here", () => {
  const images = build();
  expect([...images.keys()]).toEqual(["tour.bin", "sort.bin", "sieve.bin"]);
  for (const [name, image] of images) {
    const stale = `${name} is stale: run \`node examples/trs80/programs/build.mjs\` and commit what it writes`;
    const committed = readFileSync(new URL(`../../examples/trs80/programs/${name}`, import.meta.url));
    expect(image.equals(committed), stale).toBe(true);
  }
});
