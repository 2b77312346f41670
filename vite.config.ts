// Vite: the library build of ts/ into dist/, and the development server of the examples' pages.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  // Examples import the package by its name, as their users would.
  resolve: { alias: { "guest-memory": `${root}ts/index.ts` } },
  // A page's root is its example; the facade and pkg/ lie above it.
  server: { fs: { allow: [root] } },
  worker: { format: "es" },
  build: {
    lib: { entry: `${root}ts/index.ts`, formats: ["es"], fileName: "index" },
    target: "es2022",
    ssr: true, // leaves `new URL("../pkg/...wasm", import.meta.url)` as it is: dist/ and pkg/ are shipped side by side
    sourcemap: true,
    minify: false, // a library is minified by whoever ships it; unminified it can be read and debugged
  },
});
