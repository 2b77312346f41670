// The page: runs a program on a machine in guest memory, a slice of instructions a frame, and shows the screen and which
// pages were written.

import { Keyboard } from "trs80-emulator";
import { Machine } from "../machine.ts";
import { loadProgram, NAMES, type Name, TITLES } from "../programs.ts";
import { load, run } from "../run.ts";
import { TextScreen } from "../screen.ts";

/** Instructions a frame: a few milliseconds' worth. */
const SLICE = 100_000;

function element<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const state = element("#state", HTMLElement);
const form = element("#start", HTMLFormElement);
const choice = element("select", HTMLSelectElement);
const show = (selector: string, text: string) => {
  element(selector, HTMLElement).textContent = text;
};

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const fetchBytes = async (url: URL) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const range = ([start, length]: readonly [number, number]) =>
  `${start.toString(16).padStart(4, "0")}-${(start + length - 1).toString(16).padStart(4, "0")}`;

/** Runs a program to its end, unless another was started meanwhile. */
async function start(name: Name, isCurrent: () => boolean): Promise<void> {
  const [screen, keyboard] = [new TextScreen(), new Keyboard()];
  const machine = await Machine.create(screen, keyboard);
  const { guestMemory } = machine;
  load(machine, keyboard, await loadProgram(name, fetchBytes), 1);
  const written = guestMemory.dirty.client("page");
  show("#map", guestMemory.tree());
  let instructions = 0;
  for (let ran = SLICE; ran === SLICE && isCurrent(); instructions += ran) {
    await nextFrame();
    ran = run(machine, SLICE);
    show("#screen", screen.text);
    show("#pages", written.collect().map(range).join(", "));
    state.textContent = `${name} is running.`;
  }
  if (isCurrent()) state.textContent = `${name} has ended, after ${instructions.toLocaleString("en-US")} instructions.`;
  guestMemory.dispose();
}

let current = 0;
for (const name of NAMES) choice.add(new Option(`${name}: ${TITLES[name]}`, name));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const mine = ++current;
  start(choice.value as Name, () => mine === current).catch((error) => {
    state.textContent = `Failed: ${error instanceof Error ? error.message : error}`;
  });
});
state.textContent = "Ready.";
