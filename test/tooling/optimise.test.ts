// The module's panics lose the code for their text, and nothing else does.
import binaryen from "binaryen";
import { expect, test } from "vitest";
import { optimise } from "../../scripts/optimise.mjs";

/** A module with a panic, whose text a table of functions holds, and with a function of its own. */
function moduleOf(own: string): Uint8Array {
  binaryen.setDebugInfo(true); // else the names are left out
  const module = binaryen.parseText(`(module
    (memory 1)
    (table 1 funcref)
    (elem (i32.const 0) $<u8_as_core::fmt::Debug>::fmt)
    (global $text (mut i32) (i32.const 0))
    (func $<u8_as_core::fmt::Debug>::fmt (param i32) (global.set $text (local.get 0)))
    (func $core::panicking::panic (call_indirect (param i32) (i32.const 7) (i32.const 0)) (unreachable))
    (func $half (export "half") (param i32) (result i32)
      (if (i32.and (local.get 0) (i32.const 1)) (then (call $core::panicking::panic)))
      ${own}
      (i32.shr_u (local.get 0) (i32.const 1)))
    (export "text" (global $text)))`);
  module.setFeatures(binaryen.Features.All);
  const wasm = module.emitBinary();
  module.dispose();
  binaryen.setDebugInfo(false);
  return wasm;
}

async function exportsOf(wasm: Uint8Array) {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(wasm));
  return instance.exports as unknown as { half(value: number): number; text: WebAssembly.Global };
}

test("a panic is a trap without text, and what does not panic is as before", async () => {
  const before = await exportsOf(moduleOf(""));
  expect(() => before.half(3)).toThrow(WebAssembly.RuntimeError);
  expect(before.text.value).toBe(7);
  const after = await exportsOf(optimise(moduleOf("")));
  expect(() => after.half(3)).toThrow(WebAssembly.RuntimeError);
  expect(after.text.value).toBe(0);
  expect(after.half(8)).toBe(4);
});

test("text that is made outside a panic is refused, as is a module without names", () => {
  const makesText = moduleOf("(call $<u8_as_core::fmt::Debug>::fmt (i32.const 1))");
  expect(() => optimise(makesText)).toThrow("half makes text outside a panic");
  const nameless = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  expect(() => optimise(nameless)).toThrow("no names, or no panic");
});
