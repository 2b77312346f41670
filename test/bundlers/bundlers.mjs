// The bundlers, each as a user would call it without settings of our own. Run by itself, this file builds a consumer, or
// serves it in development, or bundles one program of it: node bundlers.mjs <bundler> build|serve|bundle <folder> [program]
// A build goes to the folder's built/; `serve` prints the page's address and ends with its standard input.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Bundler
 * @property {(folder: string) => Promise<unknown>} build from index.html or main.js to built/
 * @property {(folder: string) => Promise<string>} [serve] the address of a development server
 * @property {"file" | "inline"} binary how the .wasm is delivered: a file of its own, or the bytes of guest-memory/inline
 * @property {boolean} [page] built/ has an index.html of its own
 */

/** @param {string} name @returns {Bundler} */
const vite = (name) => ({
  binary: "file",
  page: true,
  async build(folder) {
    const { build } = await import(name);
    await build({ root: folder, logLevel: "warn", build: { outDir: "built" } });
  },
  async serve(folder) {
    const { createServer } = await import(name);
    const server = await createServer({ root: folder, logLevel: "warn", server: { host: "127.0.0.1", port: 0 } });
    await server.listen();
    return server.resolvedUrls.local[0];
  },
});

/** webpack and Rspack have one interface. @param {string} name @returns {Bundler} */
const webpack = (name) => ({
  binary: "file",
  async build(folder) {
    const module = await import(name);
    const settings = { mode: "production", context: folder, entry: "./main.js" };
    const output = { path: join(folder, "built"), filename: "main.js" };
    const run = module.default ?? module.rspack;
    await new Promise((resolve, reject) =>
      run({ ...settings, output }, (/** @type {Error | null} */ error, /** @type {any} */ stats) =>
        error || stats.hasErrors() ? reject(error ?? new Error(stats.toString("errors-only"))) : resolve(stats),
      ),
    );
  },
});

/** @type {Record<string, Bundler>} */
export const bundlers = {
  vite5: vite("vite5"),
  vite6: vite("vite6"),
  vite7: vite("vite7"),
  vite8: vite("vite8"),
  webpack: webpack("webpack"),
  rspack: webpack("@rspack/core"),
  parcel: {
    binary: "file",
    page: true,
    async build(folder) {
      const { Parcel } = await import("@parcel/core");
      const bundler = new Parcel({
        entries: join(folder, "index.html"),
        defaultConfig: fileURLToPath(import.meta.resolve("@parcel/config-default")),
        mode: "production",
        cacheDir: join(folder, ".parcel-cache"),
        defaultTargetOptions: { distDir: join(folder, "built"), publicUrl: "./" },
      });
      await bundler.run();
    },
  },
  esbuild: {
    binary: "inline",
    async build(folder) {
      const { build } = await import("esbuild");
      const outfile = join(folder, "built", "main.js");
      await build({
        entryPoints: [join(folder, "inline.js")],
        outfile,
        bundle: true,
        format: "esm",
        logLevel: "error",
      });
    },
  },
  rollup: {
    binary: "inline",
    async build(folder) {
      const [{ rollup }, { nodeResolve }] = await Promise.all([
        import("rollup"),
        import("@rollup/plugin-node-resolve"),
      ]);
      const bundle = await rollup({ input: join(folder, "inline.js"), plugins: [nodeResolve()] });
      await bundle.write({ file: join(folder, "built", "main.js"), format: "es" });
    },
  },
};

/**
 * Bundles one program into built/: minified by esbuild, a classic script by esbuild or by Vite's library mode, or CommonJS
 * for Node.
 * @type {Record<string, (folder: string, program: string) => Promise<unknown>>}
 */
const programs = {
  async minified(folder, program) {
    const { build } = await import("esbuild");
    const files = { entryPoints: [join(folder, `${program}.js`)], outfile: join(folder, "built", `${program}.js`) };
    await build({ ...files, bundle: true, minify: true, format: "esm", logLevel: "error" });
  },
  async iife(folder, program) {
    const { build } = await import("esbuild");
    const files = { entryPoints: [join(folder, `${program}.js`)], outfile: join(folder, "built", `${program}.js`) };
    await build({ ...files, bundle: true, format: "iife", logLevel: "error" });
  },
  async cjs(folder, program) {
    const { build } = await import("esbuild");
    const files = { entryPoints: [join(folder, `${program}.js`)], outfile: join(folder, "built", `${program}.js`) };
    await build({ ...files, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
    writeFileSync(join(folder, "built", "package.json"), "{}"); // the consumer's own says that .js is an ES module
  },
  async "vite-iife"(folder, program) {
    const { build } = await import("vite7");
    /** @type {import("vite7").LibraryOptions} */
    const lib = {
      entry: join(folder, `${program}.js`),
      formats: ["iife"],
      name: "program",
      fileName: () => `${program}.js`,
    };
    await build({ root: folder, logLevel: "warn", build: { outDir: "built", emptyOutDir: false, lib } });
  },
};

const [name = "", command, folder = "", program = ""] = process.argv.slice(2);
if (import.meta.filename === process.argv[1]) {
  const bundler = bundlers[name];
  if (command === "bundle") await programs[name]?.(folder, program);
  else if (command === "serve") {
    console.log(await bundler?.serve?.(folder));
    await new Promise((resolve) => process.stdin.on("end", resolve).resume());
  } else {
    await bundler?.build(folder);
    if (!bundler?.page) cpSync(join(folder, "index.html"), join(folder, "built", "index.html"));
  }
  process.exit();
}
