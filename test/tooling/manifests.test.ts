// package.json, jsr.json and Cargo.toml: one licence, one surface, and every dependency pinned; version.test.ts has
// the version.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const npm = JSON.parse(read("package.json"));
const jsr = JSON.parse(read("jsr.json"));
const cargo = read("crate/Cargo.toml");

test("npm, JSR and crates.io are given the same licence", () => {
  expect(npm.license).toBe(`(${jsr.license})`);
  expect(read("Cargo.toml")).toContain(`license = "${jsr.license}"`);
});

test("repository, homepage and bugs are the same everywhere; until the project has a public address, there are none", () => {
  const inCargo = (field: string) => new RegExp(`^${field} = "(.+)"$`, "m").exec(cargo)?.[1];
  expect(npm.repository?.url).toBe(inCargo("repository"));
  expect(npm.homepage).toBe(inCargo("homepage"));
  expect(npm.bugs === undefined).toBe(npm.repository === undefined);
});

test("npm's types and code come from the file that JSR exports", () => {
  expect(jsr.exports["."]).toBe("./ts/index.ts");
  expect(npm.exports["."]).toEqual({ types: "./dist/index.d.ts", default: "./dist/index.js" });
  expect(Object.keys(npm.exports["."])).toEqual(["types", "default"]); // the first that matches wins
});

test("the package has no run-time dependency", () => {
  expect(npm.dependencies).toBeUndefined();
  expect(npm.peerDependencies).toBeUndefined();
});

describe.each(["", "test/support/engines/"])("%spackage.json", (folder) => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(read(`${folder}package.json`));

  test("pins every package exactly", () => {
    const versions: [string, unknown][] = Object.entries({ ...dependencies, ...devDependencies });
    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  test("and its lock file agree, and the lock file names no registry", () => {
    const lock = JSON.parse(read(`${folder}package-lock.json`));
    expect(lock.packages[""].dependencies ?? {}).toEqual(dependencies);
    expect(lock.packages[""].devDependencies ?? {}).toEqual(devDependencies);
    const named = Object.entries(lock.packages).filter(([, entry]) => (entry as { resolved?: string }).resolved);
    expect(named).toEqual([]);
  });
});
