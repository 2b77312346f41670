// The packed declarations with other versions of TypeScript than the project's own, from the oldest that is supported.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Consumer, consume } from "../packaging/packed.ts";
import { compile, nodeAlone } from "../packaging/typed.ts";

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
});
afterAll(() => consumer?.remove());

test.each(["5.7", "5.8", "5.9", "7.0"])(
  "TypeScript %s: in a bundler with a browser's types, and for Node.js alone",
  (version) => {
    const compiler = join(import.meta.dirname, "node_modules", `typescript-${version}`, "bin", "tsc");
    const bundler = { module: "esnext", moduleResolution: "bundler", target: "es2022" };
    expect(compile(consumer, compiler, bundler)).toBe("");
    expect(compile(consumer, compiler, { module: "nodenext", moduleResolution: "nodenext", ...nodeAlone })).toBe("");
  },
);
