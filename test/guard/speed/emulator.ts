// One figure of one build on one engine: microseconds of processor time for a million instructions of rp2040js.
// Arguments: the program, and how many million.

import { readFile } from "node:fs/promises";
import { loadFirmware, type Program } from "../../../examples/rp2040/firmware.ts";
import { Machine } from "../../../examples/rp2040/machine.ts";
import { load, run } from "../../../examples/rp2040/run.ts";
import { processorTime } from "./processor-time.ts";

const MILLION = 1_000_000;
const WARM_UP = 5 * MILLION;
const FOREVER = 0xffff_ffff;

const [program, millions] = process.argv.slice(2);
const machine = await Machine.create();
load(machine, await loadFirmware(program as Program, (url) => readFile(url)), FOREVER, () => {});
run(machine, WARM_UP);
const before = process.cpuUsage();
const count = run(machine, Number(millions) * MILLION);
console.log(JSON.stringify({ [`rp2040js, ${program}`]: (processorTime(before) * MILLION) / count }));
