// README.md's first screen: what it is, how to install it, an example with its output, and the two commands.
import { expect, test } from "vitest";
import { textOf } from "./pages.ts";

test("the first forty lines have all that a newcomer needs, in this order", () => {
  const screen = textOf("README.md").split("\n").slice(0, 40).join("\n");
  const parts = [
    /^# guest-memory$/m,
    /^The guest-physical memory of virtual machines/m,
    /^ {4}npm install guest-memory/m,
  ];
  const more = [/^```ts$/m, /^ {4}wrote 5 bytes/m, /^ {4}npm start /m, /^ {4}npm test /m];
  const places = [...parts, ...more].map((part) => screen.search(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});
