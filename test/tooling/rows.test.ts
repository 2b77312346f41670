// The rows of `npm test` and `npm run test:all`: nothing is left out, and each has what it needs.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rows } from "../../scripts/rows.mjs";
import { groupsIn } from "../../scripts/setup.mjs";
import { steps } from "../../scripts/steps.mjs";
import { summary } from "../../scripts/test.mjs";
import { binary, nightly, root, rustTargets } from "../../scripts/toolchain.mjs";

const groups = ["quick", "test", "rest"] as const;
const rowsOf = (group: (typeof groups)[number]) =>
  Object.entries(rows[group]).map(([name, row]) => ({
    name,
    ...(typeof row === "string" ? { run: row, needs: [] } : row),
  }));
const all = groups.flatMap(rowsOf);
const read = (file: string) => readFileSync(join(root, file), "utf8");
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim().split("\n");

test("continuous integration runs `npm test`, then the rest, and together they are `npm run test:all`", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = (command: string) => groupsIn(command.split(" "));
  expect(named(scripts["test:quick"])).toEqual(["quick"]);
  expect(named(scripts.test)).toEqual(["quick", "test"]);
  expect(named(scripts["test:all"])).toEqual(groups);
  expect(Object.keys(rows)).toEqual(groups);
  const commands = read(".ci/run")
    .split("\n")
    .filter((line) => /npm|node/.test(line) && !line.startsWith("#"));
  expect(commands).toEqual(["npm test", "exec node scripts/test.mjs rest"]);
  expect(read(".ci/run")).toContain("export CI=true\n");
});

test("every test file is in one of Vitest's projects, and every project in a row", () => {
  const list = execFileSync(process.execPath, [binary("vitest/vitest.mjs"), "list", "--filesOnly", "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  const found: { file: string; projectName: string }[] = JSON.parse(list);
  const files = found.map(({ file }) => file.slice(root.length + 1).replaceAll("\\", "/"));
  expect(files.sort()).toEqual(git("ls-files", "--cached", "--others", "--exclude-standard", "*.test.ts").sort());
  for (const project of new Set(found.map(({ projectName }) => projectName)))
    expect(all.filter(({ run }) => run.includes(`vitest run --project ${project}`))).not.toEqual([]);
});

test("what a row needs is a step of its own group, or of one before", () => {
  for (const [index, group] of groups.entries()) {
    const names = groups.slice(0, index + 1).flatMap((each) => steps[each].map(({ name }) => name));
    for (const { name, needs } of rowsOf(group)) expect(names, name).toEqual(expect.arrayContaining(needs));
  }
});

test("the nightly compiler is pinned to a day, in one place", () => {
  expect(nightly).toMatch(/^nightly-\d{4}-\d\d-\d\d$/);
  expect(git("grep", "--untracked", "-lE", "nightly-[0-9]{4}|[+]nightly")).toEqual(["scripts/toolchain.mjs"]);
});

test("the compiler of all else is pinned too, with its targets", () => {
  expect(read("rust-toolchain.toml")).toMatch(/^channel = "\d+\.\d+\.\d+"$/m);
  expect(rustTargets()).toEqual(expect.arrayContaining(["wasm32-unknown-unknown", "wasm32-wasip1"]));
});

test("the summary repeats the end of what a failed row printed", () => {
  const args = ["scripts/test.mjs", "quick", "--only=rustfmt"];
  const env = { ...process.env, GIT_DIR: "nowhere" };
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env });
  const [printed, repeated] = stdout.split("=== summary");
  expect(printed).not.toContain("--- the end of");
  expect(repeated).toMatch(/--- the end of: rustfmt.*not a git repository.*\n +FAILED .*rustfmt/s);
});

test("the last line of the summary counts the rows", () => {
  const row = (result: "passed" | "FAILED" | "NOT RUN") => ({ name: "a row", result, seconds: 1, why: "" });
  const passed = [row("passed"), row("passed")];
  expect(summary(passed).at(-1)).toBe("2 passed, 0 failed");
  expect(summary([...passed, row("FAILED"), row("NOT RUN")]).at(-1)).toBe("2 passed, 1 failed, 1 skipped");
});

test.each<[string, string, NodeJS.ProcessEnv, string]>([
  ["a row that fails", "rustfmt", { GIT_DIR: "nowhere" }, "1 passed, 1 failed"],
  ["a set-up without a Rust that it could find or get", "rustfmt", { PATH: "" }, "0 passed, 1 failed"],
  ["a word that is in no row's name", "no such row", {}, "0 passed, 1 failed"],
])("%s makes the command fail", (_, only, more, last) => {
  const args = ["scripts/test.mjs", "quick", `--only=${only}`];
  const env = { ...process.env, ...more };
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env });
  expect(status).toBe(1);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe(last);
});
