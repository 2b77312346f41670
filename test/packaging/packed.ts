// The package as npm would publish it, built and packed beside the checkout, and a consumer outside it that installs it.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { capture, npm } from "../../scripts/process.mjs";
import { root } from "../../scripts/toolchain.mjs";

/** A folder outside the checkout, so that nothing in it resolves by accident; remove it with {@link remove}. */
export function scratch(name: string): string {
  return mkdtempSync(join(tmpdir(), `guest-memory-${name}-`));
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 }); // a bundler's worker may still write its cache
}

/**
 * Packs what a clone of these sources holds, with dist/ built anew: dist/ here may be stale, or half written by another
 * build. pkg/ is the committed one, which test/tooling compares with its sources.
 *
 * @returns the path of the tarball, in `folder`
 */
function pack(folder: string): string {
  const clone = join(folder, "clone");
  for (const file of filesInGit()) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    copyFileSync(join(root, file), join(clone, file));
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "junction");
  npm(["run", "build:dist"], { cwd: clone, quiet: true });
  npm(["pack", "--pack-destination", folder], { cwd: clone, quiet: true });
  remove(clone);
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
  return join(folder, `${name}-${version}.tgz`);
}

function filesInGit(): string[] {
  const list = capture("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  if (list === undefined) throw new Error("git does not list the checkout's files");
  return list.split("\n").filter((file) => existsSync(join(root, file)));
}

/** A folder with the packed package in its node_modules, as after `npm install guest-memory`. */
export interface Consumer {
  readonly folder: string;
  /** Where the package was installed. */
  readonly installed: string;
  /** Writes a file of the consumer's own. */
  write(name: string, text: string): void;
  remove(): void;
}

/** Packs the package and installs it into a new consumer, an ES module package without a bundler. */
export function consume(): Consumer {
  const folder = scratch("consumer");
  const consumer: Consumer = {
    folder,
    installed: join(folder, "node_modules", "guest-memory"),
    write(name, text) {
      writeFileSync(join(folder, name), text);
    },
    remove: () => remove(folder),
  };
  try {
    consumer.write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
    // Offline: the package depends on nothing, and this would fail if it did.
    npm(["install", "--offline", "--no-audit", "--no-fund", pack(folder)], { cwd: folder, quiet: true });
    return consumer;
  } catch (error) {
    consumer.remove();
    throw error;
  }
}
