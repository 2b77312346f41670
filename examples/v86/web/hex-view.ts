// Bytes in hexadecimal. Bytes that changed since the last drawing are marked. It peeks, so that no device notices.

import type { GuestMemory, PeekResult } from "guest-memory";

const COLUMNS = 16;
const ROWS = 16;

export class HexView {
  readonly #element: HTMLElement;
  readonly #memory: GuestMemory;
  #address = 0;
  #shown: PeekResult | undefined;

  constructor(element: HTMLElement, memory: GuestMemory) {
    this.#element = element;
    this.#memory = memory;
  }

  /** Shows the bytes from an address on. */
  show(address: number): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#shown = undefined;
    this.draw();
  }

  /** Shows the present bytes. */
  draw(): void {
    const now = this.#memory.peek(this.#address, ROWS * COLUMNS);
    const before = this.#shown ?? now;
    const changed = (at: number) => now.bytes[at] !== before.bytes[at] || now.known[at] !== before.known[at];
    if (this.#shown !== undefined && !now.bytes.some((_, at) => changed(at))) return;
    this.#shown = now;
    const rows: (Node | string)[] = [];
    for (let row = 0; row < now.bytes.length; row += COLUMNS) {
      rows.push(`${hexadecimal(this.#address + row)} `);
      for (let at = row; at < row + COLUMNS; at++) rows.push(" ", cell(now, at, changed(at)));
      rows.push(`  ${characters(now.bytes.subarray(row, row + COLUMNS))}\n`);
    }
    this.#element.replaceChildren(...rows);
  }
}

function cell({ bytes, known }: PeekResult, at: number, changed: boolean): Node | string {
  const text = known[at] ? bytes[at].toString(16).padStart(2, "0") : "--"; // a hole, or a device
  if (!changed) return text;
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

const characters = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");

export const hexadecimal = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
