#!/usr/bin/env -S node --no-incremental-marking
// Runs a wasm32-wasip1 program on Node's WASI. cargo calls it with the path of a test's .wasm and the test's arguments.
// The flag: in Node 20 (V8 11.3) a collection that marked in steps and ends inside `memory.grow`, called by the program's
// own start, crashes the process (40 of 40 runs of the core's tests; none with the flag).
import { readFile } from "node:fs/promises";

// Node says on every start that WASI is experimental; cargo's output is easier to read without it.
process.removeAllListeners("warning");
const { WASI } = await import("node:wasi");

const [program = "", ...args] = process.argv.slice(2);
// A panic ends the whole program, and the output that the harness has captured would be lost.
const env = { ...process.env, RUST_TEST_NOCAPTURE: "1" };
const wasi = new WASI({ version: "preview1", args: [program, ...args], env, returnOnExit: true });
const module = await WebAssembly.compile(await readFile(program));
const imports = /** @type {WebAssembly.Imports} */ (wasi.getImportObject());
const instance = await WebAssembly.instantiate(module, imports);
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  console.error(error); // a panic aborts: it arrives as a trap
  process.exitCode = 101;
}
