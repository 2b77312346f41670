// The page: each program on its own machine, and its screen.

import { Keyboard } from "trs80-emulator";
import { fetchBytes, offerPrograms } from "../../common/programs-page.ts";
import { Machine } from "../machine.ts";
import { loadProgram, TITLES } from "../programs.ts";
import { load, run } from "../run.ts";
import { TextScreen } from "../screen.ts";

offerPrograms(TITLES, async (name) => {
  const [screen, keyboard] = [new TextScreen(), new Keyboard()];
  const machine = await Machine.create(screen, keyboard);
  load(machine, keyboard, await loadProgram(name, fetchBytes), 1);
  return {
    guestMemory: machine.guestMemory,
    run: (instructions) => run(machine, instructions),
    text: () => screen.text,
  };
});
