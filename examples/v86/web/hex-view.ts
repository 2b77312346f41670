// Bytes in hexadecimal, with those marked that changed since the view was last drawn.

import { type HostMemory, hexadecimal } from "../memory.ts";

const COLUMNS = 16;
const ROWS = 16;

export class HexView {
  readonly #element: HTMLElement;
  readonly #memory: HostMemory;
  #address = 0;
  #shown: Uint8Array | undefined;

  constructor(element: HTMLElement, memory: HostMemory) {
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

  /** Shows what is there now. Where there is no memory it says so. */
  draw(): void {
    const bytes = this.#read();
    if (bytes === undefined) {
      this.#shown = undefined;
      this.#element.textContent = `There is no memory at ${hexadecimal(this.#address)}.`;
      return;
    }
    const shown = this.#shown ?? bytes;
    if (this.#shown !== undefined && bytes.every((byte, index) => byte === shown[index])) return;
    this.#shown = bytes;
    const rows: (Node | string)[] = [];
    for (let row = 0; row < bytes.length; row += COLUMNS) {
      rows.push(`${hexadecimal(this.#address + row)} `);
      for (let at = row; at < row + COLUMNS; at++) rows.push(" ", cell(bytes[at], bytes[at] !== shown[at]));
      rows.push(`  ${characters(bytes.subarray(row, row + COLUMNS))}\n`);
    }
    this.#element.replaceChildren(...rows);
  }

  #read(): Uint8Array | undefined {
    try {
      return this.#memory.readBytes(this.#address, ROWS * COLUMNS);
    } catch {
      return undefined;
    }
  }
}

function cell(byte: number, changed: boolean): Node | string {
  const text = byte.toString(16).padStart(2, "0");
  if (!changed) return text;
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

const characters = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
