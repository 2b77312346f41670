// Tells whether a folder's node_modules matches its package-lock.json. Runs before any package is installed, so it
// imports Node's own modules only.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {{ packages: Record<string, { version: string, optional?: boolean }> }} Lock */

/**
 * Compares the lock file with npm's own record of what it installed.
 * @param {string} folder
 */
export function packagesAreInstalled(folder) {
  const record = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = readLock(record).packages;
  return Object.entries(readLock(join(folder, "package-lock.json")).packages).every(
    // "" is the folder's own package; another platform's binaries are not installed.
    ([path, { version, optional }]) =>
      path === "" || installed[path]?.version === version || (optional === true && !(path in installed)),
  );
}

/** @param {string} path @returns {Lock} */
const readLock = (path) => JSON.parse(readFileSync(path, "utf8"));
