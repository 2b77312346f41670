// A screen that is text: 16 lines of 64 characters.

import { Trs80Screen } from "trs80-emulator";
import { SCREEN } from "./map.ts";

const COLUMNS = 64;

export class TextScreen extends Trs80Screen {
  readonly #characters = new Uint8Array(SCREEN.size).fill(0x20);

  /** Any configuration is shown alike. */
  override setConfig(): void {}

  override writeChar(address: number, value: number): void {
    this.#characters[address - SCREEN.start] = value;
  }

  /** The lines that are not blank, without the blanks at their ends. A dot stands for a character outside ASCII. */
  get text(): string {
    const lines = Array.from({ length: SCREEN.size / COLUMNS }, (_, row) => {
      const line = this.#characters.subarray(row * COLUMNS, (row + 1) * COLUMNS);
      return Array.from(line, (code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".")).join("");
    });
    return `${lines.join("\n").replaceAll(/ +$/gm, "").trimEnd()}\n`;
  }
}
