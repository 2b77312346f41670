// Each fault of the core that only Wasm has turns a test of the facade red, on a build of its own.
import { everyFaultIsSeen, filesOf } from "./copy.ts";
import { mutants } from "./mutants.mjs";

everyFaultIsSeen(
  "bindings",
  mutants.bindings,
  (copy, list) => {
    copy.wasm();
    return [copy.vitest(filesOf(list))];
  },
  (copy, { vitest = [] }) => {
    copy.wasm();
    return copy.vitest(vitest);
  },
);
