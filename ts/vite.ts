// The entry guest-memory/vite: a plugin for Vite's development server.

/**
 * A plugin for Vite 5 to 7 in a monorepo, where the package lies outside the project's own node_modules. It keeps Vite
 * from moving the package's code in development, away from the Wasm binary. Elsewhere Vite needs no setting.
 *
 * @example
 * ```ts
 * import guestMemory from "guest-memory/vite";
 *
 * const config = { plugins: [guestMemory()] }; // vite.config.ts: export default defineConfig(config)
 * console.assert(config.plugins[0]?.config().optimizeDeps.exclude[0] === "guest-memory");
 * ```
 */
export default function guestMemory(): {
  /** The plugin's name. */
  name: string;
  /** Its additions to Vite's settings. */
  config(): { optimizeDeps: { exclude: string[] } };
} {
  return {
    name: "guest-memory",
    config: () => ({ optimizeDeps: { exclude: ["guest-memory"] } }),
  };
}
