// Each fault of the core turns a native test red.
import { ALL, everyFaultIsSeen } from "./copy.ts";
import { mutants } from "./mutants.mjs";

everyFaultIsSeen(
  "core",
  [...mutants.core, ...mutants.backends],
  (copy, list) => [...new Set(list.map(({ features = ALL }) => features))].map((features) => copy.cargo(features)),
  (copy, { features = ALL, cargo }) => copy.cargo(features, cargo),
);
