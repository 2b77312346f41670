// The rules of docs/architecture.md that a search can check: the files that may use JavaScript, the files that may use
// pkg/, and no machine's paths.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

/** The files under a folder of the checkout, as paths from its root. */
function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

const text = (file: string) => readFileSync(join(root, file), "utf8");

test("wasm_bindgen is known to crate/src/bindings/ alone", () => {
  const knowing = filesIn("crate/src").filter((file) => /wasm[_-]bindgen/.test(text(file)));
  expect(knowing.length).toBeGreaterThan(0);
  expect(knowing.filter((file) => !file.startsWith("crate/src/bindings/"))).toEqual([]);
});

test("pkg/ is known to ts/pkg.ts, and its binary to ts/inline.ts, alone", () => {
  const knowing = filesIn("ts").filter((file) => /["'`][./]*\/pkg\//.test(text(file)));
  expect(knowing).toEqual(["ts/inline.ts", "ts/pkg.ts"]);
});

test("no file in git holds a machine's path", () => {
  const list = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
  const files = list.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
  expect(files).toContain("package.json");
  const anyMachine = /(?<![\w.)\]}*/])\/(?:home|Users)\/\w|(?<![\w.)\]}*/])\/(?:root|tmp)\/|[A-Z]:\\Users\\/;
  const guilty = files.flatMap((file) => {
    const lines = readFileSync(join(root, file), "latin1").split("\n");
    const bad = (line: string) => line.includes(`${root}/`) || line.includes(`${homedir()}/`) || anyMachine.test(line);
    return lines.flatMap((line, index) => (bad(line) ? [`${file}:${index + 1}`] : []));
  });
  expect(guilty).toEqual([]);
});
