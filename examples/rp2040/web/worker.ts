// The machine, away from the page's thread: it runs for a while, tells what happened, and goes on.

import { GuestMemory } from "guest-memory";
import { loadFirmware } from "../firmware.ts";
import { BOOT_ROM, FLASH, Machine, RANGES, SRAM } from "../machine.ts";
import { load, run } from "../run.ts";
import type { FromWorker, Start } from "./protocol.ts";

const SLICE = 20; // milliseconds
const FIRST_SLICE = 10_000; // instructions: the machine's speed is not known yet

// One program a worker: the page ends a worker to stop its program.
addEventListener("message", ({ data }: MessageEvent<Start>) => {
  start(data).then(
    () => send({ type: "ended" }),
    (error) => send({ type: "ended", error: String(error) }),
  );
});

function send(message: FromWorker): void {
  postMessage(message);
}

async function start({ program, rounds, limit }: Start): Promise<void> {
  const firmware = await loadFirmware(program, async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer()));
  const memory = await GuestMemory.fromRanges(RANGES);
  const machine = new Machine(memory);
  let text = "";
  load(machine, firmware, rounds, (character) => {
    text += character;
  });
  const dirty = memory.dirty.client("page");
  send({
    type: "loaded",
    regions: [BOOT_ROM, FLASH, SRAM],
    ranges: [
      [BOOT_ROM.start, firmware.bootRom.byteLength],
      [FLASH.start, firmware.image.byteLength],
    ],
  });

  let slice = Math.min(FIRST_SLICE, (limit * SLICE) / 1000);
  let last = performance.now();
  while (!machine.core.waiting) {
    const began = performance.now();
    const instructions = run(machine, slice);
    const ran = performance.now() - began;
    const early = (1000 * instructions) / limit - ran;
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const now = performance.now();
    send({ type: "progress", text, written: dirty.collect(), instructions, time: now - last });
    text = "";
    last = now;
    slice = Math.ceil(Math.min((instructions * SLICE) / Math.max(ran, 0.1), (limit * SLICE) / 1000));
  }
  memory.dispose();
}
