// Knip: no file, export or package that nothing uses.
import type { KnipConfig } from "knip";

export default {
  entry: [
    "scripts/*.mjs",
    "test/**/*.test.ts",
    "test/mutants/*.ts",
    "test/{consumers/run,platforms/left-out}.mjs",
    "bench/{*,emulators/*}.ts",
    "examples/*/main.ts",
    "examples/*/web/{main,worker}.ts",
    "examples/**/*.mjs",
  ],
  project: ["ts/**/*.ts", "scripts/**/*.mjs", "test/**/*.ts", "bench/**/*.ts", "examples/**/*.{ts,mjs}"],
  // wasm-pack finds binaryen's wasm-opt on PATH; scripts/test.mjs runs the other two by their path.
  ignoreDependencies: ["binaryen", "publint", "@arethetypeswrong/cli"],
  ignoreBinaries: ["rustc"],
  ignoreExportsUsedInFile: true,
} satisfies KnipConfig;
