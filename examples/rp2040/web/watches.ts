// The watchpoints that the reader has set, and the accesses that they have seen.

import { hexadecimal } from "./hexadecimal.ts";
import type { EndWatch, Progress, Seen, SetWatch } from "./protocol.ts";

const KEPT = 200; // lines of events

export class Watches {
  readonly #form: HTMLFormElement;
  readonly #list: HTMLElement;
  readonly #events: HTMLElement;
  readonly #tell: (message: SetWatch | EndWatch) => void;
  readonly #set = new Map<number, { watch: SetWatch; count: HTMLElement; total: number }>();
  #nextId = 1;

  /** @param tell sends to the worker */
  constructor(root: ParentNode, tell: (message: SetWatch | EndWatch) => void) {
    this.#form = root.querySelector("#watch") as HTMLFormElement;
    this.#list = root.querySelector("#watches") as HTMLElement;
    this.#events = root.querySelector("#events") as HTMLElement;
    this.#tell = tell;
    // A browser does not submit a form with an invalid field, so a refusal ends when the reader changes something.
    this.#form.addEventListener("input", () => {
      for (const name of ["address", "write"]) this.#field(name).setCustomValidity("");
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  /** Puts an address into the form. */
  propose(address: number): void {
    this.#field("address").value = hexadecimal(address);
  }

  /** Sets all watches in a new worker, which has seen nothing yet. */
  setAll(): void {
    this.#events.replaceChildren();
    for (const entry of this.#set.values()) {
      entry.total = 0;
      entry.count.textContent = "0";
      this.#tell(entry.watch);
    }
  }

  show({ seen, counts }: Progress): void {
    for (const [id, count] of counts) {
      const entry = this.#set.get(id);
      if (entry === undefined) continue;
      entry.total += count;
      entry.count.textContent = entry.total.toLocaleString("en-US");
    }
    const lines = seen.map((access) => {
      const line = document.createElement("li");
      line.textContent = describe(access);
      return line;
    });
    this.#events.prepend(...lines.reverse());
    while (this.#events.childElementCount > KEPT) this.#events.lastElementChild?.remove();
  }

  #add(): void {
    const kinds = { read: this.#field("read").checked, write: this.#field("write").checked };
    const field = this.#field("address");
    const address = Number(field.value);
    const wrong = !Number.isInteger(address) || address < 0 || address > 0xffff_ffff;
    field.setCustomValidity(wrong ? "an address, such as 0x20000000" : "");
    this.#field("write").setCustomValidity(kinds.read || kinds.write ? "" : "reads, writes, or both");
    if (!this.#form.reportValidity()) return;
    const length = Number(this.#field("length").value);
    const watch: SetWatch = { type: "watch", id: this.#nextId++, address, length, ...kinds };
    this.#list.append(this.#row(watch));
    this.#tell(watch);
  }

  #row(watch: SetWatch): HTMLElement {
    const { id, address, length, read, write } = watch;
    const [row, count, end] = [
      document.createElement("li"),
      document.createElement("output"),
      document.createElement("button"),
    ];
    const kinds = [read ? "reads" : "", write ? "writes" : ""].filter(Boolean).join(", ");
    count.textContent = "0";
    end.type = "button";
    end.textContent = "End";
    end.setAttribute("aria-label", `End the watch at ${hexadecimal(address)}`);
    end.addEventListener("click", () => {
      this.#set.delete(id);
      this.#tell({ type: "unwatch", id });
      row.remove();
    });
    row.append(`${hexadecimal(address)}, ${length} ${length === 1 ? "byte" : "bytes"}, ${kinds}: `, count, end);
    this.#set.set(id, { watch, count, total: 0 });
    return row;
  }

  #field(name: string): HTMLInputElement {
    const field = this.#form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) return field;
    throw new Error(`the form has no ${name}`);
  }
}

function describe({ kind, address, size, value, oldValue }: Seen): string {
  const text = (value: number) => `0x${value.toString(16).padStart(2 * size, "0")}`;
  const was = oldValue === undefined ? "" : `, was ${text(oldValue)}`;
  return `${kind} of ${size} at ${hexadecimal(address)}: ${text(value)}${was}`;
}
