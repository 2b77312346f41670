// Runs the fuzzer of crate/fuzz for some seconds, from the corpus that is committed. What it finds interesting goes into
// .cache/fuzz; what fails, into crate/fuzz/artifacts.
// Usage: node scripts/fuzz.mjs <seconds> [--keep]    (--keep: then make the smallest corpus of both that covers as much)
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.mjs";
import { findTool, fuzzer, nightly, root } from "./toolchain.mjs";

const folder = join(root, "crate", "fuzz");
const corpus = join(folder, "corpus", "sameness");
const found = join(root, ".cache", "fuzz");

/** @param {string} command @param {...string} more */
function fuzz(command, ...more) {
  const bin = findTool(fuzzer);
  if (bin === undefined) throw new Error(`${fuzzer.command} ${fuzzer.version} is missing: run \`npm run setup\`.`);
  const env = { ...process.env, RUSTUP_TOOLCHAIN: nightly };
  const args = [command, "--fuzz-dir", folder, "--features", "libfuzzer", "sameness", ...more];
  run(join(bin, fuzzer.command), args, { cwd: root, env });
}

try {
  const [seconds = "30", keep] = process.argv.slice(2);
  mkdirSync(found, { recursive: true });
  fuzz(
    "run",
    found,
    corpus,
    "--",
    `-max_total_time=${seconds}`,
    "-max_len=1500",
    "-verbosity=0",
    "-print_final_stats=1",
  );
  if (keep === "--keep") {
    fuzz("run", corpus, found, "--", "-merge=1");
    fuzz("cmin", corpus);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
