// The bytes as a grid: one cell takes part in the order of Tab, and the arrow keys lead from it to the others.

import { hexadecimal } from "./hexadecimal.ts";

const COLUMNS = 16;

/** The steps of the arrow keys, in bytes. */
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

export class ByteTable {
  readonly #table: HTMLElement;
  readonly #cells: HTMLTableCellElement[] = [];
  #start = 0;

  /** @param choose takes the address of a byte that was clicked, or on which Enter was pressed */
  constructor(table: HTMLElement, choose: (address: number) => void) {
    this.#table = table;
    table.setAttribute("role", "grid");
    table.addEventListener("click", ({ target }) => {
      const index = this.#cells.indexOf(target as HTMLTableCellElement);
      if (index < 0) return;
      this.#enter(index);
      choose(this.#start + index);
    });
    table.addEventListener("keydown", (event) => {
      const index = this.#cells.indexOf(event.target as HTMLTableCellElement);
      if (index < 0) return;
      if (event.key === "Enter") choose(this.#start + index);
      else if (event.key in STEPS) this.#enter(index + STEPS[event.key]);
      else return;
      event.preventDefault();
    });
  }

  /** Shows bytes; cells that are there already stay, and with them the focus. */
  show(start: number, bytes: Uint8Array, known: ArrayLike<unknown>): void {
    if (bytes.length !== this.#cells.length) this.#build(bytes.length);
    this.#start = start;
    this.#cells.forEach((cell, index) => {
      const text = known[index] ? bytes[index].toString(16).padStart(2, "0") : "··";
      if (cell.textContent !== text) cell.textContent = text;
    });
    for (const [row, head] of [...this.#table.querySelectorAll("th")].entries()) {
      head.textContent = hexadecimal(start + COLUMNS * row);
    }
  }

  #build(length: number): void {
    this.#cells.length = 0;
    const rows: HTMLElement[] = [];
    for (let row = 0; row < length; row += COLUMNS) {
      const line = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      line.append(head);
      for (let at = row; at < Math.min(row + COLUMNS, length); at++) {
        const cell = line.insertCell();
        cell.tabIndex = at === 0 ? 0 : -1;
        this.#cells.push(cell);
      }
      rows.push(line);
    }
    this.#table.replaceChildren(...rows);
  }

  #enter(index: number): void {
    const cell = this.#cells[index];
    if (cell === undefined) return;
    for (const other of this.#cells) other.tabIndex = other === cell ? 0 : -1;
    cell.focus();
  }
}
