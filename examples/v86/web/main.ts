// The page: loads the files, boots the machine, and shows its console and its memory.

import { plain } from "../console.ts";
import { Machine } from "../machine.ts";
import { createMemory, find } from "../memory.ts";
import { fetchFiles } from "./files.ts";
import { HexView, hexadecimal } from "./hex-view.ts";

const REFRESH_TIME = 200; // milliseconds between two looks at the guest
const CONSOLE_LIMIT = 40_000; // characters that are shown

function element<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const state = element("#state", HTMLElement);
const progress = element("#progress", HTMLProgressElement);
const output = element("#console", HTMLPreElement);
const answer = element("#answer", HTMLElement);

/** Calls `act` each time a form is sent, and shows the error that it throws. */
function onSubmit(selector: string, act: (values: FormData) => void): void {
  const form = element(selector, HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      act(new FormData(form));
    } catch (error) {
      answer.textContent = String(error);
    }
  });
}

/** Adds to the console, which follows its end unless the reader has scrolled away from it. */
function print(text: string): void {
  if (text === output.textContent) return;
  const follows = output.scrollHeight - output.scrollTop - output.clientHeight < 4;
  output.textContent = text;
  if (follows) output.scrollTop = output.scrollHeight;
}

async function start(): Promise<void> {
  const files = await fetchFiles((share) => {
    progress.value = share;
  });
  const machine = await Machine.create(files);
  const memory = await createMemory(machine);
  const address = element("#look [name=address]", HTMLInputElement);
  const view = new HexView(element("#hex", HTMLPreElement), memory);
  const growths = element("#growths", HTMLElement);
  element("#map", HTMLPreElement).textContent = memory.tree();

  const refresh = () => {
    print(plain(machine.console.text.slice(-CONSOLE_LIMIT)));
    growths.textContent = String(machine.growths);
    if (address.validity.valid) view.show(Number(address.value));
    view.draw();
  };
  setInterval(refresh, REFRESH_TIME);

  onSubmit("#command", (values) => machine.console.type(String(values.get("line"))));
  onSubmit("#look", (values) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setUint32(0, Number(values.get("word")), true);
    const to = Number(values.get("address"));
    memory.poke(to, new Uint8Array(word.buffer));
    answer.textContent = `${values.get("word")} is written to ${values.get("address")}.`;
    refresh();
  });
  onSubmit("#find", (values) => {
    const text = String(values.get("text"));
    const found = find(memory, new TextEncoder().encode(text));
    answer.textContent = found < 0 ? `"${text}" is nowhere in memory.` : `"${text}" is at ${hexadecimal(found)}.`;
    if (found >= 0) address.value = hexadecimal(found - (found % 16));
    refresh();
  });

  progress.removeAttribute("value");
  state.textContent = "Linux boots: some 10 seconds, in WebKit a minute or more.";
  await machine.start();
  await machine.console.ready();
  progress.hidden = true;
  state.textContent = "Linux runs.";
  for (const button of document.querySelectorAll("button")) button.disabled = false;
}

start().catch((error) => {
  progress.hidden = true;
  state.textContent = `Failed: ${error}`;
});
