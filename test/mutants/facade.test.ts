// Each fault of the facade turns a test red. No build is needed.
import { everyFaultIsSeen, filesOf } from "./copy.ts";
import { mutants } from "./mutants.mjs";

everyFaultIsSeen(
  "facade",
  mutants.facade,
  (copy, list) => [copy.vitest(filesOf(list))],
  (copy, { vitest = [] }) => copy.vitest(vitest),
);
