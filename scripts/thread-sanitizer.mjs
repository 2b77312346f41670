// Runs crate/tests/threads.rs under ThreadSanitizer: no report, and one for the race that is there on purpose.
// Usage: node scripts/thread-sanitizer.mjs <arguments for cargo test>
import { spawnSync } from "node:child_process";
import { run } from "./process.mjs";
import { nightly, root } from "./toolchain.mjs";

const target = "x86_64-unknown-linux-gnu";
const args = [`+${nightly}`, "test", "-Zbuild-std", "--target", target, "--test", "threads", ...process.argv.slice(2)];
const env = {
  ...process.env,
  RUSTFLAGS: "-Zsanitizer=thread", // in the standard library too: what that does to make threads wait must be seen
  // The longest history: a race is not reported if what the other thread did has left it.
  TSAN_OPTIONS: "halt_on_error=1 history_size=7",
};

try {
  run("cargo", args, { cwd: root, env });
  const race = [...args, "--", "--ignored", "--exact", "plain_accesses_race"];
  const { status, stderr } = spawnSync("cargo", race, { cwd: root, env, encoding: "utf8" });
  if (status === 0 || !stderr.includes("ThreadSanitizer: data race"))
    throw new Error("A race on purpose was not reported: the tests above have shown nothing.");
  console.log("A race on purpose is reported.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
