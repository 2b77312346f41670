// The two crates: the files that `cargo publish` would send (scripts/rows.mjs builds them from these), and the refusal of
// feature `xen`.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";

function cargo(line: string) {
  const { status, stdout, stderr } = spawnSync("cargo", line.split(" "), { cwd: root, encoding: "utf8" });
  return { status, stdout, stderr };
}

const BY_CARGO = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];
const LICENCES = ["LICENSE-APACHE", "LICENSE-BSD-3-Clause"];

test.each([
  ["guest-memory", ["README.md", "src/guide.md"], /^src\/.+\.rs$/],
  ["vm-memory", [], /^(?:src|tests)\/.+\.rs$/],
])("%s is sources and licences", (name, more, sources) => {
  const { status, stdout, stderr } = cargo(`package --list --allow-dirty --package ${name}`);
  expect(status, stderr).toBe(0);
  const files = stdout.trim().split("\n");
  expect(files).toContain("src/lib.rs");
  expect(files.filter((file) => !sources.test(file)).sort()).toEqual([...BY_CARGO, ...LICENCES, ...more].sort());
});

test.each(["crate", "crate/vm-memory"])("%s holds the licences as they are", (folder) => {
  for (const licence of LICENCES)
    expect(readFileSync(join(root, folder, licence), "utf8")).toBe(readFileSync(join(root, licence), "utf8"));
});

test("feature xen is one error, which says why and what to do", () => {
  const { status, stderr } = cargo("check --package vm-memory --features xen --locked");
  expect(status).not.toBe(0);
  expect(stderr.match(/^error: (?!could not compile).*/gm)).toEqual([
    "error: guest-memory has no Xen mappings (feature `xen`): use vm-memory itself on a Xen host",
  ]);
});
