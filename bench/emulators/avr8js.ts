// avr8js, a microcontroller whose memory is an array.
import { compareSpeed, measuresSpeed } from "../../examples/avr8js/speed.ts";
import { measure } from "./emulator.ts";

await measure({
  name: "avr8js",
  programs: ["tour", "sort", "sieve"],
  least: { program: 97, mean: 97 },
  compareSpeed,
  measuresSpeed,
});
