// The packed declarations, compiled as TypeScript users do: strict, with libraries checked, with and without a browser's or
// Node's types. test/bundlers has other versions of the compiler.
import { afterAll, beforeAll, expect, test } from "vitest";
import { binary } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "./packed.ts";
import { compile, nodeAlone } from "./typed.ts";

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
});
afterAll(() => consumer?.remove());

test.each([
  ["node16, ES2022", { module: "node16", moduleResolution: "node16", target: "es2022" }],
  ["nodenext", { module: "nodenext", moduleResolution: "nodenext", target: "esnext" }],
  ["nodenext, for Node.js alone", { module: "nodenext", moduleResolution: "nodenext", ...nodeAlone }],
  ["bundler, ES2022", { module: "esnext", moduleResolution: "bundler", target: "es2022" }],
  ["bundler, for Node.js alone", { module: "esnext", moduleResolution: "bundler", target: "es2022", ...nodeAlone }],
  ["bundler, in a worker", { module: "preserve", moduleResolution: "bundler", lib: ["es2022", "webworker"] }],
])("compile for %s", (_, options) => {
  expect(compile(consumer, binary("typescript/bin/tsc"), options)).toBe("");
});
