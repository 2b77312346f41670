// Vitest: projects by folder. `unit` is what one runs while working; `slow` needs browsers, runtimes or builds; `v86`
// needs a Linux that not every system can fetch; `mutants` puts faults into a copy of the project, and `bundlers` builds a
// consumer with each of them, a few of both in `npm test`; `browsers` needs Firefox and WebKitGTK too, `next` Next.js.
import { defineConfig } from "vitest/config";
import { HANG } from "./test/support/hang.ts";
import settings, { base64 } from "./vite.config.ts";

const slow = [
  "test/{bench,browser,virtio-example,own-module,runtimes,packaging}/**/*.test.ts",
  "test/tooling/{rebuild,support}.test.ts",
  "test/footprint/fragmentation.test.ts",
];
const v86 = ["test/v86/**/*.test.ts"];
const mutants = ["test/mutants/**/*.test.ts"];
const bundlers = ["test/bundlers/*.test.ts"];
const browsers = ["test/browsers/*.test.ts"];
const next = ["test/next/*.test.ts"];

export default defineConfig({
  plugins: [base64],
  resolve: settings.resolve ?? {},
  test: {
    pool: "forks",
    maxWorkers: "100%", // of the cores: by default one is left out
    testTimeout: HANG,
    hookTimeout: HANG,
    // Finalisers are counted after a forced collection. Random tests make much garbage that dies young.
    execArgv: ["--expose-gc", "--max-semi-space-size=64"],
    tags: [{ name: "sample", description: "One of many of its kind: `npm test` has these, `npm run test:all` all." }],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...slow, ...v86, ...mutants, ...bundlers, ...browsers, ...next],
        },
      },
      { extends: true, test: { name: "slow", include: slow } },
      { extends: true, test: { name: "v86", include: v86 } },
      { extends: true, test: { name: "mutants", include: mutants } },
      { extends: true, test: { name: "bundlers", include: bundlers } },
      { extends: true, test: { name: "browsers", include: browsers } },
      { extends: true, test: { name: "next", include: next } },
    ],
  },
});
