// The core's suite on another platform. It has each test of this machine's there, but for those named here, each with its
// reason: a test that is missing for no reason given is an error, and so is a reason that no longer holds.
// Usage: node test/platforms/run.mjs <target> <more arguments for cargo test>
import { spawnSync } from "node:child_process";
import { root } from "../../scripts/toolchain.mjs";

// An entry is a test's name or, with `::` at its end, a module's: it stands for all that is missing there.
const descriptors = ["model::io::fd::tests::"];

/** The modules of crate/tests/threads. */
const threads = ["maps::", "marks::", "pages::", "values::"];

/** @type {Record<string, Record<string, string[]>>} */
const leftOut = {
  "wasm32-wasip1": {
    "starts threads, or ends one by a panic": [
      "linear::readers::tests::",
      "model::atomic::tests::after_a_panic_the_guard_is_in_the_error",
      "model::bitmap::backend::atomic_bitmap::tests::no_mark_is_lost_between_threads",
      "model::volatile_memory::access::tests::an_aligned_value_is_never_torn",
      ...threads,
    ],
    "must panic, which ends a program in Wasm": [
      "machine::run::tests::an_object_that_is_longer_than_the_run_is_refused",
      "model::address::tests::alignment_to_no_power_of_two_is_refused",
      "model::address::tests::alignment_to_zero_is_refused",
      "model::volatile_memory::array::tests::an_element_outside_the_array_is_refused",
    ],
    "opens files, and the core has none in Wasm": [
      "model::guest_memory::file_offset::tests::a_position_shares_its_file",
      "model::mmap::tests::files::",
    ],
    "uses Unix' file descriptors": descriptors,
  },
  // The streams that Windows has instead have tests of their own, in io/stream.rs.
  "x86_64-pc-windows-gnu": {
    "uses Unix' file descriptors": descriptors,
    "needs a file of 4 GiB with a hole": ["model::mmap::tests::files::a_file_may_be_mapped_past_4_gib"],
  },
};

const [target = "", ...more] = process.argv.slice(2);
const reasons = leftOut[target] ?? {};

/** @param {string[]} last @returns {string[]} the lines that `cargo test` prints; shows them and ends where it fails */
function cargoTest(...last) {
  const options = { cwd: root, encoding: /** @type {const} */ ("utf8"), maxBuffer: 2 ** 28 };
  const { status, stdout, stderr } = spawnSync("cargo", ["test", ...more, ...last], options);
  if (status === 0) return stdout.split(/\r?\n/);
  console.error(`${stdout}${stderr}`);
  process.exit(1);
}

/** @param {string[]} lines @param {RegExp} pattern with the name as its group (on Windows it may be a path) */
const names = (lines, pattern) => lines.flatMap((line) => pattern.exec(line)?.[1]?.replaceAll("\\", "/") ?? []);

const listed = /^(.+): test$/;
const on = `--target=${target}`;
// Which tests must panic and are ignored for it is not in the list: only a run tells.
const ignored = names(cargoTest(on), /^test (.+?)(?: - should panic)? \.\.\. ignored(?:, .+)?$/);
const there = new Set(names(cargoTest(on, "--", "--list"), listed).filter((name) => !ignored.includes(name)));
const ignoredHere = names(cargoTest("--", "--list", "--ignored"), listed);
const here = names(cargoTest("--", "--list"), listed).filter((name) => !ignoredHere.includes(name));
const missing = here.filter((name) => !there.has(name));

/** @param {string} entry a test's name, or a module's */
const covers = (entry) => (/** @type {string} */ name) =>
  name === entry || (entry.endsWith("::") && name.startsWith(entry));
console.log(
  `${there.size} tests passed on ${target}, ${missing.length} are not there${missing.length > 0 ? ":" : "."}`,
);
for (const name of missing) {
  const reason = Object.keys(reasons).find((each) => reasons[each]?.some((entry) => covers(entry)(name)));
  console.log(`  ${name}: ${reason ?? "MISSING, and test/platforms/run.mjs gives no reason"}`);
  if (reason === undefined) process.exitCode = 1;
}
for (const entry of Object.values(reasons).flat()) {
  if (missing.some(covers(entry))) continue;
  console.log(`  ${entry}: NOT missing, or no test at all`);
  process.exitCode = 1;
}
if (there.size === 0) process.exitCode = 1;
