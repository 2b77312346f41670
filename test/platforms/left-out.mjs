// What the core's suite has on this machine and not on another platform: exactly the tests named here, each with its
// reason. A test that is missing for no reason given is an error, and so is a reason that no longer holds.
// Usage: node test/platforms/left-out.mjs <target> <more arguments for cargo test>
import { capture } from "../../scripts/process.mjs";
import { root } from "../../scripts/toolchain.mjs";

const descriptors = [
  "io::fd::tests::a_socket_carries_what_the_memory_holds",
  "io::fd::tests::after_a_failed_read_nobody_knows_what_was_written",
  "io::fd::tests::no_bytes_go_to_standard_output",
];

/** @type {Record<string, Record<string, string[]>>} */
const leftOut = {
  "wasm32-wasip1": {
    "starts threads, or ends one by a panic": [
      "atomic::tests::after_a_panic_the_guard_is_in_the_error",
      "bitmap::backend::atomic_bitmap::tests::no_mark_is_lost_between_threads",
      "volatile_memory::access::tests::an_aligned_value_is_never_torn",
    ],
    "must panic, which ends a program in Wasm": [
      "address::tests::alignment_to_no_power_of_two_is_refused",
      "address::tests::alignment_to_zero_is_refused",
      "volatile_memory::array::tests::an_element_outside_the_array_is_refused",
    ],
    "opens files, and the core has none in Wasm": [
      "guest_memory::file_offset::tests::a_position_shares_its_file",
      "mmap::tests::files::a_mapped_file_is_shared",
      "mmap::tests::files::a_position_that_no_file_has_is_refused",
      "mmap::tests::files::one_file_mapped_twice_overlaps_or_not",
    ],
    "uses Unix' file descriptors": descriptors,
  },
  // The streams that Windows has instead have tests of their own, in io/stream.rs.
  "x86_64-pc-windows-gnu": { "uses Unix' file descriptors": descriptors },
};

const [target = "", ...more] = process.argv.slice(2);
const reasons = leftOut[target];
if (reasons === undefined) throw new Error(`${target} is none of ${Object.keys(leftOut).join(", ")}`);

/** @param {string[]} last @returns {string[]} what `cargo test` prints */
function cargoTest(...last) {
  const args = ["test", ...more, ...last];
  const lines = capture("cargo", args, { cwd: root })?.split(/\r?\n/);
  if (lines === undefined) throw new Error(`cargo ${args.join(" ")} fails`);
  return lines;
}

/** @param {string[]} lines @param {RegExp} pattern with the name as its group (on Windows it may be a path) */
const names = (lines, pattern) => lines.flatMap((line) => pattern.exec(line)?.[1]?.replaceAll("\\", "/") ?? []);

const listed = /^(.+): test$/;
const on = `--target=${target}`;
// Which tests must panic and are ignored for it is not in the list: only a run tells.
const ignored = names(cargoTest(on), /^test (.+?)(?: - should panic)? \.\.\. ignored$/);
const there = new Set(names(cargoTest(on, "--", "--list"), listed).filter((name) => !ignored.includes(name)));
const missing = names(cargoTest("--", "--list"), listed).filter((name) => !there.has(name));
console.log(`${there.size} tests run on ${target}, ${missing.length} do not:`);
for (const [reason, tests] of Object.entries(reasons)) for (const name of tests) console.log(`  ${name}: ${reason}`);

const known = Object.values(reasons).flat();
const unknown = missing.filter((name) => !known.includes(name));
const outdated = known.filter((name) => !missing.includes(name));
for (const name of unknown) console.log(`  ${name}: MISSING, and no reason is given in test/platforms/left-out.mjs`);
for (const name of outdated) console.log(`  ${name}: NOT missing, or no test at all`);
if (unknown.length + outdated.length > 0 || there.size === 0) process.exitCode = 1;
