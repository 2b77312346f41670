// Runs a TypeScript program of this project on Node 20, which cannot strip types. Vite bundles the program. Unlike loaders
// that compile file by file, it wraps no function, so figures are the same as in a user's build.
// Usage: node scripts/run.mjs program.ts [arguments]
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "./process.mjs";
import { root } from "./toolchain.mjs";

/** Lets each module find its neighbours (../pkg, firmware) beside its source, though the bundle lies elsewhere. */
const sourceUrls = {
  name: "source-urls",
  enforce: /** @type {const} */ ("pre"),
  /** @param {string} code @param {string} id */
  transform(code, id) {
    if (!code.includes("import.meta.url") || id.includes("node_modules")) return null;
    return { code: code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href)), map: null };
  },
};

/**
 * Bundles a program with the facade into .cache/; packages of node_modules stay outside.
 * @param {string} program
 * @returns {Promise<string>} the bundle's path, for any engine
 */
export async function bundle(program) {
  const { build } = await import("vite");
  const entry = resolve(root, program);
  const outDir = join(root, ".cache", "run", relative(root, entry).replaceAll(/[^\w.-]/g, "_"));
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [sourceUrls],
    resolve: {
      alias: [
        { find: /^guest-memory$/, replacement: join(root, "ts", "index.ts") },
        { find: /^guest-memory\/(\w+)$/, replacement: join(root, "ts", "$1.ts") },
      ],
    },
    build: { ssr: entry, outDir, emptyOutDir: true, target: "es2022", sourcemap: true, minify: false },
  });
  return join(outDir, `${basename(entry).replace(/\.ts$/, "")}.js`);
}

/**
 * Bundles and runs a program; throws if it does not end with exit status 0.
 * @param {string} program
 * @param {string[]} args
 */
export async function runProgram(program, args) {
  run(process.execPath, ["--enable-source-maps", "--expose-gc", await bundle(program), ...args], { cwd: root });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [program = "", ...args] = process.argv.slice(2);
  await runProgram(program, args);
}
