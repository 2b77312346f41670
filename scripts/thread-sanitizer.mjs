// Runs crate/tests/threads under ThreadSanitizer. It must report the race that is there on purpose, and no other.
// Usage: node scripts/thread-sanitizer.mjs <arguments for cargo test>
import { spawnSync } from "node:child_process";
import { run } from "./process.mjs";
import { nightly, root } from "./toolchain.mjs";

const target = "x86_64-unknown-linux-gnu";
const args = [`+${nightly}`, "test", "-Zbuild-std", "--target", target, "--test", "threads", ...process.argv.slice(2)];
/** In this test a discard zeroes, by plain stores, pages that another thread writes by plain copies: both as documented. */
const racy = "pages::an_access_never_reaches_pages_that_were_discarded";
const env = {
  ...process.env,
  RUSTFLAGS: "-Zsanitizer=thread", // for the standard library too, because the sanitizer must see how it makes threads wait
  // The longest history, because a race is reported only while the other thread's access is in it.
  TSAN_OPTIONS: "halt_on_error=1 history_size=7",
};

try {
  run("cargo", [...args, "--", "--skip", racy], { cwd: root, env });
  const race = [...args, "--", "--ignored", "--exact", "values::plain_accesses_race"];
  const { status, stderr } = spawnSync("cargo", race, { cwd: root, env, encoding: "utf8" });
  if (status === 0 || !stderr.includes("ThreadSanitizer: data race"))
    throw new Error("A race on purpose was not reported: the tests above have shown nothing.");
  console.log("A race on purpose is reported.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
