// rp2040js, an ARM Cortex-M0+ with all its peripherals: the design's figure.
import { compareSpeed, measuresSpeed } from "../../examples/rp2040/speed.ts";
import { measure } from "./emulator.ts";

await measure({
  name: "rp2040js",
  programs: ["tour", "sort", "interpreter"],
  least: { program: 97, mean: 100 },
  compareSpeed,
  measuresSpeed,
});
