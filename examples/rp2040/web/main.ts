// The page: starts the worker, shows its messages, and asks it for the bytes that the reader wants to see.

import { PROGRAMS, type Program, TITLES } from "../firmware.ts";
import { MEMORIES } from "../map.ts";
import { Inspector } from "./inspector.ts";
import { MemoryMap } from "./memory-map.ts";
import type { FromWorker, Progress, Start, ToWorker } from "./protocol.ts";
import { Watches } from "./watches.ts";

const CONSOLE_LIMIT = 40_000; // characters that are kept
const SPEED_TIME = 500; // milliseconds that one figure of the speed covers

function element<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const controls = element("#controls", HTMLFormElement);
const stop = element("#stop", HTMLButtonElement);
const output = element("#console", HTMLPreElement);
const state = element("#state", HTMLElement);
const speed = element("#speed", HTMLElement);
const total = element("#instructions", HTMLElement);
const written = element("#written", HTMLElement);
const map = new MemoryMap(element("#map", HTMLElement));
const tell = (message: ToWorker) => worker?.postMessage(message);
const watches = new Watches(document, tell);
const inspector = new Inspector(document, tell, (address) => watches.propose(address));

/** The worker of the last program, which answers as long as there is no other. */
let worker: Worker | undefined;
let running = false;
let shown = "";
let instructions = 0;
let recent = { instructions: 0, time: 0 };

const programs = element("#controls [name=program]", HTMLSelectElement);
programs.append(...PROGRAMS.map((program) => new Option(`${program}: ${TITLES[program]}`, program)));

controls.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
stop.addEventListener("click", () => {
  tell({ type: "stop" });
  end("stopped");
});

function start(): void {
  worker?.terminate();
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => receive(data));
  worker.addEventListener("error", ({ message }) => end(`failed: ${message}`));
  const values = new FormData(controls);
  const message: Start = {
    type: "start",
    program: values.get("program") as Program,
    rounds: Number(values.get("rounds")),
    limit: Number(values.get("limit")),
  };
  tell(message);
  watches.setAll();
  running = true;
  instructions = 0;
  recent = { instructions: 0, time: 0 };
  shown = "";
  output.textContent = "";
  state.textContent = "starting";
  stop.disabled = false;
}

function end(why: string): void {
  running = false;
  state.textContent = why;
  stop.disabled = true;
}

function receive(message: FromWorker): void {
  if (message.type === "loaded") {
    map.reset(MEMORIES, message.ranges);
    inspector.showMap(message.map);
    state.textContent = "running";
  } else if (message.type === "bytes") inspector.showBytes(message);
  else if (!running)
    return; // a message that was on its way when the program was stopped
  else if (message.type === "progress") show(message);
  else end(message.error === undefined ? "done" : `failed: ${message.error}`);
}

function show(progress: Progress): void {
  print(progress.text);
  map.markWritten(progress.written);
  inspector.refresh();
  watches.show(progress);
  written.textContent = String(map.writtenPages);
  instructions += progress.instructions;
  total.textContent = instructions.toLocaleString("en-US");
  recent.instructions += progress.instructions;
  recent.time += progress.time;
  if (recent.time < SPEED_TIME && instructions > recent.instructions) return;
  speed.textContent = (recent.instructions / recent.time / 1000).toFixed(1);
  if (recent.time >= SPEED_TIME) recent = { instructions: 0, time: 0 };
}

/** Adds to the console, which follows its end unless the reader has scrolled away from it. */
function print(text: string): void {
  if (text === "") return;
  const follows = output.scrollHeight - output.scrollTop - output.clientHeight < 4;
  shown += text;
  if (shown.length > CONSOLE_LIMIT) shown = shown.slice(shown.indexOf("\n", shown.length - CONSOLE_LIMIT) + 1);
  output.textContent = shown;
  if (follows) output.scrollTop = output.scrollHeight;
}

start();
