// The page: a driver for each device, their queues in guest memory, and the attacks.

import { run } from "../arena.ts";
import { ATTACKS } from "../attacks.ts";
import { type Devices, loadDevices } from "../device.ts";
import type { Driver } from "../driver.ts";
import { Machine } from "../machine.ts";
import { DESCRIPTOR_SIZE, NEXT, WRITE } from "../virtqueue.ts";

function element<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const state = element("#state", HTMLElement);
const hexadecimal = (value: number) => `0x${value.toString(16)}`;

/** Calls `act` each time a form is sent, and shows the error that it throws. */
function onSubmit(selector: string, act: (values: FormData) => void): void {
  const form = element(selector, HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      act(new FormData(form));
      state.textContent = "Ready.";
    } catch (error) {
      state.textContent = `Failed: ${error instanceof Error ? error.message : error}`;
    }
  });
}

/** A row of cells. The first cell names the row. */
function row(...texts: string[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  for (const text of texts) row.insertCell().textContent = text;
  return row;
}

/** Shows a queue, as it lies in guest memory. */
function showQueue(selector: string, { queue }: Driver): void {
  const { memory, layout } = queue;
  const table = document.createElement("table");
  table.createTHead().append(row("", "address", "length", "flags"));
  const body = table.createTBody();
  for (let index = 0; index < layout.size; index++) {
    const at = layout.descriptors + DESCRIPTOR_SIZE * index;
    const length = memory.readUint32(at + 8);
    if (length === 0) continue; // never used
    const flags = memory.readUint16(at + 12);
    const next = flags & NEXT ? `next is ${memory.readUint16(at + 14)}` : "";
    const words = [flags & WRITE ? "device writes" : "device reads", next].filter((word) => word !== "");
    body.append(row(String(index), hexadecimal(Number(memory.readBigUint64(at))), String(length), words.join(", ")));
  }
  const indices = document.createElement("p");
  const [available, used] = [layout.available, layout.used].map((ring) => memory.readUint16(ring + 2));
  indices.textContent =
    `${layout.size} descriptors at ${hexadecimal(layout.descriptors)}; available ring at ` +
    `${hexadecimal(layout.available)}, index ${available}; used ring at ${hexadecimal(layout.used)}, index ${used}`;
  element(selector, HTMLElement).replaceChildren(indices, table);
}

const dump = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Runs every attack on one of the devices. */
function attack({ Entropy, Console, Status }: Devices, device: FormDataEntryValue | null): void {
  const isConsole = device === "console";
  const rows = ATTACKS.map((attack) => {
    const { status, changed } = run(attack, isConsole ? 0 : WRITE, ({ handle }) =>
      isConsole ? new Console(handle, { write: () => {} }) : new Entropy(handle, crypto),
    );
    const answer = Status[status] ?? String(status);
    const shown = row(attack.name, answer, String(changed.length));
    shown.dataset.good = String(answer === attack.answer && changed.length === 0);
    return shown;
  });
  element("#results", HTMLElement).replaceChildren(...rows);
}

async function start(): Promise<void> {
  const devices = await loadDevices();
  const output = element("#output", HTMLElement);
  const machine = new Machine(devices, (text) => output.append(text));
  const random = element("#random", HTMLElement);
  onSubmit("#entropy", (values) => {
    random.textContent = dump(machine.random(Number(values.get("length"))));
    showQueue("#entropy-queue", machine.entropy);
  });
  onSubmit("#console", (values) => {
    machine.print(`${values.get("text")}\n`);
    output.scrollTop = output.scrollHeight;
    showQueue("#console-queue", machine.console);
  });
  onSubmit("#attacks", (values) => attack(devices, values.get("device")));
  for (const form of document.forms) form.requestSubmit();
}

start().catch((error) => {
  state.textContent = `Failed: ${error}`;
});
