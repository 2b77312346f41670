// Runs the fuzzer of crate/fuzz for a number of runs, from the committed corpus. Inputs that reach new code go into
// .cache/fuzz/found, inputs that fail into crate/fuzz/artifacts. A failing input is then renamed after the fault that it
// shows, and added to the corpus.
// The rest of the corpus is the few files that together reach every line of both crates that the fuzzer ever reached.
// Usage: node scripts/fuzz.mjs <runs>
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.mjs";
import { findTool, fuzzer, nightly, root } from "./toolchain.mjs";

const folder = join(root, "crate", "fuzz");
const corpus = join(folder, "corpus", "sameness");
const found = join(root, ".cache", "fuzz", "found");

/** @param {string[]} args folders, and options of libFuzzer's */
function fuzz(...args) {
  const bin = findTool(fuzzer);
  if (bin === undefined) throw new Error(`${fuzzer.command} ${fuzzer.version} is missing: run \`npm run setup\`.`);
  const folders = args.filter((arg) => !arg.startsWith("-"));
  const options = args.filter((arg) => arg.startsWith("-"));
  const where = ["--fuzz-dir", folder, "--target-dir", join(root, "target", "fuzz"), "--features", "libfuzzer"];
  const env = { ...process.env, RUSTUP_TOOLCHAIN: nightly };
  const what = ["sameness", ...folders, "--", ...options, "-max_len=1500", "-verbosity=0"];
  run(join(bin, fuzzer.command), ["run", ...where, ...what], { cwd: root, env });
}

try {
  const [runs = "20000"] = process.argv.slice(2);
  mkdirSync(found, { recursive: true });
  fuzz(found, corpus, `-runs=${runs}`, "-print_final_stats=1");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
