// Vite: the library build of ts/ into dist/, and the development server of the examples' pages.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));

/** The entries of the package: each a file of dist/, and what they share in chunks beside them. */
export const entries = {
  index: `${root}ts/index.ts`,
  inline: `${root}ts/inline.ts`,
  rewind: `${root}ts/rewind.ts`,
  snapshot: `${root}ts/snapshot.ts`,
  vite: `${root}ts/vite.ts`,
};

/** Makes a module of a file that is imported with `?base64`. */
export const base64: Plugin = {
  name: "base64",
  load(id) {
    const file = id.endsWith("?base64") ? id.slice(0, -"?base64".length) : undefined;
    if (file === undefined) return null;
    return { code: `export default ${JSON.stringify(readFileSync(file, "base64"))};`, map: { mappings: "" } };
  },
};

export default defineConfig({
  plugins: [base64],
  // Examples import the package by its name, as their users would.
  resolve: {
    alias: {
      "guest-memory/inline": entries.inline,
      "guest-memory/rewind": entries.rewind,
      "guest-memory/snapshot": entries.snapshot,
      "guest-memory/vite": entries.vite,
      "guest-memory": entries.index,
    },
  },
  // A page's root is its example; the facade and pkg/ lie above it.
  server: { fs: { allow: [root] } },
  worker: { format: "es" },
  build: {
    lib: { entry: entries, formats: ["es"] },
    target: "es2022",
    ssr: true, // leaves `new URL("../pkg/...wasm", import.meta.url)` as it is: dist/ and pkg/ are shipped side by side
    rolldownOptions: { output: { chunkFileNames: "[name].shared.js" } }, // beside the entries, for the path of pkg/
    sourcemap: true,
    minify: false, // a library is minified by whoever ships it; unminified it can be read and debugged
  },
});
