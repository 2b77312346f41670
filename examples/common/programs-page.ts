// A page that runs programs on a machine in guest memory, a slice of instructions a frame, and shows what they print, the
// memory map, and which pages were written.

import type { GuestMemory } from "guest-memory";

/** The number of instructions in a frame: a few milliseconds' worth. */
const SLICE = 100_000;

/** A machine with a program in it. */
export interface Loaded {
  readonly guestMemory: GuestMemory;
  /** Runs up to a number of instructions; fewer if the program comes to its end. @returns the number of instructions run */
  run(instructions: number): number;
  /** The program's output so far. */
  text(): string;
}

/** Loads bytes that lie beside a module. */
export const fetchBytes = async (url: URL) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/**
 * Runs the first program, and then the one that the reader chooses. A program that was running ends then.
 *
 * @param titles each program's name, and a line about it
 * @param load makes a new machine for a program
 */
export function offerPrograms<N extends string>(titles: Record<N, string>, load: (name: N) => Promise<Loaded>): void {
  const state = element("#state", HTMLElement);
  const choice = element("select", HTMLSelectElement);
  for (const [name, title] of Object.entries(titles)) choice.add(new Option(`${name}: ${title}`, name));
  let current = 0;
  const form = element("#start", HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const mine = ++current;
    show("#screen", "");
    state.textContent = `${choice.value} is starting.`;
    start(choice.value as N, () => mine === current).catch((error) => {
      state.textContent = `Failed: ${error instanceof Error ? error.message : error}`;
    });
  });
  form.requestSubmit();

  async function start(name: N, isCurrent: () => boolean): Promise<void> {
    const loaded = await load(name);
    const { guestMemory } = loaded;
    const pages = document.querySelector("#pages"); // on a page that shows them
    const written = guestMemory.dirty.client("page");
    show("#map", guestMemory.tree());
    let instructions = 0;
    try {
      for (let ran = SLICE; ran === SLICE && isCurrent(); instructions += ran) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        ran = loaded.run(SLICE);
        show("#screen", loaded.text());
        if (pages !== null) pages.textContent = written.collect().map(range).join(", ");
        state.textContent = `${name} is running.`;
      }
    } finally {
      guestMemory.dispose();
    }
    if (isCurrent()) {
      state.textContent = `${name} has ended, after ${instructions.toLocaleString("en-US")} instructions.`;
    }
  }
}

const range = ([start, length]: readonly [number, number]) =>
  `${start.toString(16).padStart(4, "0")}-${(start + length - 1).toString(16).padStart(4, "0")}`;

function element<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const show = (selector: string, text: string) => {
  element(selector, HTMLElement).textContent = text;
};
