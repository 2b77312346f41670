// trs80-emulator, a home computer that fetches each byte of an instruction through its map. It has no bound.
import { compareSpeed, measuresSpeed } from "../../examples/trs80/speed.ts";
import { measure } from "./emulator.ts";

await measure({ name: "trs80-emulator", programs: ["tour", "sort", "sieve"], compareSpeed, measuresSpeed });
