// Optimises pkg/'s module: cuts the code that only writes a panic's text, and runs Binaryen's passes.
//
// A panic in pkg/'s module is a trap: the text goes to the standard error stream, which WebAssembly in a page does not have.
// The code that makes the text is 7 of 107 KiB all the same, because tables of functions hold it.
import binaryen from "binaryen";

/** The functions that a panic ends in. None of them returns. */
const PANICS = /::panicking::|::unwrap_failed|::handle_error|::slice_index_fail|::assert_failed/;
/** The functions that make text of values. */
const TEXT = /::fmt::/;

/**
 * @param {Uint8Array} wasm with the names of its functions
 * @returns {Uint8Array} without names
 */
export function optimise(wasm) {
  const module = binaryen.readBinary(wasm);
  const functions = [...Array(module.getNumFunctions()).keys()].map((index) => {
    return binaryen.getFunctionInfo(module.getFunctionByIndex(index));
  });
  const cut = functions.filter(({ name, module }) => module === "" && (PANICS.test(name) || TEXT.test(name)));
  if (cut.length === 0) throw new Error("The module has no names, or no panic: nothing would be cut.");
  for (const { name, body } of functions.filter((one) => one.module === "" && !cut.includes(one))) {
    const call = /call \$"?[^\n]*::fmt::/.exec(binaryen.emitText(body));
    if (call) throw new Error(`${name} makes text outside a panic, which would trap: ${call[0]}`);
  }
  for (const { name, params, results } of cut) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  module.optimize();
  module.optimize(); // the second time finds what the first one has opened: 1 % less
  module.runPasses(["strip-producers", "strip-target-features"]);
  const optimised = module.emitBinary();
  module.dispose();
  return optimised;
}
