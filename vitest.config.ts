// Vitest: projects by folder. `unit` is what one runs while working; `slow` needs browsers, runtimes or builds; `v86`
// needs a Linux that not every system can fetch.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { HANG } from "./test/support/hang.ts";

const slow = [
  "test/{bench,browser,device,module,runtimes,packaging,mutants}/**/*.test.ts",
  "test/tooling/{rebuild,support}.test.ts",
  "test/memory/fragmentation.test.ts",
];

const v86 = ["test/v86/**/*.test.ts"];

// One file at a time: these start browsers, compilers and guests, which need the cores for themselves.
const alone = { fileParallelism: false };

export default defineConfig({
  resolve: { alias: { "guest-memory": fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    pool: "forks",
    testTimeout: HANG,
    hookTimeout: HANG,
    execArgv: ["--expose-gc"], // finalisers are counted after a forced collection
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: [...slow, ...v86] },
      },
      { extends: true, test: { name: "slow", include: slow, ...alone } },
      { extends: true, test: { name: "v86", include: v86, ...alone } },
    ],
  },
});
