// The machine, in a worker of the page: it runs for a while, reports to the page, answers its questions, and goes on.

import type { GuestMemory, Watch } from "guest-memory";
import { type Firmware, loadFirmware } from "../firmware.ts";
import { Machine } from "../machine.ts";
import { BOOT_ROM, FLASH } from "../map.ts";
import { load, run } from "../run.ts";
import type { FromWorker, Look, Seen, SetWatch, Start, ToWorker } from "./protocol.ts";

const SLICE = 20; // milliseconds
const FIRST_SLICE = 10_000; // instructions: the machine's speed is not known yet
const SEEN_AT_ONCE = 50; // accesses that are told of with one message

/** The machine, once it is loaded. */
let ready: Promise<Machine>;
let text = "";
let stopped = false;
const watches = new Map<number, Watch>();
let seen: Seen[] = [];
let counts = new Map<number, number>();

// A worker runs one program. The page makes a new worker for another program.
addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "start") {
    ready = prepare(data);
    ready
      .then((machine) => runToEnd(machine, data.limit))
      .then(
        () => send({ type: "ended" }),
        (error) => send({ type: "ended", error: String(error) }),
      );
  } else if (data.type === "stop") stopped = true;
  else {
    ready.then(({ memory }) => {
      if (data.type === "look") look(memory, data);
      else if (data.type === "watch") watch(memory, data);
      else watches.get(data.id)?.dispose();
    });
  }
});

function send(message: FromWorker): void {
  postMessage(message);
}

async function prepare({ program, rounds }: Start): Promise<Machine> {
  const read = async (url: URL) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const firmware: Firmware = await loadFirmware(program, read);
  const machine = await Machine.create();
  load(machine, firmware, rounds, (character) => {
    text += character;
  });
  send({
    type: "loaded",
    map: machine.memory.toJSON(),
    ranges: [
      [BOOT_ROM.start, firmware.bootRom.byteLength],
      [FLASH.start, firmware.image.byteLength],
    ],
  });
  return machine;
}

async function runToEnd(machine: Machine, limit: number): Promise<void> {
  const dirty = machine.memory.dirty.client("page");
  let slice = Math.min(FIRST_SLICE, (limit * SLICE) / 1000);
  let last = performance.now();
  while (!machine.core.waiting) {
    await nextTurn(); // the page's questions come in between
    if (stopped) return;
    const began = performance.now();
    const instructions = run(machine, slice);
    const ran = performance.now() - began;
    const early = (1000 * instructions) / limit - ran;
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const now = performance.now();
    const time = now - last;
    send({ type: "progress", text, written: dirty.collect(), instructions, time, seen, counts: [...counts] });
    text = "";
    [seen, counts] = [[], new Map()];
    last = now;
    slice = Math.ceil(Math.min((instructions * SLICE) / Math.max(ran, 0.1), (limit * SLICE) / 1000));
  }
}

/** As a timer of 0 ms, which browsers make 4 ms once there were some. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

function look(memory: GuestMemory, { address, length }: Look): void {
  send({ type: "bytes", address, ...memory.peek(address, length) });
}

function watch(memory: GuestMemory, { id, address, length, read, write }: SetWatch): void {
  const tell = memory.watch(address, length, { read, write }, ({ kind, address, size, value, oldValue }) => {
    counts.set(id, (counts.get(id) ?? 0) + 1);
    if (seen.length === SEEN_AT_ONCE) seen.shift();
    const old = oldValue === undefined ? {} : { oldValue: Number(oldValue) };
    seen.push({ id, kind, address, size, value: Number(value), ...old });
  });
  watches.set(id, tell);
}
