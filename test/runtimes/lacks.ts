// The features that each engine lacks, by its name: a test fails when it lacks more, and when it lacks less.
export const lacks: Readonly<Record<string, readonly string[]>> = {
  webkitgtk: ["Symbol.dispose", "SharedArrayBuffer", "byte streams"],
};

/** A test's notes on an engine: scripts/platforms-page.mjs reads them. */
declare module "vitest" {
  interface TaskMeta {
    version?: string;
    missing?: string[];
  }
}
