// Each race turns a model of threads red.
import { everyFaultIsSeen } from "./copy.ts";
import { mutants } from "./mutants.mjs";

everyFaultIsSeen(
  "models",
  mutants.models,
  (copy) => [copy.models()],
  (copy, { cargo }) => copy.models(cargo),
);
