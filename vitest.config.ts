// Vitest: two projects by folder. `unit` is what one runs while working; `slow` needs browsers, runtimes or builds.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const slow = [
  "test/{bench,browser,device,module,runtimes,packaging,mutants,v86}/**/*.test.ts",
  "test/tooling/{rebuild,support}.test.ts",
  "test/memory/fragmentation.test.ts",
];

export default defineConfig({
  resolve: { alias: { "guest-memory": fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    pool: "forks",
    execArgv: ["--expose-gc"], // finalisers are counted after a forced collection
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: slow, testTimeout: 60_000 },
      },
      {
        extends: true,
        // One file at a time: these start browsers and compilers, which need the cores for themselves.
        test: { name: "slow", include: slow, testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false },
      },
    ],
  },
});
