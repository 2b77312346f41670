// Knip: no file, export or package that nothing uses.
import type { KnipConfig } from "knip";

export default {
  entry: [
    "scripts/*.mjs",
    "scripts/reference.ts", // scripts/site.mjs names it
    "test/**/*.test.ts",
    "test/{consumers,platforms}/run.mjs",
    "bench/{*,emulators/*}.ts",
    "examples/*/main.ts",
    "examples/*/web/{main,worker}.ts",
    "examples/**/*.mjs",
  ],
  project: ["ts/**/*.ts", "scripts/**/*.mjs", "test/**/*.ts", "bench/**/*.ts", "examples/**/*.{ts,mjs}"],
  ignoreDependencies: ["publint", "@arethetypeswrong/cli"], // scripts/rows.mjs runs them
  ignoreBinaries: ["rustc", "Xvfb", "readelf", "objdump"],
  ignoreExportsUsedInFile: true,
} satisfies KnipConfig;
