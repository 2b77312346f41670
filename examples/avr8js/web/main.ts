// The page: each program on its own board, and its output.

import { fetchBytes, offerPrograms } from "../../common/programs-page.ts";
import { Board } from "../board.ts";
import { GuestCpu } from "../cpu.ts";
import { loadProgram, TITLES } from "../programs.ts";

offerPrograms(TITLES, async (name) => {
  const cpu = await GuestCpu.create();
  const board = new Board(cpu);
  board.load((await loadProgram(name, fetchBytes)).image, 1);
  return {
    guestMemory: cpu.guestMemory,
    run: (instructions) => board.run(instructions),
    text: () => board.output,
  };
});
